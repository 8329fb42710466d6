"""What keeps a run from starting: its DAG's limit, or only the scheduler that has yet to look."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import windtunnel as wt
from windtunnel.engine import simulate
from windtunnel.model import ManualRun, SchedulerLoop
from windtunnel.trace import store
from windtunnel.trace.waits import waits_of

LOOP = SchedulerLoop(duration_s=0.2, idle_sleep_s=1.0)


def trace(*, max_active_runs: int, loop: SchedulerLoop | None = LOOP, **given):
    """Runs that somebody asks for at once; each has one task, of a minute."""
    etl = wt.Dag(dag_id="etl", tasks=(wt.Task(task_id="load"),), max_active_runs=max_active_runs)
    asked = tuple(
        ManualRun(dag_id="etl", run_id=f"r{n}", at_s=0.7, logical_date=None) for n in range(3)
    )
    cluster = wt.Cluster(**({} if loop is None else {"loop": loop}))
    return simulate(
        wt.Scenario(
            fleet=wt.Fleet(dags=(etl,)),
            cluster=cluster,
            manual_runs=asked,
            start=datetime(2026, 3, 1, tzinfo=UTC),
            **{"duration_s": 600.0, **given},
        )
    )


def waited(found, ti: int) -> dict[str, float]:
    spent: dict[str, float] = {}
    for wait in waits_of(found, ti):
        spent[wait.limit] = spent.get(wait.limit, 0.0) + wait.seconds
    return spent


def test_a_limit_that_is_not_reached_keeps_nothing_waiting():
    found = trace(max_active_runs=3)
    for ti in range(3):
        spent = waited(found, ti)
        assert "max_active_runs" not in spent
        assert spent["scheduler"] > 0


def test_a_limit_that_is_reached_keeps_runs_until_there_is_room():
    found = trace(max_active_runs=1)
    ends = [run.ended_us / 1e6 for run in found.dag_runs()]

    assert "max_active_runs" not in waited(found, 0)
    for later in (1, 2):
        spent = waited(found, later)
        created = found.runs[later].created_us / 1e6
        assert spent["max_active_runs"] == pytest.approx(ends[later - 1] - created)
        assert 0 < spent["scheduler"] < 5


def test_what_is_held_when_the_window_ends_is_held_by_its_limit():
    found = trace(max_active_runs=1, duration_s=30.0)

    assert waited(found, 1) == {"max_active_runs": pytest.approx(30.0 - 0.7, abs=2)}


def test_without_loops_all_of_it_is_the_limit():
    found = trace(max_active_runs=1, loop=None)

    assert [waited(found, ti).get("max_active_runs", 0.0) for ti in range(3)] == [0, 60, 120]
    assert all("scheduler" not in waited(found, ti) for ti in range(3))


def test_a_stored_trace_tells_the_same():
    found = trace(max_active_runs=1)

    assert waited(store.parse(store.dump(found)), 2) == waited(found, 2)
