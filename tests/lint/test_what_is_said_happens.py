"""Generated fleets: what is said without a simulation is what a simulation shows, both ways."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

import windtunnel as wt
from effort import examples
from windtunnel.lint import find_circles, find_full_of_waits
from windtunnel.model import (
    Cluster,
    Cron,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Scenario,
    Task,
    TriggerDagRun,
    WorkerGroup,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86400.0
POOLS = st.sampled_from(["default_pool", "db"])
FIRST = {"priority_weight": 1000}


@st.composite
def crowds(draw: st.DrawFn) -> Scenario:
    """Waits that all come first, and a second later the work that they wait for."""
    dags, runs = [], []
    for n in range(draw(st.integers(0, 3))):
        kind = TriggerDagRun(
            trigger_dag_id=f"child{n}",
            wait_for_completion=True,
            deferrable=draw(st.integers(0, 4)) == 0,
        )
        call = Task(task_id="call", kind=kind, pool=draw(POOLS), **FIRST)
        dags.append(Dag(dag_id=f"parent{n}", tasks=(call,)))
        dags.append(Dag(dag_id=f"child{n}", tasks=(Task(task_id="work", pool=draw(POOLS)),)))
        runs.append(ManualRun(dag_id=f"parent{n}"))
    for n in range(draw(st.integers(0, 3))):
        mode = draw(st.sampled_from(["poke", "poke", "poke", "reschedule"]))
        kind = ExternalTaskSensor(external_dag_id="etl", execution_delta_s=-1, mode=mode)
        several = draw(st.integers(1, 2))
        waits = [
            Task(task_id=f"wait{m}", kind=kind, pool=draw(POOLS), **FIRST) for m in range(several)
        ]
        dags.append(Dag(dag_id=f"mart{n}", tasks=tuple(waits)))
        runs.append(ManualRun(dag_id=f"mart{n}"))
    load = Task(task_id="load", pool=draw(POOLS), pool_slots=draw(st.integers(1, 2)))
    dags.append(Dag(dag_id="etl", tasks=(load,)))
    runs.append(ManualRun(dag_id="etl", at_s=1))
    return Scenario(
        fleet=Fleet(dags=tuple(dags)),
        cluster=Cluster(
            parallelism=draw(st.integers(1, 8)),
            workers=(WorkerGroup(slots=draw(st.integers(1, 8))),),
            pools={"db": Pool(slots=draw(st.integers(2, 5)))},
            default_pool_slots=draw(st.integers(2, 8)),
        ),
        start=START,
        duration_s=7200,
        manual_runs=tuple(runs),
    )


@examples(60)
@given(crowds())
def test_waits_that_could_take_all_do_so_where_they_come_first(scenario: Scenario) -> None:
    said = {limit.name for one in find_full_of_waits(scenario) for limit in one.limits}
    shown = {
        limit.name
        for one in wt.simulate(scenario).findings
        if one.code == "WT101"
        for limit in one.limits
    }
    assert bool(said) == bool(shown), (said, shown)


@st.composite
def circles(draw: st.DrawFn) -> Scenario:
    """DAGs that look at each other, at tasks before or behind their own sensors, or at runs."""
    names = "abc"[: draw(st.integers(1, 3))]
    since = datetime(2026, 1, 1, tzinfo=UTC)
    daily = {"schedule": Cron(expression="@daily"), "start_date": since, "max_active_runs": 100}
    dags = []
    for name in names:
        behind = draw(st.sampled_from([(), ("early",), ("load",)]))
        kind = ExternalTaskSensor(
            external_dag_id=draw(st.sampled_from(names)),
            external_task_ids=behind,
            execution_delta_s=draw(st.sampled_from([0.0, 0.0, DAY, -DAY])),
            poke_interval_s=6 * 3600,
            timeout_s=100 * DAY,
            mode="reschedule",
        )
        tasks = (
            Task(task_id="early"),
            Task(task_id="wait", kind=kind),
            Task(task_id="load", upstream=("wait",)),
        )
        dags.append(Dag(dag_id=name, tasks=tasks, **daily))
    return Scenario(fleet=Fleet(dags=tuple(dags)), start=START, duration_s=9 * DAY)


@examples(20)
@given(circles())
def test_sensors_in_a_circle_never_succeed_and_without_one_all_do(scenario: Scenario) -> None:
    found = find_circles(scenario)
    result = wt.simulate(scenario)
    for one in found:
        for name in one.cycle:
            # What was due before the window counts as done, also what would have waited.
            inside = result.tasks(name)[3:]
            assert all(task.state != "success" for task in inside)
    if not found:
        for dag in scenario.fleet.dags:
            first = result.tasks(f"{dag.dag_id}.wait")[:2]
            assert [task.state for task in first] == ["success", "success"]
