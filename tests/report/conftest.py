"""A small trace and a finding, made by hand, for everything that renders them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from windtunnel.detect.finding import Finding, Fix, Party
from windtunnel.model import Cluster, Dag, Fleet, Pool, Scenario, Task, WorkerGroup
from windtunnel.result import Result
from windtunnel.trace import RunRecord, RunState, TaskState, Trace

POOLS = ("default_pool", "default_pool")
START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000


@pytest.fixture
def scenario() -> Scenario:
    dag = Dag(dag_id="etl", file="dags/etl.py", tasks=(Task(task_id="load"), Task(task_id="save")))
    cluster = Cluster(workers=(WorkerGroup(count=2, slots=4),), pools={"db": Pool(slots=3)})
    return Scenario(name="etl", fleet=Fleet(dags=(dag,)), cluster=cluster, start=START)


@pytest.fixture
def trace() -> Trace:
    """Two runs of `etl`: the first succeeds after 90 s, the second fails in `load` after 10 s."""
    trace = Trace(start=START, dag_ids=("etl",), task_ids=(("load", "save"),), pools=(POOLS,))
    for run in range(2):
        due = START + timedelta(hours=run)
        trace.runs.append(RunRecord(0, f"scheduled__{run}", "scheduled", due, due, run * 3600 * S))
        for task in range(2):
            trace.ti_run.append(run)
            trace.ti_task.append(task)
            trace.ti_map.append(-1)

    def change(second: float, who: int, state: int) -> None:
        trace.history.log(int(second * S), who, state)

    change(0, ~0, RunState.RUNNING)
    for task, begin, end in ((0, 0, 30), (1, 30, 90)):
        change(begin, task, TaskState.SCHEDULED)
        change(begin, task, TaskState.QUEUED)
        change(begin, task, TaskState.RUNNING)
        change(end, task, TaskState.SUCCESS)
    change(90, ~0, RunState.SUCCESS)
    change(3600, ~1, RunState.RUNNING)
    change(3600, 2, TaskState.SCHEDULED)
    change(3600, 2, TaskState.QUEUED)
    change(3600, 2, TaskState.RUNNING)
    change(3610, 2, TaskState.FAILED)
    change(3610, 3, TaskState.UPSTREAM_FAILED)
    change(3610, ~1, RunState.FAILED)
    trace.end_us = 86400 * S
    return trace


@pytest.fixture
def finding() -> Finding:
    since = START + timedelta(hours=2, minutes=5)
    parent = Party(
        name="sales_eu.load",
        run="scheduled@2026-03-01T02:00:00+00:00",
        operator="TriggerDagRunOperator",
        state="running",
        holds=("1 of worker slots (8/8)",),
        waits_for=("a run of load_eu to end",),
        since=since,
    )
    grandchild = Party(
        name="build_eu.orders",
        run="manual",
        operator="BashOperator",
        state="queued",
        waits_for=("worker slots (0 of 8 free)",),
        since=since,
    )
    return Finding(
        code="WT101",
        title="Worker slot deadlock",
        summary="1 task holds the last worker slots and waits for tasks that need one.",
        dag_id="sales_eu",
        file="dags/sales.py",
        line=20,
        since=since,
        until=since + timedelta(minutes=36),
        ended_by="task_queued_timeout fails build_eu.orders",
        holding=(parent,),
        waiting=(grandchild,),
        cycle=("worker slots", "sales_eu.load", "build_eu.orders", "worker slots"),
        fixes=(Fix(setting="worker slots", before="8", after="9", note="one slot more"),),
        counterexample="wt1-8Kq2",
    )


@pytest.fixture
def result(scenario: Scenario, trace: Trace) -> SimpleNamespace:
    return SimpleNamespace(
        scenario=scenario,
        trace=trace,
        findings=(),
        possible=(),
        accepted=(),
        problems=(),
        assumptions=(),
        never_ran=(),
        failures=(),
        ran=True,
        dag_runs=lambda: Result(scenario, trace, ()).dag_runs(),
        tasks=lambda: Result(scenario, trace, ()).tasks(),
    )


@pytest.fixture
def report(scenario: Scenario, finding: Finding, result: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(
        scenario=scenario,
        findings=(finding,),
        possible=(),
        accepted=(),
        simulations=8,
        covered="8 orders of equal tasks over 1 day",
        profile="",
        problems=(),
        assumptions=(),
        not_kept="",
        rechecked=(),
        unreached=(),
        varied=(),
        proof=None,
        never_ran=(),
        result=result,
    )
