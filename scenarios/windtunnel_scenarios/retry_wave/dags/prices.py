"""Prices of all shops, every night, from a supplier's API that admits forty requests at once."""

from datetime import datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule="0 1 * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    max_active_tasks=200,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["pricing"],
)
def prices():
    @task
    def shops() -> list[str]:
        return [f"shop-{number}" for number in range(160)]

    @task
    def fetch(shop: str):
        print(f"GET /v2/prices/{shop}")

    @task
    def publish():
        print("published")

    fetch.expand(shop=shops()) >> publish()


prices()
