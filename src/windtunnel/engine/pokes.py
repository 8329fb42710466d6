"""When a waiting task looks again: the arithmetic of pokes.

From Airflow: ``sdk/bases/sensor.py: execute`` and the standard provider's
``operators/trigger_dagrun.py``. Nothing is simulated between two pokes.
"""

from __future__ import annotations

from windtunnel.engine.plans import Plan
from windtunnel.engine.program import micros
from windtunnel.model import ExternalTaskSensor, Sensor, TriggerDagRun


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


def poke_until(kind: Sensor, plan: Plan, start: int) -> tuple[int, int]:
    """When a poke-mode sensor that starts now ends, and when it would give up, in microseconds.

    It looks at the end of every poke, at its condition first and then at its timeout.
    """
    first = start + plan.duration
    step = max(1, micros(kind.poke_interval_s) + plan.duration)
    gives_up = _not_before(first, step, start + micros(kind.timeout_s) + 1)
    if plan.true_at is None:
        return gives_up, gives_up
    return min(_not_before(first, step, plan.true_at), gives_up), gives_up


def poke_after(
    started: int, plan: Plan, kind: TriggerDagRun | ExternalTaskSensor, instant: int
) -> int:
    """The first poke, at or after an instant, of a try that waits for another DAG."""
    step = max(1, micros(kind.poke_interval_s))
    if isinstance(kind, ExternalTaskSensor):
        step += plan.duration
    return _not_before(started + plan.duration, step, instant)


def poke_too_late(kind: Sensor | ExternalTaskSensor, ends: int, poke: int, first: int) -> int:
    """End of the poke at which a reschedule sensor gives up, if it pokes as often as it may: its
    next poke ends at ``ends``, each takes ``poke``, and its timeout counts from ``first``."""
    step = max(1, micros(kind.poke_interval_s) + poke)
    return _not_before(ends, step, first + micros(kind.timeout_s) + 1)


def is_poking(kind: Sensor | ExternalTaskSensor, plan: Plan, since: int) -> bool:
    """Whether a sensor in poke mode is in the middle of a poke so long after its start; one in
    another mode does nothing else."""
    if kind.mode != "poke" or kind.deferrable:
        return True
    return since % max(1, micros(kind.poke_interval_s) + plan.duration) < plan.duration


def _not_before(first: int, step: int, instant: int) -> int:
    return first + max(0, -(-(instant - first) // step)) * step
