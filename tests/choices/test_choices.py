"""Strategies: each answer is possible, the same seed gives the same answers, and none is blind."""

from __future__ import annotations

import pytest

from windtunnel.choices import (
    STRATEGIES,
    Answer,
    Calm,
    Choices,
    Hints,
    Portfolio,
    Recorder,
    Replayed,
    Stream,
)

ACTORS = [("etl", 0, "load"), ("etl", 0, "clean"), ("report", 0, "build")]


def asked(choices: Choices) -> list[int]:
    found = []
    for number in range(12):
        actor = ("etl", 0, "load", number)
        found.append(choices.among("tie", ACTORS))
        found.append(choices.within("duration", actor, 5, at=10.0, step=1.0))
        found.append(choices.within("jitter", actor[:2], 3, at=1.0, step=1.0))
        found.append(choices.strikes("fault", actor, 3, chance=0.2))
    return found


@pytest.mark.parametrize("name", [*STRATEGIES, "portfolio"])
def test_a_strategy_answers_within_bounds_and_the_same_for_the_same_seed(name: str) -> None:
    def flown() -> list[list[int]]:
        strategy = Portfolio(2) if name == "portfolio" else STRATEGIES[name](2, Hints())
        answers = []
        for number in range(40):
            strategy.begin(Stream(7, name, number))
            answers.append(asked(strategy))
            strategy.end(20.0)
        return answers

    first = flown()
    assert flown() == first
    for answers in first:
        assert all(
            0 <= answer < ways for answer, ways in zip(answers, [3, 5, 3, 3] * 12, strict=True)
        )
    assert len({tuple(answers) for answers in first}) > 5


@pytest.mark.parametrize("name", [*STRATEGIES, "portfolio"])
def test_no_strategy_leaves_a_single_answer_out(name: str) -> None:
    strategy = Portfolio(2) if name == "portfolio" else STRATEGIES[name](2, Hints())
    ties, lengths, faults = set(), set(), set()
    for number in range(400):
        strategy.begin(Stream(3, number))
        ties.add(strategy.among("tie", ACTORS))
        lengths.add(strategy.within("duration", ("etl", 0, "load"), 3, at=2.0, step=1.0))
        faults.add(strategy.strikes("fault", ("etl", 0, "load"), 3, chance=0.2))
        strategy.end(12.0)
    assert ties == {0, 1, 2}
    assert lengths >= {0, 2}
    assert faults == {0, 1, 2}


def test_answers_are_replayed_where_they_belong_and_what_drifted_is_told() -> None:
    recorder = Recorder(STRATEGIES["even"](2, Hints()))
    answers = asked(recorder)
    again = Replayed(recorder.answers)
    assert asked(again) == answers
    assert not again.unused

    gone = Replayed([*recorder.answers, Answer("duration", ("gone", 0, "x"), 0, 2)])
    assert asked(gone) == answers
    assert gone.unused == {("duration", ("gone", 0, "x"), 0)}


def test_no_kept_answer_is_calm() -> None:
    recorder = Recorder(Calm())
    asked(recorder)
    assert recorder.answers == []
    assert asked(Replayed([])) == [0] * 48


def test_even_answers_are_even_and_faults_as_probable_as_said() -> None:
    even = STRATEGIES["even"](0, Hints())
    even.begin(Stream(1))
    counts = [0, 0, 0]
    struck = 0
    for _ in range(3000):
        counts[even.among("tie", ACTORS)] += 1
        struck += bool(even.strikes("fault", ACTORS[0], 2, chance=0.1))
    assert all(900 < count < 1100 for count in counts)
    assert 240 < struck < 360
