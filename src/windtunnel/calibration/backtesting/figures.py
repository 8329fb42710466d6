"""Figures: how far what was predicted is from what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

RARE = 0.05
"""Share of predictions at each end that lie outside of their range."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One quantity of the runs of one DAG, in seconds: what it was, and what was predicted. Errors
    are shares of what it was: 0.1 is 10 % too much."""

    runs: int
    """How many runs are compared."""
    actual_s: float
    """The median of what it was."""
    predicted_s: float
    """The median of what was predicted, over all runs and simulations."""
    actual_p95_s: float
    """95 % of the runs took no longer."""
    predicted_p95_s: float
    off: float
    """The median, over runs, of how far the run's own prediction is off, whichever way."""
    bias: float
    """The same with its sign: above 0, too much was predicted."""
    by_chance: float
    """How far off a prediction would be whose every assumption is right: simulations differ as much
    from each other."""
    within: float
    """Share of runs that lie between the least and the most that 90 % of their simulations gave."""

    @property
    def error(self) -> float:
        """Of the predicted median."""
        return _share(self.predicted_s, self.actual_s)

    @property
    def error_p95(self) -> float:
        """Of the predicted 95th percentile."""
        return _share(self.predicted_p95_s, self.actual_p95_s)


def compared(pairs: Sequence[tuple[float, Sequence[float]]]) -> Compared | None:
    """What runs took, each with what its simulations gave; None: there is no run.

    Of a run that no simulation ended, there is nothing to compare.
    """
    known = [(actual, sorted(drawn)) for actual, drawn in pairs if drawn]
    if not known:
        return None
    actual = sorted(one for one, _ in known)
    pooled = sorted(value for _, drawn in known for value in drawn)
    signed = [_share(median(drawn), one) for one, drawn in known]
    chance = [
        abs(_share(value, median(drawn))) for _, drawn in known for value in drawn if len(drawn) > 1
    ]
    ranges = [(quantile(drawn, RARE), quantile(drawn, 1 - RARE)) for _, drawn in known]
    held = [low <= one <= high for (one, _), (low, high) in zip(known, ranges, strict=True)]
    return Compared(
        runs=len(known),
        actual_s=median(actual),
        predicted_s=median(pooled),
        actual_p95_s=quantile(actual, 0.95),
        predicted_p95_s=quantile(pooled, 0.95),
        off=median(abs(one) for one in signed),
        bias=median(signed),
        by_chance=median(chance) if chance else 0.0,
        within=sum(held) / len(held),
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of them lies, between two neighbours where it falls there."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _share(predicted: float, actual: float) -> float:
    """How far off, as a share of what it was; nothing is right where nothing was."""
    if actual <= 0:
        return 0.0 if predicted <= 0 else 1.0
    return (predicted - actual) / actual
