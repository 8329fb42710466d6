"""`by_hand`: a DAG without a schedule, triggered by a person; see `record.py`."""

from datetime import UTC, datetime

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

from pace import work


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False)
def by_hand():
    @task
    def first():
        work(3)

    @task
    def second():
        work(3)

    first() >> second()


by_hand()
