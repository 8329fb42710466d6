"""Runs that arrive from outside: how many, when, and that nothing but the seed has a say in it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from windtunnel import api
from windtunnel.engine import simulate
from windtunnel.engine.dag_runs import drawn_arrivals
from windtunnel.engine.dag_runs.drawn_arrivals import arriving, with_arrivals_drawn
from windtunnel.errors import InvalidInput
from windtunnel.loaders.scenario_file import read_scenario
from windtunnel.model import (
    Arrivals,
    Behavior,
    Cluster,
    Dag,
    Fleet,
    Gamma,
    ManualRun,
    Pool,
    Rule,
    Sample,
    Scenario,
    Task,
    TriggerDagRun,
)

HOUR = 3600


def scenario(*arrivals: Arrivals, dags: tuple[str, ...] = ("orders",), **given: Any) -> Scenario:
    fleet = Fleet(dags=tuple(Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in dags))
    given = {"start": datetime(2026, 3, 1, tzinfo=UTC), "duration_s": 24 * HOUR} | given
    return Scenario(fleet=fleet, arrivals=arrivals, **given)


def instants(one: Scenario) -> list[float]:
    return [at / 1e6 for at, _ in arriving(one)]


def test_as_many_come_as_was_said_and_independently_of_each_other() -> None:
    days = [instants(scenario(Arrivals(dag_id="orders", per_hour=10), seed=n)) for n in range(60)]
    counts = [len(day) for day in days]
    mean = sum(counts) / 60
    assert mean == pytest.approx(240, abs=5)
    # A Poisson process: the variance of the counts is their mean, gaps are exponential.
    assert sum((count - mean) ** 2 for count in counts) / 59 == pytest.approx(240, rel=0.4)
    gaps = [after - before for day in days for before, after in pairwise(day)]
    assert sum(gap > 360 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.015)


def test_each_hour_of_the_day_has_its_own_rate_in_utc() -> None:
    busy = tuple(60.0 if hour in (9, 10) else 0.0 for hour in range(24))
    start = datetime.fromisoformat("2026-03-01T08:30:00+01:00")  # 07:30 UTC
    found = instants(scenario(Arrivals(dag_id="orders", per_hour=busy), start=start))
    assert len(found) == pytest.approx(120, abs=35)
    assert all(1.5 * HOUR <= at < 3.5 * HOUR for at in found)


def test_no_rate_is_no_run() -> None:
    assert not instants(scenario(Arrivals(dag_id="orders", per_hour=0)))
    assert not instants(scenario(Arrivals(dag_id="orders", per_hour=(0.0,) * 24)))


def test_a_fixed_distance_is_kept_between_the_instants_that_were_said() -> None:
    every = Arrivals(dag_id="orders", every_s=600, at_s=HOUR, until_s=2 * HOUR)
    assert instants(scenario(every)) == [HOUR + 600 * n for n in range(1, 6)]


def test_distances_that_are_drawn_have_their_distribution() -> None:
    steady = Arrivals(dag_id="orders", every_s=Gamma(mean_s=60, shape=100))
    gaps = [after - before for before, after in pairwise(instants(scenario(steady)))]
    assert sum(gaps) / len(gaps) == pytest.approx(60, rel=0.02)
    assert all(30 < gap < 100 for gap in gaps)


def test_only_the_seed_says_when_they_come() -> None:
    arrivals = Arrivals(dag_id="orders", per_hour=30), Arrivals(dag_id="other", per_hour=5)
    both = scenario(*arrivals, dags=("orders", "other"))
    alone = scenario(arrivals[0], cluster=Cluster(parallelism=1), faults_up_to=2)
    of_orders = [at for at, run in arriving(both) if run.dag_id == "orders"]
    assert of_orders == [at for at, _ in arriving(alone)]
    assert instants(alone) != instants(alone.model_copy(update={"seed": 1}))
    calm = alone.model_copy(update={"choices": ()})
    assert instants(calm) == instants(alone)


def test_two_streams_of_one_dag_are_two_and_a_higher_rate_brings_the_same_runs_sooner() -> None:
    once = Arrivals(dag_id="orders", per_hour=6)
    first = instants(scenario(once))
    both = instants(scenario(once, once))
    assert both[: len(first)] == first
    assert set(both[len(first) :]).isdisjoint(first)
    twice = instants(scenario(Arrivals(dag_id="orders", per_hour=12)))
    assert [at * 2 for at in twice[:50]] == pytest.approx(first[:50], abs=0.002)


def test_they_are_simulated_as_the_same_runs_triggered_by_hand() -> None:
    drawn = scenario(
        Arrivals(dag_id="orders", per_hour=20),
        manual_runs=(ManualRun(dag_id="orders", at_s=60),),
        behavior=Behavior(rules=(Rule(tasks="*", duration_s=Gamma(mean_s=200, shape=1)),)),
        cluster=Cluster(parallelism=1),
    )
    by_hand = with_arrivals_drawn(drawn)
    assert not by_hand.arrivals
    assert len(by_hand.manual_runs) == len(instants(drawn)) + 1
    read_back = Scenario.model_validate_json(by_hand.model_dump_json())
    trace = simulate(drawn)
    assert list(trace.events()) == list(simulate(read_back).events())
    assert {run.run_type for run in trace.runs} == {"manual"}


def test_a_counterexample_keeps_only_the_runs_that_it_needs(tmp_path) -> None:
    waits = TriggerDagRun(trigger_dag_id="inner", wait_for_completion=True)
    fleet = Fleet(
        dags=(
            Dag(dag_id="outer", tasks=(Task(task_id="call", kind=waits, pool="one"),)),
            Dag(dag_id="inner", tasks=(Task(task_id="t", pool="one"),)),
        )
    )
    report = api.check(
        Scenario(
            fleet=fleet,
            cluster=Cluster(pools={"one": Pool(slots=1)}),
            start=datetime(2026, 3, 1, tzinfo=UTC),
            duration_s=6 * HOUR,
            arrivals=(Arrivals(dag_id="outer", per_hour=6),),
        ),
        seeds=2,
        store=tmp_path,
    )
    (deadlock,) = [one for one in report.findings if one.code == "WT101"]
    kept = api.replay(deadlock.counterexample or "", store=tmp_path).scenario
    assert not kept.arrivals
    assert len(kept.manual_runs) == 1


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"per_hour": 1, "every_s": 1},
        {"per_hour": (1.0,) * 23},
        {"per_hour": -1},
        {"every_s": 0},
        {"per_hour": 1, "at_s": 10, "until_s": 5},
    ],
)
def test_what_says_too_little_or_too_much_is_refused(said) -> None:
    with pytest.raises(ValidationError):
        Arrivals(dag_id="orders", **said)


@pytest.mark.parametrize("often", [{"per_hour": 1e6}, {"every_s": Sample(values_s=(0.0,))}])
def test_runs_without_end_are_a_mistake(often, monkeypatch) -> None:
    monkeypatch.setattr(drawn_arrivals, "MOST", 2000)
    with pytest.raises(InvalidInput, match="more than 2,000 runs in the window"):
        simulate(scenario(Arrivals(dag_id="orders", **often)))


def test_a_scenario_file_says_them_in_words(tmp_path) -> None:
    (tmp_path / "dags.py").write_text(
        "from airflow import DAG\n"
        "from airflow.operators.empty import EmptyOperator\n"
        "with DAG('orders', schedule=None):\n    EmptyOperator(task_id='t')\n"
    )
    (tmp_path / "scenario.toml").write_text(
        '[[arrivals]]\ndag_id = "orders"\nper_hour = 12\nat = "1h"\n'
        '[[arrivals]]\ndag_id = "orders"\nevery = { mean = "10m", shape = 4 }\nuntil = "20h"\n'
        '[[arrivals]]\ndag_id = "order"\nevery = "5m"\n'
    )
    scenario = read_scenario(tmp_path).scenario
    assert scenario.arrivals == (
        Arrivals(dag_id="orders", per_hour=12, at_s=HOUR),
        Arrivals(dag_id="orders", every_s=Gamma(mean_s=600, shape=4), until_s=20 * HOUR),
    )
    (problem,) = scenario.fleet.problems
    assert "arrivals[2].dag_id" in problem.message
    assert "did you mean 'orders'" in problem.message


def test_a_scenario_file_that_says_it_twice_is_told_where(tmp_path) -> None:
    (tmp_path / "scenario.toml").write_text(
        '[[arrivals]]\ndag_id = "a"\nper_hour = 1\nevery = "5m"\n'
    )
    with pytest.raises(InvalidInput, match=r"arrivals\[0\].*either per_hour or every"):
        read_scenario(tmp_path)
