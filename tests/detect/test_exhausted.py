"""Tasks of which each try met what was used up are told; those that a retry saves are not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    DiskFull,
    Fleet,
    ManualRun,
    Rule,
    Scenario,
    Task,
    TaskFails,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def found(*tasks, memory_mb=800, seconds=600, faults=(), room_mb=2048):
    one = Scenario(
        fleet=Fleet(dags=(Dag(dag_id="etl", tasks=tasks),)),
        start=START,
        manual_runs=(ManualRun(dag_id="etl"),),
        behavior=Behavior(rules=(Rule(tasks="etl.*", memory_mb=memory_mb, duration_s=seconds),)),
        faults=tuple(faults),
        cluster=Cluster(workers=(WorkerGroup(slots=4, memory_mb=room_mb),)),
    )
    return [finding for finding in detect(one, simulate(one)) if finding.code == "WT402"]


def loads(count, **options):
    return [Task(task_id=f"load_{i}", **options) for i in range(count)]


def test_each_try_of_a_task_is_killed_for_memory():
    (finding,) = found(Task(task_id="load", retries=2), memory_mb=3000)
    assert finding.title == "Task that fails on what is used up"
    assert "etl.load fails for good because the worker was out of memory" in finding.summary
    assert finding.holding[0].does == "ended so in 3 tries"
    assert finding.ended_by == "its last try"
    assert finding.until > finding.since


def test_tasks_that_are_too_many_together():
    (finding,) = found(*loads(8))
    assert finding.title == "Tasks that fail on what is used up"
    assert re.match(r"\d tasks fail for good because the worker was out of memory", finding.summary)
    names = {party.name for party in finding.holding}
    assert names < {f"etl.load_{i}" for i in range(8)}
    assert len(names) > 1


def test_of_too_many_those_that_are_left_fit():
    (finding,) = found(*loads(3))
    assert finding.summary.endswith("because the worker was out of memory: it has no retries.")


def test_a_retry_that_finds_room_saves_it():
    assert not found(*loads(4, retries=1, retry_delay_s=1200))


def test_tasks_that_fit_are_fine():
    assert not found(*loads(2))


def test_a_disk_that_is_full_for_all_tries():
    full = DiskFull(for_s=7200)
    (finding,) = found(Task(task_id="load", retries=2, retry_delay_s=60), faults=[full])
    assert "no space was left on the disk of the worker" in finding.summary


def test_a_disk_that_somebody_cleans_before_the_last_try():
    full = DiskFull(for_s=600)
    assert not found(Task(task_id="load", retries=2, retry_delay_s=600), faults=[full])


def test_a_task_that_fails_for_several_reasons_is_not_one_of_these():
    task = Task(task_id="load", retries=1, retry_delay_s=60)
    faults = [DiskFull(for_s=30), TaskFails(tasks="etl.load", tries=(2,))]
    assert not found(task, faults=faults)
