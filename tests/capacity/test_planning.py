"""Plans of fleets whose answer can be counted by hand, and questions that nobody can answer."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.model import ManualRun


def values(point):
    return dict(point.settings)


def test_without_luck_the_least_that_is_enough_is_known_after_one_day(night):
    """Ten hours of work until 05:00 take two workers: each of them does five."""
    plan = wt.plan(night(), vary="workers=1..4", deadlines="report by 05:01", share="99%")

    assert values(plan.answer) == {"workers": 2}
    assert (plan.answer.estimate, plan.answer.low, plan.answer.high) == (1, 1, 1)
    assert [one.verdict for one in plan.points] == ["no", "yes", "yes", "yes"]
    assert [one.days for one in plan.points] == [1, 1, 1, 1]
    assert plan.answer.kept[0].usual_s == 5 * 3600
    assert not plan.drawn


def test_a_deadline_is_missed_by_what_lands_in_its_instant(night):
    plan = wt.plan(night(), vary="workers=1..4", deadlines="report by 05:00")
    assert values(plan.answer) == {"workers": 3}


def test_what_binds_is_told_for_each_setting(night):
    plan = wt.plan(night(count=5), vary="pool db=2,20", deadlines="report within 2h1m")
    small, large = plan.points
    assert small.binds == "pool db"
    assert large.binds == "worker slots"
    # Two at a time in the pool: 0, 0, 1, 1, 2, 2, 3, 3, 4 and 4 hours.
    assert dict(small.waits)["pool db"] == pytest.approx(20 * 3600)
    assert values(plan.answer) == {"pool db": 20}


def test_several_settings_are_kept_small_in_the_order_in_which_they_are_named(night):
    one = wt.plan(
        night(), vary=["workers=1..5", "worker slots=1..5"], deadlines="report within 2h1m"
    )
    other = wt.plan(
        night(), vary=["worker slots=1..5", "workers=1..5"], deadlines="report within 2h1m"
    )
    assert values(one.answer) == {"workers": 1, "worker slots": 5}
    assert values(other.answer) == {"worker slots": 1, "workers": 5}


def test_with_luck_the_answer_is_sure_and_the_same_for_the_same_seed(night, varied):
    scenario = night(varied, tasks=4)
    asked = {"vary": "workers=1..4", "deadlines": "report by 02:00", "share": 0.9, "days": 300}
    plan = wt.plan(scenario, **asked)

    assert values(plan.answer) == {"workers": 2}
    assert plan.answer.low >= 0.9
    assert plan.points[0].high < 0.9
    assert plan.drawn
    assert plan == wt.plan(scenario, **asked)
    assert plan != wt.plan(scenario, seed=1, **asked)


def test_all_settings_meet_the_same_days(night, varied):
    """More workers than tasks change nothing, and so the same days are late."""
    plan = wt.plan(
        night(varied, tasks=2, count=2), vary="workers=2,3", deadlines="report by 00:50",
        share=0.5, days=20,
    )  # fmt: skip
    two, three = plan.points
    assert two.late_seeds[: len(three.late_seeds)] == three.late_seeds[:3]


def test_each_run_of_a_longer_window_counts(night):
    plan = wt.plan(night(days=3), vary="workers=1,2", deadlines="report by 06:00")
    assert [one.kept[0].due for one in plan.points] == [3, 3]
    assert values(plan.answer) == {"workers": 2}


def test_a_run_whose_deadline_comes_after_the_window_is_left_out_and_told(night):
    plan = wt.plan(night(hours=30), vary="workers=1,2", deadlines="report within 8h")
    assert [one.kept[0].due for one in plan.points] == [1, 1]
    said = {one.subject: one.assumed for one in plan.assumptions}
    assert "left out" in said["report within 8h"]


def test_a_run_that_is_never_made_is_late(night):
    """One run takes 100 hours, and no other is made beside it: those that were due are lost."""
    scenario = night(36000.0, days=3)
    dag = scenario.fleet.dags[0].model_copy(update={"max_active_runs": 1})
    fleet = scenario.fleet.model_copy(update={"dags": (dag,)})
    plan = wt.plan(
        scenario.model_copy(update={"fleet": fleet}),
        vary="workers=1", deadlines="report within 23h",
    )  # fmt: skip
    (point,) = plan.points
    assert (point.kept[0].due, point.kept[0].late, point.verdict) == (3, 3, "no")
    assert plan.answer is None


def test_what_lands_exactly_within_the_time_is_on_time_and_before_a_time_of_day_is_strict(night):
    """Ten tasks of an hour on five slots: two hours, and not a moment more."""
    asked = {"vary": "workers=4..6", "share": 0.9}
    assert values(wt.plan(night(), deadlines="report within 2h", **asked).answer) == {"workers": 5}
    plan = wt.plan(night(), deadlines="report by 02:00", **asked)
    assert plan.answer is None
    more = wt.plan(night(), vary="workers=10", deadlines="report by 02:00", share=0.9)
    assert more.answer is not None


def test_a_schedule_that_is_moved_has_the_deadline_that_it_had(night):
    """At 00:15 an hour's work begins that has to be done at one: not on time, and not with the next
    day's one o'clock either."""
    plan = wt.plan(
        night(3500.0, count=10, hours=72),
        vary="offset of report=0..75 step 15", deadlines="report by 01:00", share=0.9,
    )  # fmt: skip
    assert [one.verdict for one in plan.points] == ["yes"] + ["no"] * 5
    assert wt.plan(
        night(3500.0, count=10), vary="offset of report=0,75", deadlines="report by 01:00",
        share=0.9,
    ).answer.settings == (("offset of report", 0),)  # fmt: skip


def test_how_long_tasks_are_queued_is_a_share_of_task_instances(night):
    """One after the other: of ten tasks one waits 0 h, one 1 h, one 2 h."""
    plan = wt.plan(night(), vary="workers=1..3", deadlines="report.* queued at most 2h", share=0.65)
    assert (plan.points[0].kept[0].due, plan.points[0].kept[0].late) == (10, 7)
    assert values(plan.answer) == {"workers": 3}


def test_what_costs_least_is_the_answer_where_workers_have_a_price(night):
    """Two workers for six hours of each, or one with twice the slots."""
    asked = {
        "vary": ["worker slots=1..3", "workers=1..3"],
        "deadlines": "report within 5h1m",
        "cost_per_worker_hour": 0.5,
    }
    plan = wt.plan(night(), **asked)
    assert values(plan.answer) == {"worker slots": 2, "workers": 1}
    assert plan.answer.cost == 12.0
    assert plan.answer.busy_worker_hours == 5.0


def test_a_task_may_have_the_deadline(night):
    plan = wt.plan(night(), vary="workers=1,2", deadlines="report.t0 within 1h1m")
    assert values(plan.answer) == {"workers": 1}


def test_a_dag_without_a_schedule_counts_each_run(night):
    scenario = night()
    dag = scenario.fleet.dags[0].model_copy(update={"schedule": None})
    scenario = scenario.model_copy(
        update={
            "fleet": scenario.fleet.model_copy(update={"dags": (dag,)}),
            "manual_runs": (ManualRun(dag_id="report"), ManualRun(dag_id="report", at_s=39600.0)),
        }
    )
    plan = wt.plan(scenario, vary="workers=1,2", deadlines="report within 11h")
    assert [one.kept[0].due for one in plan.points] == [2, 2]
    assert values(plan.answer) == {"workers": 1}
    daily = wt.plan(scenario, vary="workers=1,2", deadlines="report by 06:00")
    assert [(one.kept[0].due, one.kept[0].late) for one in daily.points] == [(1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"deadlines": "report by 05:00"}, "nothing may vary; say --vary"),
        ({"vary": "workers=1,2"}, "nothing has to be on time; say --deadline"),
        ({"vary": "workers=1,2", "deadlines": "reprt by 05:00"}, "no such DAG; did you mean 're"),
        ({"vary": "workers=1,2", "deadlines": "report.x by 05:00"}, "no such task"),
        ({"vary": "workers=1,2", "deadlines": "etl.* queued at most 1m"}, "matches no task"),
        ({"vary": "workers=1,2", "deadlines": "report by noon"}, "'noon' is no time of day"),
        ({"vary": "workers=1,2", "deadlines": "report soon"}, "write 'report by 07:00'"),
        ({"vary": "workers=1,2", "deadlines": "report within 25h"}, "no run can have it"),
        ({"vary": "pool x=1,2", "deadlines": "report by 05:00"}, "pool x: no such pool"),
        ({"vary": "workers=1..70", "deadlines": "report by 05:00"}, "from 1 to 64 values"),
        ({"vary": "workers=0..1", "deadlines": "report by 05:00"}, "0 is too small"),
        ({"vary": "workers=3..1", "deadlines": "report by 05:00"}, "1..3"),
        (
            {"vary": "workers=1..3", "deadlines": "report by 05:00", "elastic": True},
            "what an hour of one costs",
        ),
        ({"vary": "workers=9999999999", "deadlines": "report by 05:00"}, "100000 is the largest"),
        ({"vary": ["workers=1", "workers=2"], "deadlines": "report by 05:00"}, "said twice"),
        ({"vary": "workers=1", "deadlines": "report by 05:00", "share": "120%"}, "no share"),
        ({"vary": "workers=1", "deadlines": "report by 05:00", "days": 0}, "days=0"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_asked_is_told_with_what_to_do(night, asked, says):
    with pytest.raises(InvalidInput, match=says):
        wt.plan(night(), **asked)


def test_a_dag_that_is_not_due_in_the_window_is_told(night):
    scenario = night(hours=5)
    later = scenario.model_copy(update={"start": scenario.start.replace(hour=3)})
    with pytest.raises(InvalidInput, match="no run of report is due in the window"):
        wt.plan(later, vary="workers=1,2", deadlines="report by 05:00")
