"""Each shop hands in its invoices when it likes, and each delivery has to be booked on its own."""

from datetime import datetime

from airflow.sdk import Asset, dag, task

deliveries = Asset("s3://deliveries/invoices")


@dag(schedule=deliveries, start_date=datetime(2026, 1, 1), max_active_runs=1, tags=["finance"])
def book_invoices():
    @task
    def book(triggering_asset_events=None):
        (delivery,) = triggering_asset_events[deliveries]  # one run for each
        print(f"booking {delivery.extra['shop']}")

    book()


book_invoices()
