"""Formulas: what queueing theory knows of waits and landing times, in closed form.

Arrivals come as a Poisson process of rate *lam*; a try takes *service* on average; there are *c*
slots. Sources: Erlang (1909, 1917), Pollaczek (1930), Khinchine (1932); any textbook on queues.
"""

from __future__ import annotations

from math import exp, factorial, floor


def erlang_c(lam: float, service: float, c: int) -> float:
    """The share that has to wait (M/M/c)."""
    load = lam * service
    all_busy = load**c / factorial(c) / (1 - load / c)
    return all_busy / (sum(load**k / factorial(k) for k in range(c)) + all_busy)


def waits_at_most(lam: float, service: float, c: int, t: float) -> float:
    """The share that waits at most *t* for a slot (M/M/c, first come first served)."""
    return 1 - erlang_c(lam, service, c) * exp(-(c / service - lam) * t)


def mean_wait(lam: float, service: float, c: int) -> float:
    """M/M/c."""
    return erlang_c(lam, service, c) / (c / service - lam)


def lands_within(lam: float, service: float, c: int, t: float) -> float:
    """The share whose wait and service take at most *t* together (M/M/c)."""
    delayed, rate, spare = erlang_c(lam, service, c), 1 / service, c / service - lam
    if abs(spare - rate) < 1e-12:
        return 1 - exp(-rate * t) * (1 + delayed * rate * t)
    tail = exp(-rate * t) + delayed * rate / (spare - rate) * (exp(-rate * t) - exp(-spare * t))
    return 1 - tail


def mean_wait_one_slot(lam: float, service: float, variation: float) -> float:
    """M/G/1 (Pollaczek and Khinchine); *variation* is the squared coefficient of variation of the
    service: 1 if it is exponential, 0 if it is always the same."""
    load = lam * service
    return load * service * (1 + variation) / 2 / (1 - load)


def waits_at_most_fixed(lam: float, service: float, t: float) -> float:
    """M/D/1 (Erlang)."""
    parts = (
        (lam * (k * service - t)) ** k / factorial(k) * exp(-lam * (k * service - t))
        for k in range(floor(t / service) + 1)
    )
    return (1 - lam * service) * sum(parts)


def stages_at_most(means: tuple[float, ...], t: float) -> float:
    """The chance that exponential stages, one after the other, of these different means take at
    most *t* (hypoexponential)."""
    rates = [1 / mean for mean in means]
    found = 1.0
    for rate in rates:
        weight = 1.0
        for other in rates:
            weight *= 1.0 if other is rate else other / (other - rate)
        found -= weight * exp(-rate * t)
    return found


def all_at_most(mean: float, count: int, t: float) -> float:
    """The chance that the longest of so many exponential ones takes at most *t*."""
    return (1 - exp(-t / mean)) ** count


def erlang_at_most(mean: float, count: int, t: float) -> float:
    """The chance that so many exponential ones of one mean, one after the other, take at most
    *t*."""
    return 1 - exp(-t / mean) * sum((t / mean) ** k / factorial(k) for k in range(count))
