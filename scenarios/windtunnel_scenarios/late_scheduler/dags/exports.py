"""Exports for six partners; each one takes some minutes, and appends to the partner's file."""

from datetime import datetime, timedelta

from airflow.sdk import dag, task

PARTNERS = ("acme", "bolt", "cobalt", "delta", "ember", "flint")


@dag(
    schedule="0 5 * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["partners"],
)
def exports():
    @task
    def export(partner: str):
        print(f"appending the orders of the day to {partner}.csv")

    @task
    def notify():
        print("done")

    export.expand(partner=list(PARTNERS)) >> notify()


exports()
