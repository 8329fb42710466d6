"""Weekly imputation: one long task for each chromosome, of which the first ones are the longest."""

from datetime import datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule="0 20 * * 5",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["genome"],
)
def genome():
    @task
    def chromosomes() -> list[int]:
        return list(range(1, 23))

    @task(retries=1, retry_delay=timedelta(minutes=10))
    def impute(chromosome: int):
        print(f"imputing chromosome {chromosome}")

    @task
    def publish():
        print("published")

    impute.expand(chromosome=chromosomes()) >> publish()


genome()
