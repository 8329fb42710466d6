"""Durations: from a distribution and one even draw to microseconds.

A duration is a function of the draw alone, so that two simulations with the same draws differ in
nothing but what was changed between them. Results are whole milliseconds where logarithms are
involved: the last digits of those are not the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

from windtunnel.model import (
    Amount,
    Distribution,
    Gamma,
    LogNormal,
    OneOf,
    Sample,
    Triangular,
    Uniform,
    Weibull,
)

MICRO = 1_000_000
EVEN = 1 << 64
"""An even draw is an integer from 0 up to this."""


def drawn_us(given: Distribution, draw: int) -> int:
    """Microseconds of a try, for an even draw."""
    if isinstance(given, Uniform):
        low, high = round(given.low * MICRO), round(given.high * MICRO)
        return low + draw % (high - low + 1)
    if isinstance(given, Sample):
        ordered = sorted(given.values_s)
        return round(ordered[draw * len(ordered) // EVEN] * MICRO)
    even = (draw + 0.5) / EVEN
    return round(_seconds(given, min(even, 1 - 2**-53), draw) * 1000) * 1000


def amount(given: Amount, draw: int) -> float:
    """So much, for an even draw; drawn amounts have six decimals, the same on every machine."""
    if isinstance(given, float | int):
        return float(given)
    even = min((draw + 0.5) / EVEN, 1 - 2**-53)
    if isinstance(given, OneOf):
        return given.values[draw * len(given.values) // EVEN]
    if isinstance(given, Uniform):
        found = given.low + (given.high - given.low) * even
    elif isinstance(given, Triangular):
        found = _triangular(given, even)
    else:
        found = given.median * math.exp(given.sigma * NormalDist().inv_cdf(even))
    return round(found, 6)


def longest_us(given: Distribution) -> int | None:
    """The longest that can be drawn, in microseconds; None if there is no bound."""
    if isinstance(given, Uniform | Triangular):
        return round(given.high * MICRO)
    if isinstance(given, Sample):
        return round(max(given.values_s) * MICRO)
    return None


def _seconds(given: Triangular | LogNormal | Gamma | Weibull, even: float, draw: int) -> float:
    if isinstance(given, Triangular):
        return _triangular(given, even)
    if isinstance(given, LogNormal):
        return given.median_s * math.exp(given.sigma * NormalDist().inv_cdf(even))
    if isinstance(given, Weibull):
        return given.scale_s * math.pow(-math.log1p(-even), 1 / given.shape)
    return _standard_gamma(given.shape, _evens(draw)) * given.mean_s / given.shape


def _evens(draw: int) -> Iterator[float]:
    """More even numbers between 0 and 1 out of one draw (splitmix64)."""
    while True:
        draw = (draw + 0x9E3779B97F4A7C15) % EVEN
        mixed = (draw ^ draw >> 30) * 0xBF58476D1CE4E5B9 % EVEN
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % EVEN
        yield ((mixed ^ mixed >> 31) + 0.5) / (EVEN + 2048)


def _standard_gamma(shape: float, evens: Iterator[float]) -> float:
    """A gamma variate of scale 1 (Marsaglia and Tsang, 2000)."""
    if shape < 1:
        return _standard_gamma(shape + 1, evens) * math.pow(next(evens), 1 / shape)
    third = shape - 1 / 3
    while True:
        normal = NormalDist().inv_cdf(next(evens))
        root = 1 + normal / math.sqrt(9 * third)
        if root <= 0:
            continue
        cube = root**3
        if math.log(next(evens)) < normal * normal / 2 + third * (1 - cube + math.log(cube)):
            return third * cube


def _triangular(given: Triangular, even: float) -> float:
    width, rise = given.high - given.low, given.mode - given.low
    if not width:
        return given.low
    if even <= rise / width:
        return given.low + math.sqrt(even * width * rise)
    return given.high - math.sqrt((1 - even) * width * (given.high - given.mode))
