"""Storms of runs that are behind, and how quickly they can be made."""

from __future__ import annotations

from datetime import timedelta

from incident import HOUR, MINUTE, START, Flight, Incident, cron, scenario

from windtunnel.model import (
    Backfill,
    Dag,
    DagPaused,
    Every,
    Pool,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
    When,
)

# -- unpausing an old DAG -------------------------------------------------------------------------


def unpaused_at_nine(*, catchup: bool, pool: str = "default_pool") -> Scenario:
    """An hourly DAG that began three days ago is unpaused at 9:00; another one is due every
    hour, as ever."""
    old = cron(
        "old", "@hourly", Task(task_id="t", pool=pool, expand=(2,)), catchup=catchup,
        start_date=START - timedelta(days=3),
    )  # fmt: skip
    other = cron("other", "@hourly", Task(task_id="t"), catchup=False)
    return scenario(
        old,
        other,
        faults=[DagPaused(dags="old", for_s=9 * HOUR)],
        seconds={"old.t": 30 * MINUTE, "other.t": MINUTE},
        default_pool_slots=8,
        pools={"backfill": Pool(slots=4)},
        profile="airflow-2.11",
        until=14 * HOUR,
    )


# -- one run of a DAG for each loop ---------------------------------------------------------------


def partitions(loop_s: float) -> Scenario:
    """300 runs to make, each of one short task, with slots for all of them."""
    dag = Dag(
        dag_id="d",
        tasks=(Task(task_id="t"),),
        schedule=Every(seconds=60),
        start_date=START - timedelta(seconds=60 * 299),
        end_date=START,
        catchup=True,
        max_active_runs=1000,
    )
    loop = SchedulerLoop(
        duration_s=loop_s, per_run_s=0, per_task_s=0, idle_sleep_s=0, hand_over_s=0
    )
    return scenario(dag, seconds={"d.t": 5}, parallelism=300, loop=loop, until=HOUR)


# -- arrivals beyond what is worked off -----------------------------------------------------------


def failure_sensor(at_once: int) -> Scenario:
    """Nine failures in 30 s to be told of; each takes 30 s, so many at once."""
    dag = Dag(
        dag_id="alerts",
        tasks=(Task(task_id="tell", expand=(9,), pool="alerts"),),
        schedule=Every(seconds=30),
        start_date=START,
        max_active_runs=1000,
    )
    return scenario(
        dag, seconds={"alerts.tell": 30}, parallelism=100,
        pools={"alerts": Pool(slots=at_once)}, until=20 * MINUTE,
    )  # fmt: skip


# -- a page of runs to examine --------------------------------------------------------------------


def beside_long_runs(page: int = 20, active: int = 30) -> Scenario:
    """A stream of runs that last for hours, and a backfill of one short task a day."""
    stream = cron("stream", "* * * * *", Task(task_id="t"), max_active_runs=active, catchup=False)
    etl = cron("etl", "@daily", Task(task_id="t"), start_date=START - timedelta(days=9))
    asked = Backfill(
        dag_id="etl", from_date=START - timedelta(days=8), to_date=START, at_s=HOUR,
        max_active_runs=2,
    )  # fmt: skip
    return scenario(
        stream, etl, backfills=[asked], seconds={"stream.t": 10 * HOUR, "etl.t": MINUTE},
        loop=SchedulerLoop(), max_dagruns_per_loop_to_schedule=page, parallelism=100,
        until=8 * HOUR,
    )  # fmt: skip


def none_began(flight: Flight) -> bool:
    """Runs of the backfill are running, and not one of their tasks was ever looked at."""
    runs = [run for run in flight.runs("etl") if run.run_type == "backfill"]
    names = {run.run for run in runs}
    states = {ti.state for ti in flight.all("etl.t") if ti.run in names}
    return any(run.started_us for run in runs) and states == {"none"}


# -- waves ----------------------------------------------------------------------------------------


def every_second_is_slow(profile: str) -> Scenario:
    """Eight days, two at once; every second one takes an hour, the others ten minutes."""
    days = [START - timedelta(days=9 - i) for i in range(8)]
    etl = cron(
        "etl", "@daily", Task(task_id="t"), start_date=days[0], end_date=days[-1],
        max_active_runs=2, catchup=False,
    )  # fmt: skip
    rules = [Rule(tasks="etl.t", when=When(logical_date=day), duration_s=HOUR) for day in days[::2]]
    asked = Backfill(dag_id="etl", from_date=days[0], to_date=days[-1], max_active_runs=2)
    return scenario(
        etl, backfills=[asked], rules=rules, seconds={"etl.t": 10 * MINUTE}, profile=profile,
    )  # fmt: skip


INCIDENTS = (
    Incident(
        id="INC-028",
        title="Runs of a backfill are never examined while twenty others are active",
        source="apache/airflow#72730, apache/airflow#58554",
        broken=beside_long_runs(),
        mended={
            "a larger page": beside_long_runs(page=40),
            "fewer of the others at once": beside_long_runs(active=15),
        },
        symptom=none_began,
    ),
    Incident(
        id="INC-079",
        title="Unpausing a DAG with an old start_date floods the pool of all others",
        source="apache/airflow#47354, raster-foundry/raster-foundry#2417",
        broken=unpaused_at_nine(catchup=True),
        mended={
            "catchup=False": unpaused_at_nine(catchup=False),
            "a pool for the backfill": unpaused_at_nine(catchup=True, pool="backfill"),
        },
        symptom=lambda flight: flight.longest_wait("other.t", "pool default_pool") > 20 * MINUTE,
    ),
    Incident(
        id="INC-080",
        title="A backfill in waves waits for the slowest of each",
        source="apache/airflow#38954",
        broken=every_second_is_slow("airflow-2.11"),
        mended={"the scheduler's backfills of Airflow 3": every_second_is_slow("airflow-3.3")},
        symptom=lambda flight: (
            len(flight.moments("etl.t", "success")) == 8
            and max(flight.moments("etl.t", "success")) > 4 * HOUR
        ),
    ),
    Incident(
        id="INC-082",
        title="Runs are made one in a loop: the ramp is the scheduler's, the workers idle",
        source="dagster-io/dagster#28998",
        broken=partitions(loop_s=1),
        mended={"a loop ten times as quick": partitions(loop_s=0.1)},
        symptom=lambda flight: (
            max(run.queued_us for run in flight.runs("d")) / 1e6 > 200
            and flight.peak("d.t", "running") < 30
        ),
    ),
    Incident(
        id="INC-085",
        title="A sensor for failures works off less than arrives, and never catches up",
        source="mitodl/ol-infrastructure#5603",
        broken=failure_sensor(5),
        mended={"25 at once": failure_sensor(25)},
        symptom=lambda flight: flight.states("alerts.tell").count("scheduled") > 100,
        says=("WT403",),
    ),
)
