"""Thumbnails of a day's uploads: hundreds of short tasks for the few slots of one pool."""

from datetime import datetime

from airflow.sdk import dag, task


@dag(
    schedule="10 3 * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    max_active_tasks=100,
    tags=["media"],
)
def images():
    @task
    def batches() -> list[int]:
        return list(range(400))

    @task(pool="images", priority_weight=5, weight_rule="absolute")
    def resize(batch: int):
        print(f"thumbnails of batch {batch}")

    resize.expand(batch=batches())


images()
