"""Looks: when to look at simulations that are still being made, and when they are enough.

Whoever looks at a 95 % interval after each simulation, and stops when they like it, holds the truth
less often than in 95 % of cases. So the looks are planned before the first simulation, and share
the error that is allowed: each may err as often as simulations have come since the look before
(linear alpha spending, after Lan and DeMets 1983). The errors of all looks together are then at
most the error that was asked for (Bonferroni), wherever one stops, for whatever reason: nothing is
assumed of how the looks depend on each other. As each look comes after twice as many simulations as
the one before, the last may spend half of the error, and its interval is some 15 % wider than that
of somebody who never looked; in return most questions stop long before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from windtunnel.capacity.estimating.estimate import Estimate
from windtunnel.errors import InvalidInput

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Looks:
    """After how many simulations one looks, and how sure one must be at each of these looks."""

    at: tuple[int, ...]
    """Simulations made at each look, growing; there are no more than at the last."""
    confidence: float = 0.95
    """That the intervals of all looks, and of all ``settings``, hold the truth."""
    settings: int = 1
    """How many settings are looked at beside each other, of which one is picked: whoever picks the
    best of several is fooled more often, so they share the error, too."""

    def __post_init__(self) -> None:
        if not self.at or list(self.at) != sorted(set(self.at)) or self.at[0] < 1:
            raise InvalidInput(f"looks at {self.at}: numbers of simulations, growing")
        if not 0 < self.confidence < 1:
            raise InvalidInput(f"confidence {self.confidence}: between 0 and 1, such as 0.95")

    def level(self, look: int) -> float:
        """The confidence of the interval of one look, the first being 0."""
        new = self.at[look] - (self.at[look - 1] if look else 0)
        return 1 - (1 - self.confidence) * new / self.at[-1] / self.settings


def growing(
    first: int, most: int, *, growth: float = 2.0, confidence: float = 0.95, settings: int = 1
) -> Looks:
    """Looks after *first* simulations, then each after *growth* times as many, up to *most*."""
    at = [most]
    while at[-1] / growth >= max(first, 1):
        at.append(round(at[-1] / growth))
    return Looks(tuple(sorted(set(at))), confidence, settings)


def is_enough(
    found: Estimate, *, precision: float | None = None, required: float | None = None
) -> bool:
    """Whether an estimate answers the question.

    Args:
        found: The estimate of this look.
        precision: It does if the interval reaches at most so far to either side, on average.
        required: It does if the truth is on one side of this, such as a share of 0.99.
    """
    precise = precision is not None and found.half_width <= precision
    decided = required is not None and (found.low >= required or found.high < required)
    return precise or decided


def look_until(
    more: Callable[[int, int], Sequence[Value]],
    estimate: Callable[[Sequence[Value], float], Estimate],
    looks: Looks,
    enough: Callable[[Estimate], bool],
) -> Estimate:
    """Simulate until it is enough, or there are no more looks.

    Args:
        more: Simulates from the number of the first to, and without, that of the last.
        estimate: What all simulations come to so far, with a confidence.
        looks: When to look.
        enough: Whether this answers the question.
    """
    made: list[Value] = []
    for look, upto in enumerate(looks.at):
        made.extend(more(len(made), upto))
        found = replace(estimate(made, looks.level(look)), confidence=looks.confidence)
        if enough(found):
            break
    return found
