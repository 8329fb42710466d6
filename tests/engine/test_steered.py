"""What somebody steers: every length, chance and tie, only where there is one, and no more."""

from __future__ import annotations

import pytest

from flight import Flight
from windtunnel.choices import Calm
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Chosen,
    Cron,
    Gamma,
    LogNormal,
    Odds,
    Rule,
    Sample,
    Slowdown,
    Step,
    TaskFails,
    Triangular,
    Uniform,
    Weibull,
)


class Last(Calm):
    """The other end of everything."""

    def among(self, kind, actors):
        return len(actors) - 1

    def within(self, kind, actor, ways, at, step):
        return ways - 1

    def strikes(self, kind, actor, ways, chance):
        return ways - 1


@pytest.fixture
def took(fly, one_task):
    """``took(duration, choices)`` -> seconds."""

    def took(duration, choices):
        flight = fly(one_task("a", "t"), seconds={"a.t": duration}, choices=choices)
        start, end = flight.span("a.t")
        return end - start

    return took


@pytest.mark.parametrize(
    ("given", "shortest", "longest"),
    [
        (Uniform(low=10, high=90), 10, 90),
        (Triangular(low=10, mode=20, high=90), 10, 90),
        (Sample(values_s=(30, 5, 5, 80)), 5, 80),
        (40.0, 40, 40),
        (LogNormal(median_s=60, sigma=0.5), 12.798, 281.311),
        (Weibull(scale_s=60, shape=2), 1.898, 157.696),
    ],
)
def test_a_length_goes_from_the_shortest_to_the_longest(took, given, shortest, longest):
    assert took(given, Calm()) == pytest.approx(shortest, abs=0.001)
    assert took(given, Last()) == pytest.approx(longest, abs=0.001)


def test_a_gamma_distribution_is_steered_nearly_to_its_quantiles(took):
    """Exactly they are 2.54 s and 149.7 s."""
    given = Gamma(mean_s=40, shape=3)
    assert took(given, Calm()) == pytest.approx(2.54, abs=0.6)
    assert took(given, Last()) == pytest.approx(149.7, rel=0.01)


def test_a_length_can_be_any_of_the_measured_ones(took):
    class Second(Calm):
        def within(self, kind, actor, ways, at, step):
            return 1

    assert took(Sample(values_s=(30, 5, 80)), Second()) == 30


def test_who_is_asked_hears_when_it_would_end_and_how_much_later_it_may(took):
    heard = []

    class Listens(Calm):
        def within(self, kind, actor, ways, at, step):
            heard.append((kind, actor[0], actor[2:], ways, at, step))
            return 0

    took(Uniform(low=10, high=90), Listens())
    assert heard == [("duration", "a", ("t", -1, 1), 16, 10.0, pytest.approx(80 / 15))]


@pytest.mark.parametrize(
    ("rule", "calm", "worst"),
    [
        (Rule(fail_share=0.1), "success", "failed"),
        (Rule(fail_share=1.0), "failed", "failed"),
        (Rule(outcomes=Odds(fail=0.2, skip=0.1)), "success", "skipped"),
        (Rule(outcomes=Odds(fail=1.0)), "failed", "failed"),
        (Rule(steps=(Step(work_s=5), Step(fail=0.5))), "success", "failed"),
    ],
)
def test_an_end_that_is_possible_comes_and_a_sure_one_is_not_asked_about(
    fly, one_task, rule, calm, worst
):
    flight = fly(one_task("a", "t"), rules=[rule], choices=Calm())
    assert flight.state("a.t") == calm
    asked = flight.trace.asked["chances"]
    assert asked == (0 if calm == worst else 1)
    assert fly(one_task("a", "t"), rules=[rule], choices=Last()).state("a.t") == worst


def test_a_fault_that_may_strike_does_if_somebody_wants_it(fly, one_task):
    fault = TaskFails(tasks="a.t", probability=0.01)
    assert fly(one_task("a", "t"), faults=[fault], choices=Calm()).state("a.t") == "success"
    struck = fly(one_task("a", "t"), faults=[fault], choices=Last())
    assert struck.state("a.t") == "failed"
    assert struck.trace.struck == [1]


def test_a_slowdown_is_steered_too(scenario, one_task):
    slow = Slowdown(factor=Uniform(low=2, high=4), probability=0.5)
    scene = scenario([one_task("a", "t")])
    scene = scene.model_copy(update={"behavior": Behavior(slowdowns=(slow,))})
    for choices, seconds in ((Calm(), 60), (Last(), 240)):
        assert Flight(scene, simulate(scene, choices)).span("a.t") == (0, seconds)


@pytest.fixture
def twice(scenario, one_task):
    """``twice(faults_up_to)``: two DAGs of one task with a retry each."""

    def twice(faults_up_to):
        dags = [one_task(name, "t", retries=1, retry_delay_s=60) for name in "ab"]
        return scenario(dags).model_copy(update={"faults_up_to": faults_up_to})

    return twice


def test_no_more_tries_go_wrong_than_are_allowed(twice):
    for allowed, states in ((0, {"success": 2}), (1, {"success": 2}), (4, {"failed": 2})):

        class Fails(Calm):
            def strikes(self, kind, actor, ways, chance):
                return 1

        trace = simulate(twice(allowed), Fails())
        found = [ti.state for ti in trace.task_instances()]
        assert {state: found.count(state) for state in found} == states
        assert [d.kind for d in trace.decisions] == ["mishap"] * allowed


def test_without_somebody_who_steers_nothing_goes_wrong_of_itself(twice):
    assert list(simulate(twice(9)).history) == list(simulate(twice(0)).history)


def test_a_try_whose_process_dies_is_noticed_when_its_heartbeats_are_missed(twice):
    scene = twice(1)
    run = "manual__2026-03-01T00:00:00+00:00"
    dies = Chosen(kind="mishap", actor=("a", run, "t", -1, 1), value=2)
    scene = scene.model_copy(update={"choices": (dies,)})
    flight = Flight(scene, simulate(scene))
    assert flight.task("a.t").try_number == 2
    assert flight.times("a.t", "up_for_retry")[0] >= 300, "task_instance_heartbeat_timeout"
    assert flight.span("b.t") == (0, 60)


def test_a_try_with_steps_dies_in_the_middle_of_its_work(scenario, one_task):
    rule = Rule(steps=(Step(work_s=50), Step(write="t"), Step(work_s=50)))
    scene = scenario([one_task("a", "t")], rules=[rule])
    run = "manual__2026-03-01T00:00:00+00:00"
    chosen = (
        Chosen(kind="mishap", actor=("a", run, "t", -1, 1), value=1),
        Chosen(kind="mishap at", actor=("a", run, "t", -1, 1), value=5),
    )
    scene = scene.model_copy(update={"faults_up_to": 1, "choices": chosen})
    flight = Flight(scene, simulate(scene))
    assert flight.state("a.t") == "failed"
    assert flight.span("a.t")[1] == pytest.approx(100 * 6 / 9, abs=0.001)


@pytest.fixture
def hourly(scenario, one_task):
    """``hourly(jitter)``: one DAG, three hours."""

    def hourly(jitter_s):
        dag = one_task("a", "t").model_copy(update={"schedule": Cron(expression="0 * * * *")})
        scene = scenario([dag], runs=(), until=3 * 3600 - 1)
        return scene.model_copy(update={"jitter_s": jitter_s})

    return hourly


def test_scheduled_runs_come_late_only_where_that_is_allowed(hourly):
    def created(scene, choices):
        return [run.queued_us / 1e6 for run in simulate(scene, choices).dag_runs()]

    punctual = created(hourly(0), Last())
    assert [at % 3600 for at in punctual] == [0] * len(punctual)
    assert created(hourly(300), Calm()) == punctual
    assert created(hourly(300), Last()) == [at + 300 for at in punctual]


def test_a_run_that_comes_late_keeps_its_logical_date(hourly):
    late, punctual = simulate(hourly(300), Last()), simulate(hourly(0))
    assert [run.run_id for run in late.dag_runs()] == [run.run_id for run in punctual.dag_runs()]


def test_where_nothing_can_go_another_way_nobody_is_asked(fly, one_task):
    assert not fly(one_task("a", "t"), choices=Calm()).trace.asked
