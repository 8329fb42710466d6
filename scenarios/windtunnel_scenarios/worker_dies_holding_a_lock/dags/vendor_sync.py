"""Sync with a vendor, who allows one session at a time; a row in Redis says who has it."""

from datetime import datetime, timedelta

from airflow.providers.redis.hooks.redis import RedisHook
from airflow.sdk import dag, task


@dag(
    schedule="*/30 * * * *",
    start_date=datetime(2026, 3, 1),
    catchup=False,
    max_active_runs=2,
    tags=["vendor"],
)
def vendor_sync():
    @task(retries=2, retry_delay=timedelta(minutes=2))
    def sync():
        redis = RedisHook("locks").get_conn()
        with redis.lock("vendor-session", blocking=True):  # no timeout: whoever dies keeps it
            print("syncing")

    sync()


vendor_sync()
