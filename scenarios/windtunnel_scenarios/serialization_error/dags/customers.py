"""Customers from the CRM: fetch the changed ones, enrich them, write them to the warehouse."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import dag, task


class Customer:
    """What the CRM's client makes of a row."""

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.name = name


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    tags=["crm"],
)
def customers():
    @task
    def fetch() -> list[Customer]:
        print("asking the CRM for what has changed")
        return [Customer(number, f"customer {number}") for number in range(3)]

    @task
    def enrich(changed: list[Customer]) -> list[str]:
        return [f"{one.number}: {one.name}" for one in changed]

    @task
    def write(rows: list[str]) -> None:
        print(f"writing {len(rows)} rows")

    write(enrich(fetch()))


customers()
