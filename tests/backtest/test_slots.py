"""How many tasks may run at once is learned where it held tasks back, and never invented."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import windtunnel
from windtunnel import loaders
from windtunnel.calibration import Past, Platform, backtest, platform_of
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Every,
    Fleet,
    LocalSettings,
    LogNormal,
    Pool,
    Rule,
    Sample,
    Scenario,
    SchedulerLoop,
    Task,
    WorkerGroup,
)
from windtunnel.model.cluster import ProfileName

START = datetime(2026, 3, 1, tzinfo=UTC)
LOOP = SchedulerLoop(
    duration_s=0.4, per_run_s=0, per_task_s=0, idle_sleep_s=1.0, hand_over_s=0.3, due_late_s=0.5
)
ENDS = Sample(values_s=(0.1, 0.1, 5.1))
OLD: ProfileName = "airflow-2.11"
NEW: ProfileName = "airflow-3.3"
BOTH = (OLD, NEW)
SHORT = (
    Rule(tasks="etl.load", duration_s=LogNormal(median_s=8, sigma=0.4), fail_share=0.2),
    Rule(tasks="*", duration_s=LogNormal(median_s=5, sigma=0.4)),
)
LONG = (Rule(tasks="*", duration_s=LogNormal(median_s=40, sigma=0.5)),)


def etl(*, minutes: int = 1, of_dag: dict | None = None, **of_task) -> Dag:
    tasks = (
        Task(task_id="extract", **of_task),
        Task(task_id="load", upstream=("extract",), retries=2, retry_delay_s=5, **of_task),
        Task(task_id="report", upstream=("load",), **of_task),
    )
    return Dag(
        dag_id="etl", schedule=Cron(expression=f"*/{minutes} * * * *"), start_date=START,
        catchup=False, tasks=tasks, **(of_dag or {}),
    )  # fmt: skip


def wide(parts: int = 5, *, every_s: int = 150, of_dag: dict | None = None, **of_task) -> Dag:
    tasks = tuple(Task(task_id=f"part_{n}", **of_task) for n in range(parts))
    end = Task(task_id="end", upstream=tuple(task.task_id for task in tasks))
    return Dag(
        dag_id="wide", schedule=Every(seconds=every_s), start_date=START, catchup=False,
        tasks=(*tasks, end), **(of_dag or {}),
    )  # fmt: skip


def local(parallelism: int, **more) -> Cluster:
    return Cluster(
        executor="LocalExecutor", parallelism=parallelism,
        local_executor=LocalSettings(end_s=ENDS), **more,
    )  # fmt: skip


def celery(slots: int, parallelism: int) -> Cluster:
    return Cluster(
        executor="CeleryExecutor", parallelism=parallelism,
        workers=(WorkerGroup(slots=slots, end_s=ENDS),),
    )  # fmt: skip


def ran(
    release: ProfileName, cluster: Cluster, *dags: Dag, rules=SHORT, hours: float = 3
) -> Scenario:
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=cluster.model_copy(update={"profile": release, "loop": LOOP}),
        behavior=Behavior(rules=rules),
        start=START,
        duration_s=hours * 3600,
        seed=1,
    )


def seen(scenario: Scenario, happened: Past, **known) -> tuple[Platform, Cluster]:
    """What is learned of it by somebody who knows its DAGs and what stands in its database; and
    what is simulated then."""
    known = {"pools": scenario.cluster.pools, **known}
    cluster = Cluster(profile=scenario.cluster.profile, **known)
    platform = platform_of(happened, cluster, scenario.fleet)
    return platform, platform.on(cluster)


@pytest.mark.parametrize("slots", [2, 3])
def test_local_executor_of_2_x_shows_its_slots_by_what_it_does_not_queue(past, slots):
    scenario = ran(OLD, local(slots), etl(), wide())
    platform, cluster = seen(scenario, past(scenario))
    assert (platform.parallelism, platform.slots) == (slots, None)
    assert (cluster.executor, cluster.parallelism) == ("LocalExecutor", slots)
    said = f"parallelism: {slots}, as no more were queued or running while others were ready"
    assert said in platform.said()


@pytest.mark.parametrize("slots", [2, 3])
def test_local_executor_of_3_x_shows_its_slots_by_what_waits_in_its_queue(past, slots):
    scenario = ran(NEW, local(slots), etl(), wide())
    platform, cluster = seen(scenario, past(scenario))
    assert (platform.parallelism, platform.slots) == (None, slots)
    assert (cluster.executor, cluster.parallelism) == ("LocalExecutor", slots)


@pytest.mark.parametrize("release", BOTH)
def test_slots_of_a_worker_and_parallelism_are_told_from_each_other(past, release):
    scenario = ran(release, celery(slots=4, parallelism=6), etl(), wide(12))
    platform, cluster = seen(scenario, past(scenario))
    assert (platform.parallelism, platform.slots) == (6, 4)
    assert cluster.parallelism == 6
    assert cluster.workers is not None
    assert [(group.count, group.slots) for group in cluster.workers] == [(1, 4)]


@pytest.mark.parametrize("release", BOTH)
def test_parallelism_is_learned_where_each_try_has_a_pod_of_its_own(past, release):
    scenario = ran(release, Cluster(executor="KubernetesExecutor", parallelism=3), etl(), wide())
    happened = past(scenario)
    pods = tuple(one._replace(hostname=f"pod-{n}") for n, one in enumerate(happened.tries))
    platform, cluster = seen(scenario, replace(happened, tries=pods))
    assert (platform.parallelism, platform.slots, platform.hosts) == (3, None, 0)
    assert (cluster.executor, cluster.workers, cluster.parallelism) == (None, None, 3)


POOL = {"few": Pool(slots=2)}
ROOMY: dict[str, tuple[Cluster, tuple[Dag, ...], tuple[Rule, ...]]] = {
    "there is room": (local(30), (etl(), wide()), SHORT),
    "hardly anything runs": (local(30), (etl(minutes=2),), SHORT),
    "one after the other": (local(30), (etl(of_dag={"max_active_runs": 1}),), LONG),
    "a pool": (local(30, pools=POOL), (etl(pool="few"), wide(pool="few")), SHORT),
    "the default pool": (
        local(30, pools={"default_pool": Pool(slots=3)}), (etl(), wide()), SHORT,
    ),
    "max_active_tasks": (
        local(30),
        (wide(10, of_dag={"max_active_tasks": 2}), etl(of_dag={"max_active_tasks": 1})),
        SHORT,
    ),
    "max_active_tis_per_dag": (
        local(30), (wide(1, every_s=60, max_active_tis_per_dag=1), etl()), LONG,
    ),
    "max_active_runs": (
        local(30),
        (wide(4, every_s=30, of_dag={"max_active_runs": 1}), etl(of_dag={"max_active_runs": 1})),
        SHORT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("release", BOTH)
@pytest.mark.parametrize("why", ROOMY)
def test_no_limit_is_invented_where_something_else_kept_tasks_few(past, release, why):
    cluster, dags, rules = ROOMY[why]
    scenario = ran(release, cluster, *dags, rules=rules)
    platform, simulated = seen(scenario, past(scenario))
    assert (platform.parallelism, platform.slots) == (None, None)
    assert (simulated.executor, simulated.workers, simulated.parallelism) == (None, None, 32)


@pytest.mark.parametrize("release", BOTH)
@pytest.mark.parametrize("pools", [{}, {"few": Pool(slots=128, assumed=True)}])
def test_a_pool_of_unknown_size_may_have_been_what_held_tasks(past, release, pools):
    cluster, dags, rules = ROOMY["a pool"]
    scenario = ran(release, cluster, *dags, rules=rules)
    platform, _ = seen(scenario, past(scenario), pools=pools)
    assert (platform.parallelism, platform.slots) == (None, None)


def slow_to_start(happened: Past, rng: random.Random) -> Past:
    """Some tries take much longer than others until they run."""
    late = [timedelta(seconds=rng.lognormvariate(0.5, 1)) for _ in happened.tries]
    return replace(
        happened,
        tries=tuple(
            one._replace(start=one.start + by, end=one.end and one.end + by)
            for one, by in zip(happened.tries, late, strict=True)
        ),
    )


def held(happened: Past, rng: random.Random) -> Past:
    """Somebody pauses DAGs now and then, which Airflow doesn't keep."""
    by_hand = [
        timedelta(seconds=rng.expovariate(1 / 120) * (rng.random() < 0.3)) for _ in happened.tries
    ]
    return replace(
        happened,
        tries=tuple(
            one._replace(queued=one.queued + by, start=one.start + by, end=one.end and one.end + by)
            for one, by in zip(happened.tries, by_hand, strict=True)
        ),
    )


@pytest.mark.parametrize("release", BOTH)
@pytest.mark.parametrize("spoiled", [slow_to_start, held])
def test_what_waits_for_reasons_of_its_own_is_no_sign_of_a_limit(
    past, release, spoiled: Callable[[Past, random.Random], Past]
):
    scenario = ran(release, local(30), etl(), wide())
    platform, _ = seen(scenario, spoiled(past(scenario), random.Random(1)))
    assert (platform.parallelism, platform.slots) == (None, None)


@pytest.mark.parametrize("release", BOTH)
def test_a_limit_is_seen_although_some_tries_seem_to_have_gone_past_it(past, release):
    # A scheduler that is lost leaves tries behind that end in the database minutes later.
    scenario = ran(release, local(6), etl(minutes=2), wide(8, every_s=300), rules=LONG, hours=4)
    happened = past(scenario)
    lost = {one.key for one in happened.tries[100:400:100]}
    tries = tuple(
        one._replace(end=one.end + timedelta(minutes=3)) if one.key in lost and one.end else one
        for one in happened.tries
    )
    _, cluster = seen(scenario, replace(happened, tries=tries))
    assert (cluster.executor, cluster.parallelism) == ("LocalExecutor", 6)


def test_a_host_that_came_back_under_another_name_is_one_host(past):
    scenario = ran(NEW, local(3), etl(), wide())
    happened = past(scenario)
    noon = START + timedelta(hours=1.5)
    renamed = tuple(
        one._replace(hostname="before" if one.start < noon else "after") for one in happened.tries
    )
    apart = tuple(one for one in renamed if one.end and not one.start < noon < one.end)
    platform, cluster = seen(scenario, replace(happened, tries=apart))
    assert (platform.slots, platform.hosts) == (3, 1)
    assert cluster.executor == "LocalExecutor"


def test_in_2_x_only_the_dags_tell_since_when_a_task_was_ready(past):
    scenario = ran(OLD, local(3), etl(), wide())
    happened = past(scenario)
    assert platform_of(happened, Cluster(profile=OLD), scenario.fleet).parallelism == 3
    assert platform_of(happened, Cluster(profile=OLD)).parallelism is None


def test_as_many_may_run_as_ever_did(past):
    wider = wide(60, every_s=1800, of_dag={"max_active_tasks": 100})
    scenario = ran(NEW, local(100), wider, rules=LONG, hours=2)
    platform, cluster = seen(scenario, past(scenario))
    assert platform.parallelism is None
    assert cluster.parallelism == platform.most > 32


def test_a_parallelism_that_is_said_is_kept(past):
    scenario = ran(OLD, local(3), etl(), wide())
    _, cluster = seen(scenario, past(scenario), parallelism=7)
    assert cluster.parallelism == 7


def test_what_nobody_said_and_nothing_tells_is_named(past):
    scenario = ran(OLD, local(30), etl(), wide())
    found = backtest(past(scenario), scenario.fleet, Cluster(profile=OLD), trials=1)
    (note,) = (note for note in found.notes if "--cluster" in note)
    assert f"{found.platform.most} were queued or running at most" in note
    said = backtest(past(scenario), scenario.fleet, scenario.cluster, trials=1)
    assert not [note for note in said.notes if "--cluster" in note]


@pytest.mark.parametrize("known", [None, Cluster(executor="LocalExecutor", parallelism=3)])
def test_pools_that_an_export_lacks_are_assumed_and_named(tmp_path, recorded, known):
    database = recorded("base-3.3")
    with sqlite3.connect(database) as connection:
        for table in ("dag_run", "task_instance", "task_instance_history"):
            rows = connection.execute(f"SELECT * FROM {table}")
            with (tmp_path / f"{table}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([column[0] for column in rows.description])
                writer.writerows(rows)
    fleet = loaders.load(database).fleet
    found = windtunnel.backtest(fleet, tmp_path, cluster=known, trials=1)
    assert any(note.endswith("is assumed: warehouse (128 slots)") for note in found.notes)
    assert not any(dag.not_simulated for dag in found.dags)
    whole = windtunnel.backtest(fleet, database, cluster=known, trials=1)
    assert not any("is assumed" in note for note in whole.notes)
