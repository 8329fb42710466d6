"""Looks: who looks again and again, and stops when they like it, is still right as often as they
say."""

from __future__ import annotations

import numpy as np
import pytest

from windtunnel.capacity import (
    Estimate,
    Looks,
    growing,
    is_enough,
    look_until,
    mean,
    share,
)
from windtunnel.errors import InvalidInput


def stopped_wrong(chance: float, looks: Looks, required: float, repetitions: int) -> int:
    """How often the interval at which one stops does not hold the truth."""
    wrong = 0
    for seed in range(repetitions):
        luck = np.random.default_rng(seed)

        def more(first, last, luck=luck):
            return [(int(hit), 1) for hit in luck.random(last - first) < chance]

        found = look_until(more, share, looks, lambda one: is_enough(one, required=required))
        wrong += not found.holds(chance)
    return wrong


def test_a_decision_by_many_looks_is_wrong_at_most_as_often_as_was_asked() -> None:
    looks = Looks(tuple(range(20, 401, 20)))
    assert stopped_wrong(0.9, looks, 0.9, 300) <= 15


def test_without_sharing_the_error_many_looks_would_be_wrong_too_often() -> None:
    class Careless(Looks):
        def level(self, look):
            return self.confidence

    assert stopped_wrong(0.9, Careless(tuple(range(20, 401, 20))), 0.9, 300) > 15


def test_stopping_at_a_precision_keeps_the_confidence() -> None:
    looks, wrong = growing(25, 400), 0
    for seed in range(300):
        luck = np.random.default_rng(seed)

        def more(first, last, luck=luck):
            return [[value] for value in luck.exponential(1, last - first)]

        found = look_until(more, mean, looks, lambda one: is_enough(one, precision=0.2))
        wrong += not found.holds(1.0)
    assert wrong <= 15


def test_what_is_clear_takes_few_simulations() -> None:
    made = []

    def more(first, last):
        made.append(last)
        return [(1, 1)] * (last - first)

    found = look_until(more, share, growing(50, 3200), lambda one: is_enough(one, required=0.5))
    assert made == [50]
    assert (found.n, found.confidence) == (50, 0.95)


@pytest.mark.parametrize("first", [1, 30, 50, 400])
def test_all_looks_together_may_err_as_often_as_was_asked(first) -> None:
    looks = growing(first, 400, growth=1.5, confidence=0.9, settings=4)
    assert looks.at[-1] == 400
    assert looks.at[0] >= first
    errors = [1 - looks.level(look) for look in range(len(looks.at))]
    assert sum(errors) == pytest.approx(0.1 / 4)


def test_enough_is_a_precision_or_a_side() -> None:
    found = Estimate(0.985, 0.98, 0.99, 400, 0.95)
    assert is_enough(found, precision=0.0051)
    assert not is_enough(found, precision=0.004)
    assert is_enough(found, required=0.98)
    assert is_enough(found, required=0.991)
    assert not is_enough(found, required=0.985)
    assert not is_enough(found)


@pytest.mark.parametrize("at", [(), (0, 5), (10, 5), (5, 5)])
def test_looks_that_do_not_grow_are_refused(at) -> None:
    with pytest.raises(InvalidInput, match="growing"):
        Looks(at)


def test_a_confidence_is_between_0_and_1() -> None:
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        Looks((10,), confidence=95)
