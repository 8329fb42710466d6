"""`warehouse`: mapped loads through a small pool; `report` follows its asset."""

from datetime import UTC, datetime

try:
    from airflow.sdk import Asset, dag, task
except ImportError:
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task

from pace import each, work

orders = Asset("file://warehouse/orders")
start = datetime(2026, 1, 1, tzinfo=UTC)


@dag(schedule=each(60), start_date=start, catchup=False, max_active_runs=3)
def warehouse():
    @task
    def tables():
        work(2)
        return ["orders", "items", "customers"]

    @task(pool="warehouse")
    def load(table):
        work(5)

    @task(outlets=[orders])
    def publish(done):
        work(1.5)

    publish(load.expand(table=tables()))


@dag(schedule=[orders], start_date=start, catchup=False)
def report():
    @task(pool="warehouse", priority_weight=5)
    def query():
        work(4)

    @task
    def send():
        work(2)

    query() >> send()


warehouse()
report()
