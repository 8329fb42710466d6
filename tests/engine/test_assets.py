"""Runs that assets start: by which events, how many, and what each of them gets.

What Airflow itself does is in the conformance cases ``asset_*``; here is what must hold of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel import api
from windtunnel.engine import simulate
from windtunnel.model import (
    AssetCondition,
    Assets,
    AssetUpdate,
    Behavior,
    Cluster,
    Cron,
    Dag,
    DagPaused,
    Empty,
    Fault,
    Fleet,
    ManualRun,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
    TaskFails,
)
from windtunnel.trace import Trace

START = datetime(2026, 3, 1, tzinfo=UTC)


def sink(condition: AssetCondition, dag_id: str = "sink", **options: Any) -> Dag:
    return Dag(dag_id=dag_id, tasks=(Task(task_id="t"),), asset_condition=condition, **options)


def scenario(
    *dags: Dag,
    updates: Iterable[tuple[str, float]] = (),
    seconds: float = 10,
    faults: Iterable[Fault] = (),
    runs: Iterable[ManualRun] = (),
    for_s: float = 3600,
    **cluster: Any,
) -> Scenario:
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(**cluster),
        behavior=Behavior(default_duration_s=seconds),
        start=START,
        duration_s=for_s,
        asset_updates=tuple(AssetUpdate(asset=asset, at_s=at) for asset, at in updates),
        faults=tuple(faults),
        manual_runs=tuple(runs),
    )


def queued(trace: Trace, dag_id: str = "sink") -> list[float]:
    """When the runs of a DAG were made."""
    return [run.queued_us / 1e6 for run in trace.dag_runs() if run.dag_id == dag_id]


def taken(trace: Trace) -> list[tuple[int, ...]]:
    """Numbers of the events that each run got."""
    return [trace.consumed[number] for number in sorted(trace.consumed)]


def test_a_success_updates_the_outlets_and_a_failure_or_an_unknown_asset_nothing() -> None:
    source = Dag(
        dag_id="source",
        tasks=(Task(task_id="good", outlets=("a", "other")), Task(task_id="bad", outlets=("b",))),
    )
    flown = simulate(
        scenario(
            source, sink(Assets(type="any", of=("a", "b"))),
            faults=[TaskFails(tasks="source.bad")], runs=[ManualRun(dag_id="source")],
        )
    )  # fmt: skip

    assert [(event.at_us, event.asset) for event in flown.asset_events] == [(10_000_000, "a")]
    assert queued(flown) == [10]


def test_runs_have_the_type_date_and_id_of_the_release() -> None:
    asked = scenario(sink("a"), updates=[("a", 60)])
    (new,) = simulate(asked).runs
    (old,) = simulate(asked.model_copy(update={"cluster": Cluster(profile="airflow-2.11")})).runs
    at = START.replace(minute=1)

    assert (new.run_type, new.logical_date, new.run_after) == ("asset_triggered", None, at)
    assert new.run_id == "asset_triggered__2026-03-01T00:01:00+00:00"
    assert (old.run_type, old.logical_date, old.data_interval) == (
        "dataset_triggered", at, (at, at),
    )  # fmt: skip
    assert new.name == old.name == "assets#1"


def test_events_of_a_paused_consumer_start_nothing_but_its_next_run_gets_them() -> None:
    flown = simulate(
        scenario(
            sink("a"), updates=[("a", 10), ("a", 100)], faults=[DagPaused(dags="sink", for_s=50)]
        )
    )

    assert queued(flown) == [100]
    assert taken(flown) == [(0, 1)]


def test_what_was_queued_before_a_pause_runs_after_it() -> None:
    paused = DagPaused(dags="sink", at_s=15, for_s=50)
    asked = scenario(
        sink("a", max_active_runs=1), updates=[("a", 0), ("a", 5)], seconds=20, faults=[paused]
    )

    assert queued(simulate(asked)) == [0, 65]


def test_an_empty_task_with_outlets_is_executed_and_updates_them() -> None:
    source = Dag(dag_id="source", tasks=(Task(task_id="end", kind=Empty(), outlets=("a",)),))
    flown = simulate(scenario(source, sink("a"), runs=[ManualRun(dag_id="source")]))

    assert queued(flown) == [10]


def test_only_so_many_runs_are_made_in_one_loop_and_schedules_go_first() -> None:
    ticking = [
        Dag(dag_id=f"z{i}", tasks=(Task(task_id="t"),), schedule=Cron(expression="* * * * *"))
        for i in range(3)
    ]
    fed = [sink("a", dag_id=f"a{i}") for i in range(3)]
    flown = simulate(
        scenario(
            *fed, *ticking, updates=[("a", 60)], for_s=61, max_dagruns_to_create_per_loop=2,
            loop=SchedulerLoop(per_run_s=0, per_task_s=0, duration_s=0.1),
        )
    )  # fmt: skip
    made = [(run.dag_id, run.queued_us) for run in flown.dag_runs() if run.queued_us >= 60e6]

    assert [dag_id for dag_id, _ in made] == ["z0", "z1", "z2", "a0", "a1", "a2"]
    assert [at for _, at in made] == sorted(at for _, at in made)
    assert len({at for _, at in made}) == 3


def test_updates_from_outside_repeat_until_the_window_ends() -> None:
    asked = scenario(sink("a"), for_s=100).model_copy(
        update={"asset_updates": (AssetUpdate(asset="a", at_s=5, every_s=30),)}
    )

    assert queued(simulate(asked)) == [5, 35, 65, 95]


def test_a_dag_that_waits_in_vain_says_for_which_asset() -> None:
    result = api.simulate(scenario(sink("a"), Dag(dag_id="d", tasks=(Task(task_id="t"),))))

    assert "no task of the fleet updates a" in next(
        one.why for one in result.never_ran if one.dag_id == "sink"
    )


ASSETS = "abc"
CONDITIONS = st.recursive(
    st.sampled_from(ASSETS),
    lambda inner: st.builds(
        lambda joint, parts: Assets(type=joint, of=tuple(parts)),
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)


@st.composite
def bursts(draw: st.DrawFn) -> Scenario:
    sinks = [
        sink(draw(CONDITIONS), dag_id=f"sink{i}", max_active_runs=draw(st.integers(1, 3)))
        for i in range(draw(st.integers(1, 3)))
    ]
    updates = draw(
        st.lists(st.tuples(st.sampled_from(ASSETS), st.integers(0, 600)), min_size=1, max_size=25)
    )
    return scenario(
        *sinks,
        updates=updates,
        seconds=draw(st.sampled_from([0, 5, 60, 300])),
        profile=draw(st.sampled_from(["airflow-3.3", "airflow-2.11"])),
        loop=draw(st.sampled_from([None, SchedulerLoop()])),
        min_file_process_interval_s=draw(st.sampled_from([None, 30.0])),
    )


@examples(150)
@given(bursts())
def test_no_run_without_events_no_event_twice_and_never_more_runs_than_the_limit(
    asked: Scenario,
) -> None:
    flown = simulate(asked)
    limits = {dag.dag_id: dag.max_active_runs for dag in asked.fleet.dags}
    for dag_id, limit in limits.items():
        mine = [run for run in flown.dag_runs() if run.dag_id == dag_id]
        got = [number for run in mine for number in flown.consumed[run.index]]
        assert all(flown.consumed[run.index] for run in mine)
        assert got == sorted(set(got))
        ends = [(run.queued_us, 1) for run in mine]
        ends += [(run.ended_us, -1) for run in mine if run.ended_us is not None]
        active = 0
        for _, change in sorted(ends):
            active += change
            assert limit is not None
            assert active <= limit


@examples(50)
@given(bursts())
def test_a_condition_that_holds_leaves_nobody_without_a_run(asked: Scenario) -> None:
    """After the last event every consumer whose condition some events meet had a run."""
    flown = simulate(asked)
    ran = {run.dag_id for run in flown.dag_runs()}
    for dag in asked.fleet.dags:
        updated = {event.asset for event in flown.asset_events}
        assert (dag.dag_id in ran) == holds(dag.asset_condition, updated)


def holds(condition: AssetCondition | None, updated: set[str]) -> bool:
    if isinstance(condition, str):
        return condition in updated
    assert condition is not None
    parts = [holds(part, updated) for part in condition.of]
    return any(parts) if condition.type == "any" else all(parts)


def test_the_file_form_of_a_trace_keeps_events_and_who_got_them() -> None:
    from windtunnel.trace.store import dump, parse  # noqa: PLC0415

    flown = simulate(scenario(sink("a"), updates=[("a", 10), ("a", 12)]))
    again = parse(dump(flown))

    assert (again.asset_events, again.consumed) == (flown.asset_events, flown.consumed)
    assert [run.name for run in again.runs] == [run.name for run in flown.runs]


@pytest.mark.parametrize("loop", [None, SchedulerLoop()])
def test_rules_can_name_a_run_that_assets_started(loop: SchedulerLoop | None) -> None:
    asked = scenario(sink("a"), updates=[("a", 60)], loop=loop)
    behavior = Behavior(rules=(Rule(tasks="sink.t", duration_s=33),))
    flown = simulate(asked.model_copy(update={"behavior": behavior}))
    (ti,) = flown.task_instances()

    assert ti.run == "assets#1"
    assert ti.ended_us is not None
    assert ti.started_us is not None
    assert ti.ended_us - ti.started_us == 33_000_000
