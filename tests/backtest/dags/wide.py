"""`wide`: more tasks at once than its own limit, on an executor that is full then."""

from datetime import UTC, datetime

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

from pace import minutes, work


@dag(
    schedule=minutes(2),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_tasks=3,
)
def wide():
    @task
    def begin():
        work(1)

    @task
    def part(number):
        work(4)

    @task
    def end():
        work(1)

    begin() >> [part.override(task_id=f"part_{n}")(n) for n in range(6)] >> end()


wide()
