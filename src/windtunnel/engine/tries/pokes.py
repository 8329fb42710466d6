"""When a waiting task looks again: the arithmetic of pokes.

From Airflow: ``sdk/bases/sensor.py: execute`` and the standard provider's
``operators/trigger_dagrun.py``. Nothing is simulated between two pokes.
"""

from __future__ import annotations

from collections.abc import Callable

from windtunnel.engine.program import MICRO, micros
from windtunnel.engine.tries.plans import Plan
from windtunnel.model import ExternalTaskSensor, Sensor, TriggerDagRun

Jitter = Callable[[int], int]
"""A large number for each poke, counted from 1: what exponential_backoff spreads pokes with."""

MOST_DOUBLINGS = 60


class FirstPokes:
    """What is remembered of reschedule sensors between their pokes, by task instance, in
    microseconds."""

    def __init__(self) -> None:
        self.first: dict[int, int] = {}
        """When the first poke began, of those that its timeout counts."""
        self.timeout_from: dict[int, int] = {}
        """From when the timeout counts."""
        self.last_us: dict[int, int] = {}
        """How long the last poke took."""

    def note(self, ti: int, began: int, ended: int, *, counts_from: int) -> None:
        """A poke was for nothing."""
        self.last_us[ti] = ended - began
        self.first.setdefault(ti, began)
        self.timeout_from.setdefault(ti, counts_from)

    def forget(self, ti: int) -> None:
        """What comes counts anew."""
        self.first.pop(ti, None)
        self.timeout_from.pop(ti, None)


def poke_until(kind: Sensor, plan: Plan, start: int, jitter: Jitter) -> tuple[int, int]:
    """When a poke-mode sensor that starts now ends, and when it would give up, in microseconds.

    It looks at the end of every poke, at its condition first and then at its timeout.
    """
    gives_up = poke_after(start, plan, kind, start + micros(kind.timeout_s) + 1, jitter)
    if plan.true_at is None:
        return gives_up, gives_up
    return min(poke_after(start, plan, kind, plan.true_at, jitter), gives_up), gives_up


def poke_after(
    started: int,
    plan: Plan,
    kind: TriggerDagRun | Sensor | ExternalTaskSensor,
    instant: int,
    jitter: Jitter,
) -> int:
    """The end of the first poke, at or after an instant, of a try that holds its worker between two
    pokes."""
    step = max(1, micros(kind.poke_interval_s))
    if isinstance(kind, TriggerDagRun):
        return _not_before(started + plan.duration, step, instant)
    if not kind.exponential_backoff:
        return _not_before(started + plan.duration, step + plan.duration, instant)
    at, count = started + plan.duration, 1
    while at < instant:
        at += pause_us(kind, at - started, count, jitter) + plan.duration
        count += 1
    return at


def poke_too_late(
    kind: Sensor | ExternalTaskSensor, ends: int, poke: int, first: int, jitter: Jitter
) -> int:
    """End of the poke at which a reschedule sensor gives up, if it pokes as often as it may: its
    next poke ends at ``ends``, each takes ``poke``, and its timeout counts from ``first``."""
    latest = first + micros(kind.timeout_s) + 1
    if not kind.exponential_backoff:
        return _not_before(ends, max(1, micros(kind.poke_interval_s) + poke), latest)
    while ends < latest:
        ends += reschedule_us(kind, ends - first, jitter) + poke
    return ends


def reschedule_us(kind: Sensor | ExternalTaskSensor, elapsed: int, jitter: Jitter) -> int:
    """Microseconds until the next poke of a sensor that reschedules. With exponential_backoff it
    doesn't remember how often it has poked, and finds out from the time that has passed since it
    began (``sensor.py: _get_next_poke_interval``)."""
    if not kind.exponential_backoff:
        return micros(kind.poke_interval_s)
    count = past = 0
    while past <= elapsed:
        count += 1
        past += micros(_backed_off_s(kind, count, jitter))
    return pause_us(kind, elapsed, count, jitter)


def pause_us(kind: Sensor | ExternalTaskSensor, elapsed: int, count: int, jitter: Jitter) -> int:
    """Microseconds between two pokes of a sensor with exponential_backoff, after its poke number
    ``count``: not longer than what is left of its timeout, nor than ``max_wait``."""
    left_s = kind.timeout_s - elapsed // MICRO
    pause_s = min(left_s, _backed_off_s(kind, count, jitter))
    if kind.max_wait_s:
        pause_s = min(kind.max_wait_s, pause_s)
    return max(1, micros(pause_s))


def _backed_off_s(kind: Sensor | ExternalTaskSensor, count: int, jitter: Jitter) -> int:
    least = max(int(kind.poke_interval_s * 2.0 ** min(count - 2, MOST_DOUBLINGS)), 1)
    return least + jitter(count) % least


def is_poking(kind: Sensor | ExternalTaskSensor, plan: Plan, since: int, jitter: Jitter) -> bool:
    """Whether a sensor in poke mode is in the middle of a poke so long after its start; one in
    another mode does nothing else."""
    if kind.mode != "poke" or kind.deferrable:
        return True
    if kind.exponential_backoff:
        at = poke_after(0, plan, kind, since + 1, jitter)
        return at - plan.duration <= since
    return since % max(1, micros(kind.poke_interval_s) + plan.duration) < plan.duration


def _not_before(first: int, step: int, instant: int) -> int:
    return first + max(0, -(-(instant - first) // step)) * step
