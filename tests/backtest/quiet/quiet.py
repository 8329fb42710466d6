"""Four DAGs that a small machine has no trouble to run: what is left is Airflow's own work.

`etl`: a chain, whose last task shares a pool; `fan`: six tasks between two, on fewer slots;
`heavy`: three long tasks through the pool, and one that sometimes fails; `ping`: two short ones
each minute.
"""

import random
import time
from datetime import UTC, datetime, timedelta

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

START = datetime(2026, 1, 1, tzinfo=UTC)


def nap(seconds, spread=0.2):
    """Sleep for so long, a fifth more or less."""
    time.sleep(random.uniform(1 - spread, 1 + spread) * seconds)


@dag(schedule="*/2 * * * *", start_date=START, catchup=False, max_active_runs=2)
def etl():
    @task
    def extract():
        nap(6)

    @task
    def transform():
        nap(10)

    @task(pool="db")
    def load():
        nap(8)

    extract() >> transform() >> load()


@dag(schedule="*/3 * * * *", start_date=START, catchup=False, max_active_runs=1)
def fan():
    @task
    def start():
        nap(2)

    @task
    def part(number):
        nap(9)

    @task
    def end():
        nap(2)

    start() >> [part.override(task_id=f"part_{n}")(n) for n in range(6)] >> end()


@dag(schedule="*/4 * * * *", start_date=START, catchup=False, max_active_runs=1)
def heavy():
    @task(pool="db")
    def crunch(number):
        nap(25)

    @task(retries=2, retry_delay=timedelta(seconds=5))
    def publish():
        nap(4)
        if random.random() < 0.3:
            raise ValueError("it failed, as it does now and then")

    [crunch.override(task_id=f"crunch_{n}")(n) for n in range(3)] >> publish()


@dag(schedule="* * * * *", start_date=START, catchup=False)
def ping():
    @task
    def probe():
        nap(3)

    @task
    def note():
        nap(1)

    probe() >> note()


etl()
fan()
heavy()
ping()
