"""The shop's report: on Mondays with the figures of the week, else with those of the day."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import dag, task


@dag(
    schedule="0 6 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["reports"],
)
def shop_report():
    @task
    def figures() -> str:
        return "s3://reports/figures.parquet"

    @task.branch
    def choose(logical_date: datetime | None = None) -> str:
        return "week" if logical_date.weekday() == 0 else "day"

    @task
    def week() -> None:
        print("tables of the week")

    @task
    def day() -> None:
        print("tables of the day")

    @task
    def send() -> None:
        print("sending the report")

    figures() >> choose() >> [week(), day()] >> send()


shop_report()
