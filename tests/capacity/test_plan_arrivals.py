"""Plans of queues: what arrives from outside is asked about when the queue is warm; days on which
nothing came are no proof that nothing comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import windtunnel
from capacity.closed_form.fleets import Known, exponential, queue, queues
from capacity.closed_form.formulas import waits_at_most
from windtunnel.capacity import Plan
from windtunnel.model import (
    Arrivals,
    Behavior,
    Cluster,
    Dag,
    Deadline,
    Fleet,
    Question,
    Rule,
    Scenario,
    Setting,
    Task,
)


def asked(scenario: Scenario, deadline: Deadline, **given: Any) -> Plan:
    slots = scenario.cluster.parallelism
    vary = (Setting(name="parallelism", values=(slots,)),)
    question = Question(vary=vary, deadlines=(deadline,), **given)
    return windtunnel.plan(scenario, question)


def scenario(*arrivals: Arrivals, takes: float = 60.0, slots: int = 1, **given: Any) -> Scenario:
    dag = Dag(dag_id="d", tasks=(Task(task_id="t"),))
    given = {"duration_s": 3600.0} | given
    return Scenario(
        fleet=Fleet(dags=(dag,)),
        cluster=Cluster(parallelism=slots),
        behavior=Behavior(rules=(Rule(tasks="*", duration_s=takes),)),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        arrivals=arrivals,
        **given,
    )


def deadline(known: Known) -> Deadline:
    if known.what == "within":
        return Deadline(of="d", within_s=known.within_s)
    return Deadline(of="d.*", queued_s=known.within_s)


@pytest.mark.parametrize("known", queues()[:2], ids=lambda known: known.name)
def test_a_plan_of_a_queue_holds_what_is_known_of_it(known: Known) -> None:
    found = asked(known.scenario, deadline(known), share=known.truth - 0.05, days=30)
    (point,) = found.points
    assert point.low <= known.truth <= point.high


def test_a_window_that_is_short_beside_what_the_queue_remembers_is_asked_about_in_general() -> None:
    """Two hours of tasks of a minute on one slot, 90 % of them busy: at first too few wait."""
    busy = queue(exponential(60.0), 0.9, 1, 60.0).model_copy(update={"duration_s": 7200.0})
    truth = waits_at_most(0.9 / 60, 60.0, 1, 300.0)
    found = asked(busy, Deadline(of="d.*", queued_s=300.0), share=0.6, days=30)
    (point,) = found.points
    assert point.low <= truth <= point.high
    assert [one.assumed for one in found.assumptions if one.subject == "before the window"]
    later = busy.model_copy(
        update={
            "duration_s": busy.duration_s + point.warm_up.seconds,
            "seed": point.late_seeds[0],
        }
    )
    assert max(task.waited for task in windtunnel.simulate(later).tasks("d.t")) > timedelta(
        minutes=5
    )


def test_where_more_arrives_than_ends_it_is_told_with_which_settings() -> None:
    heavy = queue(exponential(60.0), 1.3, 1, 60.0)
    vary = (Setting(name="parallelism", values=(1, 2)),)
    question = Question(vary=vary, deadlines=(Deadline(of="d.*", queued_s=600.0),), share=0.8)
    found = windtunnel.plan(heavy, question)
    (told,) = (one for one in found.assumptions if one.subject == "queues that grow")
    assert "parallelism = 1" in told.assumed
    assert "parallelism = 2" not in told.assumed
    assert found.answer is not None
    assert dict(found.answer.settings) == {"parallelism": 2}


def test_two_days_on_which_nothing_came_are_not_all_days() -> None:
    rare = scenario(Arrivals(dag_id="d", per_hour=0.3), takes=300.0)
    found = asked(rare, Deadline(of="d", within_s=400), share=0.9, days=20)
    assert found.drawn
    assert found.points[0].days > 2


def test_what_comes_at_fixed_times_and_is_not_drawn_is_on_time_or_not() -> None:
    steady = scenario(Arrivals(dag_id="d", every_s=50.0), takes=60.0)
    found = asked(steady, Deadline(of="d.*", queued_s=10.0), share=0.5, days=20)
    assert found.points[0].high < 0.5


def test_by_the_hour_of_the_day_nothing_is_left_out() -> None:
    busy = tuple(30.0 if hour < 12 else 0.0 for hour in range(24))
    day = scenario(Arrivals(dag_id="d", per_hour=busy), duration_s=86400.0)
    found = asked(day, Deadline(of="d.*", queued_s=60.0), share=0.5, days=10)
    assert not [one for one in found.assumptions if one.subject == "before the window"]
    assert found.points[0].kept[0].due == pytest.approx(360 * found.points[0].days, rel=0.1)


def test_of_those_that_may_still_be_on_time_when_the_window_ends_none_counts() -> None:
    """One slot, an hour of work each: of two that come at once the second waits past the end."""
    two = scenario(
        Arrivals(dag_id="d", every_s=1200.0, until_s=1300.0),
        Arrivals(dag_id="d", every_s=1200.0, until_s=1300.0),
        takes=3600.0,
    )
    found = asked(two, Deadline(of="d.*", queued_s=1800.0), share=0.5, days=2)
    kept = found.points[0].kept[0]
    assert (kept.late, kept.due) in ((found.points[0].days, 2 * found.points[0].days), (1, 2))
    later = asked(two, Deadline(of="d.*", queued_s=2399.0), share=0.5, days=2)
    assert later.points[0].estimate == 0.5
