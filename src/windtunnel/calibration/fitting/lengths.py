"""Lengths: measured times, some of them known within bounds only, and what they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from windtunnel.calibration.fitting.laws import (
    KEPT,
    SHORTEST_S,
    Candidate,
    How,
    Lengths,
    best_of,
    rounded,
    stats,
)
from windtunnel.model import Distribution, Sample

FEW = 8
"""Fewer than so many complete ones are a sample, and nothing is fitted to them."""
STEADY = 0.02
"""What varies by no more than this share is constant."""
REFUSED = 0.01
"""A distribution that would be as far from what was measured in one of so many cases is refused."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What times are drawn from, and how well that fits."""

    given: float | Distribution
    how: How
    n: int
    """How many were measured."""
    cut: int
    """How many of them were cut short."""
    mean_s: float
    """Of what is drawn."""
    distance: float | None = None
    """Largest distance between its cumulative distribution and the measured one
    (Kolmogorov-Smirnov); ``None`` where it is the measured one."""
    mean_error: float | None = None
    """How far its mean is from the measured one, as a share of that; ``None`` where some were cut
    short, as there the measured one is not known."""


def fitted(lengths: Lengths) -> Fitted | None:
    """What these times are drawn from; ``None``, if none of them is known to its end.

    A log-normal, gamma or Weibull distribution, whichever makes what was measured likeliest, with
    what was cut short as a lower bound; the measured times themselves, where there are few, or
    where none of the three is near them.

    Raises:
        InvalidInput: SciPy is not installed.
    """
    n, cut = len(lengths), len(lengths.cut)
    known = sorted([*lengths.exact, *((low + high) / 2 for low, high in lengths.between)])
    if not known:
        return None
    low, high = known[0], known[-1]
    if high - low <= max(STEADY * high, SHORTEST_S) and (not cut or max(lengths.cut) <= high):
        middle = rounded(known[len(known) // 2])
        return Fitted(middle, "constant", n, cut, middle)
    if len(known) < FEW:
        return _sample(_reached(lengths, known), n, cut)
    best = best_of(lengths)
    points, shares = _measured(lengths, known)
    distance = _apart(best, lengths) if lengths.between else best.distance(points, shares)
    # Exact where nothing was cut and the parameters were known before: here it accepts too much
    # rather than too little.
    far = float(stats().kstwo.sf(distance, len(known))) < REFUSED
    if far or cut > len(known):
        return _sample(best.filled(points, shares) if cut else known, n, cut)
    mean = sum(known) / len(known)
    error = None if cut else abs(best.mean - mean) / mean
    return Fitted(best.given(), best.name, n, cut, best.mean, distance, error)


def _measured(lengths: Lengths, known: list[float]) -> tuple[Any, Any]:
    """The times that were seen, and which share was at most as long: Kaplan and Meier's estimate,
    where some were cut short."""
    import numpy as np  # noqa: PLC0415

    if not lengths.cut:
        points, counts = np.unique(known, return_counts=True)
        return points, counts.cumsum() / len(known)
    found = stats().ecdf(stats().CensoredData(known, right=lengths.cut)).cdf
    seen = np.isin(found.quantiles, known)
    return found.quantiles[seen], found.probabilities[seen]


def _apart(best: Candidate, lengths: Lengths) -> float:
    """How far a law is at least from times that are known within bounds only: outside of what they
    could have been."""
    import numpy as np  # noqa: PLC0415

    exact = [(one, one) for one in lengths.exact]
    low, high = (np.sort(side) for side in zip(*lengths.between, *exact, strict=True))
    points = np.unique([*low, *high])
    own = best.law.cdf(points)
    most = np.searchsorted(low, points, side="right") / len(low)
    least = np.searchsorted(high, points, side="left") / len(high)
    return float(max((own - most).max(), (least - own).max(), 0.0))


def _reached(lengths: Lengths, known: list[float]) -> list[float]:
    """A few times, in proportion to how likely each is; what was cut short counts with those that
    took longer, else as the longest that is known of it."""
    if not lengths.cut:
        return known
    points, shares = _measured(lengths, known)
    longest = max(*lengths.cut, known[-1])
    found = []
    for n in range(KEPT):
        place = int(shares.searchsorted((n + 0.5) / KEPT))
        found.append(float(points[place]) if place < len(points) else longest)
    return found


def _sample(values: Sequence[float], n: int, cut: int) -> Fitted:
    ordered = sorted(values)
    if len(ordered) > KEPT:
        ordered = [ordered[(2 * k + 1) * len(ordered) // (2 * KEPT)] for k in range(KEPT)]
    kept = tuple(rounded(value) for value in ordered)
    return Fitted(Sample(values_s=kept), "sample", n, cut, sum(kept) / len(kept))
