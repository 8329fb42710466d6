"""`minutely`: each minute a branch, and a join by trigger rule."""

from datetime import UTC, datetime

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

from pace import luck, minutes, work


@dag(schedule=minutes(1), start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False)
def minutely():
    @task.branch
    def choose():
        work(1.5)
        return "full" if luck.random() < 0.3 else "partial"

    @task
    def full():
        work(8)

    @task
    def partial():
        work(3)

    @task(trigger_rule="none_failed_min_one_success")
    def merge():
        work(2)

    choose() >> [full(), partial()] >> merge()


minutely()
