"""Quantiles: the lengths and amounts that a search may choose among, from shortest to longest.

What has no bounds is taken from its 0.1 % to its 99.9 % quantile.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from windtunnel.engine.tries.durations import EVEN, MICRO, amount, drawn_us
from windtunnel.model import Amount, Distribution, Gamma, OneOf, Sample, Uniform

WAYS = 16
TAIL = 0.001


def lengths_us(given: Distribution) -> tuple[int, ...]:
    """Microseconds, shortest first, each as likely as the others; one if there is no choice."""
    if isinstance(given, Sample):
        values = sorted(set(given.values_s))
        return tuple(round(value * MICRO) for value in _some(values))
    if isinstance(given, Uniform):
        low, high = round(given.low * MICRO), round(given.high * MICRO)
        spread = (low + (high - low) * way // (WAYS - 1) for way in range(WAYS))
    elif isinstance(given, Gamma):
        spread = (_gamma_us(given, even) for even in _evens(TAIL))
    else:
        bounded = hasattr(given, "high")
        spread = (drawn_us(given, int(even * EVEN)) for even in _evens(0 if bounded else TAIL))
    return tuple(dict.fromkeys(spread))


def amounts(given: Amount) -> tuple[float, ...]:
    """As for lengths."""
    if isinstance(given, float | int):
        return (float(given),)
    if isinstance(given, OneOf):
        return tuple(_some(sorted(set(given.values))))
    tail = 0 if hasattr(given, "high") else TAIL
    return tuple(dict.fromkeys(amount(given, int(even * EVEN)) for even in _evens(tail)))


def _evens(tail: float) -> list[float]:
    """Even numbers from the one tail to the other; the largest stays below 1."""
    width = 1 - 2 * tail
    return [min(tail + width * way / (WAYS - 1), 1 - 2**-53) for way in range(WAYS)]


def _some(values: list[float]) -> list[float]:
    """At most so many of them, with the first and the last."""
    last = len(values) - 1
    if last < WAYS:
        return values
    return [values[last * way // (WAYS - 1)] for way in range(WAYS)]


def _gamma_us(given: Gamma, even: float) -> int:
    """Wilson and Hilferty's approximation (1931): near enough for where to look."""
    ninth = 1 / (9 * given.shape)
    cube = 1 - ninth + NormalDist().inv_cdf(even) * math.sqrt(ninth)
    return round(max(cube, 0.0) ** 3 * given.mean_s * 1000) * 1000
