"""Exploring: what only another order of equals, or another duration, brings to light."""

from __future__ import annotations

import pytest

from deciding import even
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Rule,
    Task,
    Uniform,
)
from windtunnel.search import explore
from windtunnel.trace import store


@pytest.fixture
def by_duration(by_tie):
    """``mart`` is triggered at 50 s; it meets the slot free only if ``early`` took less, before
    ``etl``, which comes at 60 s."""
    etl, mart = by_tie.fleet.dags
    early = Dag(dag_id="early", tasks=(Task(task_id="t", priority_weight=9),))
    late = tuple(t.model_copy(update={"priority_weight": 5}) for t in etl.tasks)
    return by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(early, etl.model_copy(update={"tasks": late}), mart)),
            "behavior": Behavior(
                rules=(Rule(tasks="early.t", duration_s=Uniform(low=55, high=95)),)
            ),
            "manual_runs": (
                ManualRun(dag_id="early"),
                ManualRun(dag_id="mart", at_s=50, logical_date="2026-03-01T00:00:00Z"),
                ManualRun(dag_id="etl", at_s=75, logical_date="2026-03-01T00:00:00Z"),
            ),
        }
    )


def test_the_calm_order_hides_what_another_order_of_equals_shows(by_tie):
    assert explore(by_tie, 0).found == []
    exploration = explore(by_tie, 8)
    assert [finding.code for finding, _ in exploration.found] == ["WT101"]
    assert exploration.questions > 0


def test_a_drawn_duration_decides_whether_there_is_a_deadlock(by_duration):
    verdicts = {
        bool(explore(by_duration.model_copy(update={"seed": seed}), 0).found) for seed in range(12)
    }
    assert verdicts == {True, False}
    assert [finding.code for finding, _ in explore(by_duration, 8).found] == ["WT101"]


@pytest.mark.parametrize("name", ["by_tie", "by_duration", "parents"])
def test_a_counterexample_replays_to_the_identical_finding_and_trace(name, request):
    scenario = request.getfixturevalue(name)
    ((finding, counterexample),) = explore(scenario, 8).found
    again = type(counterexample).model_validate_json(counterexample.model_dump_json())
    trace = simulate(again)
    assert finding in detect(again, trace)
    assert list(store.dump(trace)) == list(store.dump(simulate(counterexample)))


def test_a_finding_of_the_calm_simulation_needs_no_choices(parents):
    ((_, counterexample),) = explore(parents, 3).found
    assert counterexample == parents


def test_the_same_trouble_is_found_once_whichever_runs_are_in_it(parents):
    exploration = explore(parents, 12)
    pairs = set()
    for seed in range(12):
        (finding,) = detect(parents, simulate(parents, even(seed)))
        pairs.add(frozenset(party.run for party in finding.holding))
    assert len(pairs) > 1, "seeds must lead to different pairs of runs to show anything"
    assert len(exploration.found) == 1


def test_it_tells_how_far_it_is(by_tie):
    told = []
    exploration = explore(by_tie, 3, lambda done, planned: told.append((done, planned)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert exploration.simulations == 4


def test_exploring_twice_finds_the_same(by_tie):
    assert explore(by_tie, 8).found == explore(by_tie, 8).found


def test_a_fleet_without_contention_is_clean_in_every_order(by_tie):
    wide = by_tie.cluster.model_copy(update={"default_pool_slots": 2})
    assert explore(by_tie.model_copy(update={"cluster": wide}), 16).found == []


def test_a_sensor_that_gives_its_slot_back_is_clean_in_every_order(by_tie):
    etl, mart = by_tie.fleet.dags
    kind = ExternalTaskSensor(external_dag_id="etl", mode="reschedule")
    calm = mart.model_copy(update={"tasks": (Task(task_id="wait", kind=kind),)})
    fleet = Fleet(dags=(etl, calm))
    assert explore(by_tie.model_copy(update={"fleet": fleet}), 16).found == []


def test_findings_over_different_limits_are_all_kept(two_pools):
    """Also if the names of the limits have spaces in them."""
    found = explore(two_pools, 2).found
    assert [finding.limits[0].subject for finding, _ in found] == ["team one", "team two"]
