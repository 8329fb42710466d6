"""Which settings are simulated, and what is said of the others; nobody simulates anything here."""

from __future__ import annotations

import pytest

from windtunnel.capacity import make_plan
from windtunnel.engine.luck import draw
from windtunnel.model import Deadline, Question, Setting


@pytest.fixture
def planned(night):
    """``planned(chance, **values)``: a plan where the deadline holds with such a chance."""

    def planned(chance, *, share=0.9, days=400, precision=None, codes=lambda **_: (), **values):
        asked = set()

        def answer(settings, day):
            given = {name.replace(" ", "_"): value for name, value in settings}
            asked.add(settings)
            lucky = draw(0, "fake", day) % 10_000 < chance(**given) * 10_000
            return {
                "on_time": [int(lucky)], "due": [1], "landed": [[60.0]],
                "waits": {}, "codes": list(codes(**given)), "peak": 1, "busy_s": 60.0,
                "print": day,
            }  # fmt: skip

        vary = tuple(
            Setting(name=name.replace("_", " "), values=tuple(each))
            for name, each in values.items()
        )
        deadline = Deadline(of="report", within_s=3600)
        plan = make_plan(
            night(),
            Question(vary=vary, deadlines=(deadline,), share=share, days=days, precision=precision),
            simulate=lambda items: [answer(settings, day) for settings, day, _ in items],
        )
        found = None if plan.answer is None else tuple(v for _, v in plan.answer.settings)
        return found, plan, asked

    return planned


def test_of_few_values_each_before_the_answer_is_refused(planned):
    found, plan, _ = planned(lambda workers: 0.5 if workers < 4 else 0.99, workers=range(1, 9))
    assert found == (4,)
    assert [one.verdict for one in plan.points[:3]] == ["no"] * 3
    assert plan.searched == "Of 8 settings the 3 that are wanted more were tried, too."


def test_a_smaller_value_that_is_enough_is_found_even_if_larger_ones_are_not(planned):
    found, plan, _ = planned(lambda workers: 0.99 if workers == 2 else 0.5, workers=range(1, 9))
    assert found == (2,)
    assert plan.points[4].verdict == "no"


def test_many_values_are_halved_and_the_neighbours_of_the_answer_tried(planned):
    found, plan, asked = planned(
        lambda workers: 0.5 if workers < 40 else 0.99, workers=range(1, 65)
    )
    assert found == (40,)
    assert {(("workers", n),) for n in (38, 39, 41)} <= asked
    assert len(asked) < 30
    assert "by bisection; as far as they show, more is never worse." in plan.searched


def test_where_more_is_worse_again_that_is_told(planned):
    found, plan, _ = planned(
        lambda workers: 0.99 if workers in range(20, 40) else 0.5, workers=range(1, 65)
    )
    assert found is None or found[0] in range(20, 40)
    assert "worse again" in plan.searched or found is None


def test_where_the_most_of_all_is_too_much_what_is_between_is_found(planned):
    """So many that what they let run starves the rest."""
    found, plan, _ = planned(lambda workers: 0.99 if workers <= 19 else 0.3, workers=range(1, 41))
    assert found == (1,)
    found, plan, _ = planned(
        lambda workers: 0.99 if 6 <= workers <= 19 else 0.3, workers=range(1, 41)
    )
    assert found == (6,)
    assert "worse again" in plan.searched


def test_what_is_said_of_the_answer_is_what_its_row_says(planned):
    found, plan, _ = planned(lambda workers: 0.2 * workers, workers=range(1, 6), share=0.5)
    (row,) = (one for one in plan.points if one.settings == plan.answer.settings)
    assert row == plan.answer
    assert dict(row.settings) == {"workers": found[0]}


def test_how_many_days_more_would_tell_is_about_right(planned):
    """As with that many it is told, though each day has one run only."""
    _, plan, _ = planned(lambda workers: 0.97, workers=[1], share=0.95, days=60)
    more = plan.perhaps.more_days
    assert 100 < more < 5000
    _, later, _ = planned(lambda workers: 0.97, workers=[1], share=0.95, days=60 + 3 * more)
    assert later.answer is not None


def test_of_many_choices_an_optimiser_proposes_some(planned):
    """Two settings that make up for each other: eight by ten is enough, and nothing less."""
    found, plan, asked = planned(
        lambda workers, worker_slots: 0.99 if workers * worker_slots >= 80 else 0.4,
        workers=range(1, 21), worker_slots=range(1, 21),
    )  # fmt: skip
    assert found is not None
    workers, slots = found
    assert workers * slots >= 80
    assert (workers - 1) * slots < 80
    assert workers * (slots - 1) < 80
    assert len(asked) < 300
    assert "differential evolution" in plan.searched
    assert plan.searched.endswith("one step less of any is not enough.")


def test_the_search_is_the_same_each_time(planned):
    def chance(workers, worker_slots):
        return 0.99 if workers * worker_slots >= 80 else 0.4

    values = {"workers": range(1, 16), "worker_slots": range(1, 16)}
    assert planned(chance, **values)[1:] == planned(chance, **values)[1:]


def test_what_cannot_be_told_is_told_and_the_next_one_that_is_enough_is_named(planned):
    found, plan, _ = planned(
        lambda workers: {1: 0.3, 2: 0.9}.get(workers, 1.0), workers=range(1, 4), days=100
    )
    assert found == (3,)
    assert dict(plan.perhaps.settings) == {"workers": 2}
    assert plan.perhaps.low < 0.9 <= plan.perhaps.high
    assert plan.perhaps.more_days is not None
    assert plan.perhaps.more_days > 0


def test_a_setting_with_which_something_deadlocks_is_no_answer(planned):
    found, plan, _ = planned(
        lambda workers: 1.0, workers=range(1, 4),
        codes=lambda workers: ["WT101"] if workers == 1 else ["WT301"],
    )  # fmt: skip
    assert found == (2,)
    assert plan.points[0].findings[0][0] == "WT101"
    assert [one.what for one in plan.points[0].kept][-1] == "no deadlock, nothing used up"
    assert plan.points[0].verdict == "no"


def test_the_interval_at_the_answer_gets_as_narrow_as_was_asked(planned):
    _, wide, _ = planned(lambda workers: 0.97, workers=[1], days=2000)
    _, narrow, _ = planned(lambda workers: 0.97, workers=[1], days=2000, precision=0.015)
    assert (wide.answer.high - wide.answer.low) / 2 > 0.015
    assert (narrow.answer.high - narrow.answer.low) / 2 <= 0.015
    assert narrow.answer.days > wide.answer.days


def test_the_knee_is_where_more_brings_little(planned):
    shares = {1: 0.1, 2: 0.6, 3: 0.95, 4: 0.97, 5: 0.98, 6: 0.99}
    _, plan, _ = planned(lambda workers: shares.get(workers, 1.0), workers=range(1, 7), share=0.5)
    assert dict(plan.knee.settings) == {"workers": 3}


def test_the_wrong_one_is_hardly_ever_called_enough(planned):
    """A setting just below the share that is asked for, looked at again and again."""
    wrong = 0
    for shift in range(40):

        def chance(workers, shift=shift):
            return 0.89 if workers == 1 else 1.0

        found, _, _ = planned(chance, workers=[1, 2], days=60 + shift)
        wrong += found == (1,)
    assert wrong <= 2
