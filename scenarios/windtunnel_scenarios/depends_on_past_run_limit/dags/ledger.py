"""Hourly ledger: each hour's closing balance is the next hour's opening balance."""

from datetime import datetime, timedelta

from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import dag, task


@dag(
    schedule="@hourly",
    start_date=datetime(2026, 3, 2),
    catchup=True,
    max_active_runs=1,
    default_args={"depends_on_past": True, "retries": 1, "retry_delay": timedelta(minutes=5)},
    tags=["finance"],
)
def ledger():
    @task
    def collect(ds=None):
        PostgresHook("erp").copy_expert("COPY bookings TO STDOUT", "/data/bookings.csv")

    @task
    def post():
        PostgresHook("ledger").run("CALL post_bookings()")

    @task
    def close():
        PostgresHook("ledger").run("CALL close_hour()")

    collect() >> post() >> close()


ledger()
