"""Estimates: a share, a mean or a quantile out of independent simulations, with the interval in
which the truth lies, with a stated confidence.

What one simulation yields (several days, thousands of waits in one queue) is not independent: one
long task delays all that come after it. So each simulation is a *cluster*, and what counts is how
much the clusters differ from each other.

- A share of one run for each simulation: Clopper and Pearson (1934), which is exact, and honest
  where nothing failed: 0 of 100 is "at most 3.6 %", not "0 %".
- A share of many runs for each simulation: the same with the effective number of runs (Korn and
  Graubard 1998): as many independent runs as would vary as much. Where it happened in fewer than
  eight simulations, their variance is not known either, and each simulation counts as one run.
- A mean: Student's t over the clusters, widened for their skewness (Hall 1992): waits have long
  tails, and a symmetric interval lies below the truth too often.
- A quantile: between two order statistics, chosen as for a share: nothing is assumed of the
  distribution. Where there are too few values to bound it, the bound is infinite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, copysign, fsum, inf, isinf, sqrt
from typing import Any

from windtunnel.errors import InvalidInput

FEW = 8
"""Where something happened in fewer simulations than this, its spread over them is unknown."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure that simulations came to, and where the truth lies."""

    value: float
    low: float
    """The truth is at least this, and at most ``high``, with the stated confidence."""
    high: float
    n: int
    """Independent simulations that it stands on."""
    confidence: float
    """0.95: of a hundred such intervals, at least 95 hold the truth, on average."""

    @property
    def half_width(self) -> float:
        """Half the width of the interval, in the unit of the value."""
        return (self.high - self.low) / 2

    def holds(self, truth: float) -> bool:
        """Whether the interval holds this."""
        return self.low <= truth <= self.high


def share(clusters: Sequence[tuple[int, int]], confidence: float = 0.95) -> Estimate:
    """The share of runs (days, task instances) of which something is true.

    Args:
        clusters: For each simulation, of how many it is true, and how many there were.
        confidence: Of the interval, between 0 and 1.

    Raises:
        InvalidInput: there was nothing to count, or SciPy is not installed.
    """
    hits, of = sum(hit for hit, _ in clusters), sum(count for _, count in clusters)
    if not of:
        raise InvalidInput("a share needs at least one run: no simulation had any")
    size, error = _effective(clusters, confidence), (1 - confidence) / 2
    value = hits / of
    below = _share_at(value * size, size, error) if hits else 0.0
    above = 1 - _share_at(size - value * size, size, error) if hits < of else 1.0
    return Estimate(value, below, above, len(clusters), confidence)


def mean(clusters: Sequence[Sequence[float]], confidence: float = 0.95) -> Estimate:
    """The mean over all values (waits, makespans), each of the same weight.

    Args:
        clusters: For each simulation its values; ``inf`` for what never ended, of which the mean is
            infinite.
        confidence: Of the interval, between 0 and 1.

    Raises:
        InvalidInput: there was no value, or SciPy is not installed.
    """
    values = [value for cluster in clusters for value in cluster]
    if not values:
        raise InvalidInput("a mean needs at least one value: no simulation had any")
    count, of = len(clusters), len(values)
    if any(map(isinf, values)):
        return Estimate(inf, inf, inf, count, confidence)
    if min(values) == max(values) and count > 1:
        return Estimate(values[0], values[0], values[0], count, confidence)
    found = fsum(values) / of
    if count == 1:
        return Estimate(found, -inf, inf, 1, confidence)
    # What a cluster adds beside its share of the mean: clusters need not be of one size.
    beside = [(fsum(cluster) - found * len(cluster)) * count / of for cluster in clusters]
    spread = sqrt(fsum(each * each for each in beside) / (count - 1))
    third = fsum(each**3 for each in beside) / count
    skewness = third / (spread * sqrt((count - 1) / count)) ** 3 if spread else 0.0
    most = float(_special().stdtrit(count - 1, (1 + confidence) / 2)) / sqrt(count)
    up = max(most, -_unskewed(-most, skewness, count))
    down = max(most, _unskewed(most, skewness, count))
    return Estimate(found, found - spread * down, found + spread * up, count, confidence)


def quantile(
    clusters: Sequence[Sequence[float]], at: float = 0.95, confidence: float = 0.95
) -> Estimate:
    """The value that a share of all values does not exceed, such as the P95 of landing times.

    Args:
        clusters: For each simulation its values; ``inf`` for what never ended.
        at: The share, between 0 and 1.
        confidence: Of the interval, between 0 and 1.

    Raises:
        InvalidInput: there was no value, or SciPy is not installed.
    """
    ordered = sorted(value for cluster in clusters for value in cluster)
    if not ordered:
        raise InvalidInput("a quantile needs at least one value: no simulation had any")
    of, error = len(ordered), (1 - confidence) / 2
    value = ordered[max(0, ceil(at * of) - 1)]
    # Far out, the few values that are seen don't tell whether they come together; nearer ones do.
    places = sorted({ceil(each * of) - 1 for each in (at, (1 + 2 * at) / 4, 0.5)})
    size = min(_independent(clusters, ordered[max(0, place)], confidence) for place in places)
    # Of `of` values, a place stands for `size / of` independent ones.
    low = _first(of, lambda place: _at_most(place * size / of, size, at) > error)
    high = _first(of, lambda place: 1 - _at_most((place - 1) * size / of, size, at) <= error)
    return Estimate(
        value,
        -inf if low == 0 else min(ordered[low - 1], value),
        inf if high > of else max(ordered[high - 1], value),
        len(clusters),
        confidence,
    )


def _independent(clusters: Sequence[Sequence[float]], value: float, confidence: float) -> float:
    """How many independent values are known as well as these, on which side of a value they are."""
    upto = [(sum(each <= value for each in cluster), len(cluster)) for cluster in clusters]
    return _effective(upto, confidence)


def _effective(clusters: Sequence[tuple[int, int]], confidence: float) -> float:
    """How many independent runs vary as much as these do."""
    kept = [(hits, of) for hits, of in clusters if of]
    count, total = len(kept), sum(of for _, of in kept)
    if count == total:
        return float(total)  # one for each simulation: they are independent
    value = sum(hits for hits, _ in kept) / total
    mixed = min(sum(hits > 0 for hits, _ in kept), sum(hits < of for hits, of in kept))
    if mixed < FEW:
        return float(count)
    beside = fsum((hits - value * of) ** 2 for hits, of in kept)
    variance = beside * count / (count - 1) / total**2
    alone = value * (1 - value)
    quantiles = _special().stdtrit([total - 1, count - 1], (1 + confidence) / 2)
    size = alone / variance if variance else float(total)
    return float(min(size * (quantiles[0] / quantiles[1]) ** 2, total))


def _share_at(hits: float, of: float, error: float) -> float:
    """The share under which so many hits, or more, come with this probability."""
    return float(_special().betaincinv(hits, of - hits + 1, error))


def _at_most(hits: float, of: float, chance: float) -> float:
    """The probability of at most so many hits."""
    if hits < 0:
        return 0.0
    return 1.0 if hits >= of else 1 - float(_special().betainc(hits + 1, of - hits, chance))


def _first(of: int, holds: Any) -> int:
    """The first place from 0 to ``of + 1`` at which something holds that holds from there on."""
    low, high = 0, of + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _unskewed(x: float, skewness: float, count: int) -> float:
    """Hall's transformation (1992), backwards: where the mean of so many skewed values lies, in
    standard deviations, when that of symmetric ones lies at *x*."""
    if abs(skewness) < 1e-9:
        return x
    cube = 1 + skewness * (x - skewness / (6 * count))
    return 3 / skewness * (copysign(abs(cube) ** (1 / 3), cube) - 1)


def _special() -> Any:
    try:
        from scipy import special  # noqa: PLC0415 - only who plans needs it
    except ImportError as error:
        raise InvalidInput("intervals need SciPy: pip install 'windtunnel[plan]'") from error
    return special
