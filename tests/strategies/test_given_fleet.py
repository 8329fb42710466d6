"""Scenarios of a fleet that is given: what is given stays, what is not is drawn around it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import find, given
from hypothesis import strategies as st

import windtunnel
from effort import examples
from windtunnel import strategies
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Fleet,
    LogNormal,
    Pool,
    Rule,
    Task,
    TaskFails,
    TriggerDagRun,
    Uniform,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOURLY = Cron(expression="@hourly")
BUILD = TriggerDagRun(trigger_dag_id="build", wait_for_completion=True)
FLEET = Fleet(
    dags=(
        Dag(
            dag_id="load",
            tasks=(Task(task_id="build", pool="db", kind=BUILD), Task(task_id="x", pool="db")),
            schedule=HOURLY,
            start_date=START,
        ),
        Dag(dag_id="build", tasks=(Task(task_id="t", pool="db"),)),
    )
)
CLUSTER = Cluster(pools={"db": Pool(slots=8)})
RANGES = Behavior(
    rules=(
        Rule(tasks="load.*", duration_s=Uniform(low=60, high=600)),
        Rule(tasks="build.t", duration_s=LogNormal(median_s=300, sigma=0.5)),
    )
)


@examples(60)
@given(strategies.scenarios(FLEET, cluster=CLUSTER, behavior=RANGES))
def test_what_is_given_stays_as_it_is(scenario):
    assert scenario.fleet.dags == FLEET.dags
    assert scenario.cluster == CLUSTER
    assert scenario.duration_s <= 86400
    assert (scenario.start - START).total_seconds() % 86400 == 0
    for rule in scenario.behavior.rules:
        assert isinstance(rule.duration_s, float)
        if rule.tasks.startswith("load"):
            assert 60 <= rule.duration_s <= 600


def test_a_fixed_window_stays_fixed_and_nothing_goes_wrong_where_nothing_shall():
    asked = strategies.scenarios(
        FLEET, cluster=CLUSTER, start=START, window="3h", faults=0, runs=0, ties=0
    )

    @examples(10)
    @given(asked)
    def look(scenario):
        usual = windtunnel.simulate(FLEET, cluster=CLUSTER, start=START, window="3h").scenario
        assert scenario == usual.model_copy(update={"seed": scenario.seed})

    look()


def test_the_smallest_pool_that_is_too_small_is_found_by_varying_it():
    def deadlocks(scenario):
        return any(f.code == "WT101" for f in windtunnel.simulate(scenario).findings)

    asked = strategies.scenarios(
        FLEET, cluster=CLUSTER, start=START, window="2h", faults=0, ties=0, vary=("pools",)
    )
    found = find(asked, deadlocks, settings=examples(300))
    assert found.cluster == Cluster(pools={"db": Pool(slots=1)})
    assert found.manual_runs == ()


def test_durations_of_single_tasks_differ_from_those_of_the_others():
    def differs(scenario):
        return len({r.duration_s for r in scenario.behavior.rules if r.tasks != "build.t"}) > 1

    found = find(
        strategies.scenarios(FLEET, cluster=CLUSTER, behavior=RANGES, faults=0, ties=0),
        differs,
        settings=examples(300),
    )
    first, *rest = found.behavior.rules
    assert first.tasks == "load.build"
    assert first.duration_s == 60 + 540 / 8
    assert rest[0] == Rule(tasks="load.*", duration_s=60.0)


def test_faults_may_be_ones_own():
    own = st.builds(TaskFails, tasks=st.just("load.x"), tries=st.just((1,)))

    @examples(20)
    @given(strategies.scenarios(FLEET, cluster=CLUSTER, faults=own))
    def look(scenario):
        assert set(scenario.faults) <= {TaskFails(tasks="load.x", tries=(1,))}

    look()


@examples(40)
@given(
    strategies.scenarios(
        FLEET, cluster=CLUSTER, vary=("pools", "parallelism", "max_active_runs"), window="4h"
    )
)
def test_varied_settings_leave_room_for_each_task(scenario):
    assert 1 <= scenario.cluster.pools["db"].slots <= 8
    assert 1 <= scenario.cluster.parallelism <= 32
    assert {dag.max_active_runs for dag in scenario.fleet.dags} <= {None, 1, 2, 3, 4}


def test_ties_that_go_another_way_are_replayed_as_they_were_drawn():
    """A tie exists only where a simulation meets it, so the answers fit the scenario."""
    narrow = Cluster(pools={"db": Pool(slots=1)}, parallelism=2)
    crowd = Fleet(
        dags=tuple(
            Dag(
                dag_id=name,
                tasks=(Task(task_id="t", pool="db"),),
                schedule=HOURLY,
            )
            for name in ("x", "y", "z")
        )
    )

    def first_is_not_x(scenario):
        order = [
            event.dag_id
            for event in windtunnel.simulate(scenario).trace.events()
            if event.task_id and event.state == "running"
        ]
        return bool(order) and order[0] != "x"

    asked = strategies.scenarios(crowd, cluster=narrow, start=START, window="2h", faults=0, runs=0)
    found = find(asked, first_is_not_x, settings=examples(400))
    (tie,) = found.choices
    assert (tie.kind, tie.nth, tie.value) == ("tie", 0, 1)
