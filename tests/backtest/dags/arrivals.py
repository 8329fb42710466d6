"""`arrivals`: sensors in both modes, for files that come some time after a run is due."""

import random
import time
from datetime import UTC, datetime

try:
    from airflow.sdk import dag, get_current_context, task
except ImportError:
    from airflow.decorators import dag, task
    from airflow.operators.python import get_current_context

from pace import SLOW, each, work


def arrived(kind, least_s, most_s):
    """Whether the file of this run is there; when it comes is drawn from the run's own name."""
    run = get_current_context()["dag_run"]
    due = run.data_interval_end.timestamp()
    return time.time() >= due + random.Random(f"{run.run_id}{kind}").uniform(least_s, most_s) * SLOW


@dag(
    schedule=each(75),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=3,
)
def arrivals():
    @task.sensor(mode="poke", poke_interval=2, timeout=120)
    def near():
        return arrived("near", 4, 14)

    @task.sensor(mode="reschedule", poke_interval=10, timeout=240)
    def far():
        return arrived("far", 10, 45)

    @task
    def read():
        work(3)

    [near(), far()] >> read()


arrivals()
