"""The simulations of a search: what they try, in which order, and when there is nothing to try."""

from __future__ import annotations

from itertools import pairwise

import pytest

from windtunnel.engine import simulate
from windtunnel.model import Behavior, ExternalTaskSensor, Rule, Scenario, Task, Uniform
from windtunnel.search.covered import covered
from windtunnel.search.explore import explore
from windtunnel.search.simulations import FEWEST, enough, simulations
from windtunnel.trace import store


@pytest.fixture
def by_length(by_tie) -> Scenario:
    """Durations have a range."""
    rule = Rule(duration_s=Uniform(low=10, high=600))
    return by_tie.model_copy(update={"behavior": Behavior(rules=(rule,))})


@pytest.fixture
def fixed(by_tie) -> Scenario:
    """One DAG with one task: nothing can go another way."""
    fleet = by_tie.fleet.model_copy(update={"dags": by_tie.fleet.dags[:1]})
    runs = by_tie.manual_runs[:1]
    return by_tie.model_copy(update={"fleet": fleet, "manual_runs": runs})


def test_it_begins_with_the_scenario_as_it_stands_and_goes_on_with_the_extremes(by_length):
    names = [one.by for one in simulations(by_length, 30)]
    assert names[:6] == ["as it stands", "calm", "corner", "corner", "corner", "corner"]
    assert set(names[6:]) == {
        "rendezvous",
        "even",
        "swarm",
        "straggler",
        "priorities",
        "delay",
    }
    assert len(names) == 31


def test_a_small_budget_still_has_a_turn_for_the_strategies(by_length):
    names = [one.by for one in simulations(by_length, 6)]
    assert names.count("corner") == 2
    assert names[-3:-1] == ["rendezvous", "even"]


def test_if_there_is_time_for_one_more_it_goes_where_it_hurts(by_length):
    assert [one.by for one in simulations(by_length, 1)] == ["as it stands", "rendezvous"]
    assert [one.by for one in simulations(by_length, 1, calm=True)] == ["as it stands", "calm"]
    assert [one.by for one in simulations(by_length, 0)] == ["as it stands"]


def test_each_can_be_repeated_from_its_scenario(by_length):
    for one in simulations(by_length, 25):
        again = Scenario.model_validate_json(one.scenario.model_dump_json())
        assert list(store.dump(simulate(again))) == list(store.dump(one.trace)), one.by


def test_the_same_search_twice_is_the_same(by_length):
    first, second = ([one.scenario.choices for one in simulations(by_length, 25)] for _ in range(2))
    assert first == second


def test_another_seed_is_another_search(by_length):
    other = by_length.model_copy(update={"seed": 1})
    found = [[one.scenario.choices for one in simulations(s, 25)][8:] for s in (by_length, other)]
    assert found[0] != found[1]


def test_what_is_found_in_more_simulations_has_what_is_found_in_fewer(by_length):
    found = [[f.identity for f, _ in explore(by_length, n).found] for n in (2, 8, 30)]
    for fewer, more in pairwise(found):
        assert more[: len(fewer)] == fewer


def test_where_nothing_can_go_another_way_two_simulations_are_all(fixed):
    exploration = explore(fixed, 50)
    assert exploration.simulations == 2
    assert "there is no other way for it to go" in covered(fixed, exploration, "no faults")


def test_a_fault_that_may_strike_is_another_way(fixed):
    exploration = explore(fixed.model_copy(update={"faults_up_to": 1}), 20)
    assert exploration.simulations == 21
    assert exploration.asked["chances"] >= 20
    assert 2 < exploration.different <= 20


def test_what_was_tried_is_told_by_strategy_and_by_what_was_decided(by_length):
    exploration = explore(by_length, 30)
    said = covered(by_length, exploration, "no faults")
    assert said.startswith("31 simulations of 24 h from 2026-03-01T00:00:00+00:00, ")
    assert "1 as it stands, 1 with the shortest times, 4 at extremes, " in said
    assert " rendezvous" in said
    assert f"{exploration.asked['ties']} ties and {exploration.asked['lengths']} lengths" in said
    assert said.endswith("Not found is not proved.")
    assert exploration.different < exploration.simulations, "extremes come up again"


def test_one_simulation_claims_no_more_than_that(by_length):
    said = covered(by_length, explore(by_length, 0), "no faults")
    assert said == (
        "1 simulation of 24 h from 2026-03-01T00:00:00+00:00, in Airflow's usual order; no faults. "
        "Not found is not proved."
    )


def test_a_small_fleet_is_simulated_often_and_a_large_one_seldom(by_tie):
    assert enough(simulate(by_tie)) == 200
    long = by_tie.model_copy(update={"manual_runs": by_tie.manual_runs * 2000})
    assert FEWEST <= enough(simulate(long)) < 20


def test_a_long_queue_makes_a_simulation_large(by_tie):
    """Each timeout that ends a wait is looked at with all that wait then."""
    few = simulate(by_tie)
    waits = ExternalTaskSensor(external_dag_id="etl", timeout_s=3600)
    tasks = (Task(task_id="wait", kind=waits), Task(task_id="late", expand=(1000,)))
    mart = by_tie.fleet.dags[1].model_copy(update={"tasks": tasks})
    fleet = by_tie.fleet.model_copy(update={"dags": (by_tie.fleet.dags[0], mart)})
    runs = by_tie.manual_runs[1:]
    many = simulate(by_tie.model_copy(update={"fleet": fleet, "manual_runs": runs}))

    assert enough(few) == 200
    seen = sum(len(snapshot.actors) for snapshot in many.snapshots)
    assert seen > 1000
    assert enough(many) < 240_000 // len(many.history)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(600.0, "10 min"), (90.0, "1.5 min"), (5400.0, "1.5 h"), (86400.0, "24 h")],
)
def test_a_short_window_is_told_in_its_own_unit(fixed, seconds, told):
    short = fixed.model_copy(update={"duration_s": seconds})
    assert covered(short, explore(short, 0), "no faults").startswith(f"1 simulation of {told} from")
