"""Retrain the churn model on Sundays: a dozen candidates side by side, and the best one is deployed."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import dag, task

CANDIDATES = [
    {"max_depth": depth, "learning_rate": rate}
    for depth in (4, 6, 8, 10)
    for rate in (0.03, 0.1, 0.3)
]


@dag(
    schedule="0 3 * * 0",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["models"],
)
def churn_model():
    @task
    def features() -> str:
        """Write the training set; hand over where it lies, not what is in it."""
        return "s3://models/churn/features.parquet"

    @task(queue="gpu", retries=1, retry_delay=timedelta(minutes=5))
    def train(where: str, parameters: dict) -> dict:
        return {"model": f"{where}.{parameters['max_depth']}", "auc": 0.9}

    # A candidate that could not be trained is left out, as long as there are some.
    @task(trigger_rule="all_done")
    def choose(candidates: list[dict]) -> str:
        best = max(candidates, key=lambda one: one["auc"])
        return best["model"]

    @task
    def deploy(model: str) -> None:
        print(f"deploying {model}")

    trained = train.partial(where=features()).expand(parameters=CANDIDATES)
    deploy(choose(trained))


churn_model()
