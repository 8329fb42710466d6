"""`flaky`: tries that fail and are tried again, and a clean-up whatever happened."""

from datetime import UTC, datetime

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

from pace import each, work


@dag(
    schedule=each(90),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    default_args={"retries": 2, "retry_delay": each(6)},
)
def flaky():
    @task
    def fetch():
        work(3, fails=0.35)

    @task
    def parse():
        work(4, fails=0.15)

    @task(trigger_rule="all_done", retries=0)
    def clean_up():
        work(1.5)

    fetch() >> parse() >> clean_up()


flaky()
