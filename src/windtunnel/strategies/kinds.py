"""Kinds: what a drawn task is. Which DAG or task it speaks of is drawn as a number, to which any
fleet gives a meaning: so no draw is ever out of range, and a DAG that is left out harms none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from windtunnel.model import (
    Branch,
    Deferrable,
    Empty,
    ExternalTaskSensor,
    LatestOnly,
    Sensor,
    ShortCircuit,
    TriggerDagRun,
    Work,
)
from windtunnel.model.dag import WEEK_S, Kind
from windtunnel.strategies.drawing import HOUR_S, MINUTE_S, Draw, maybe, one_of, pick, rarely
from windtunnel.strategies.features import Feature

WAYS_TO_WAIT: tuple[dict[str, Any], ...] = ({}, {"mode": "reschedule"}, {"deferrable": True})
DELTAS_S = (0.0, HOUR_S, -HOUR_S)
ITSELF = 4
"""The number that means the DAG itself where DAGs trigger another."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands in its fleet."""

    names: tuple[str, ...]
    """The dag_ids of the fleet."""
    sizes: tuple[int, ...]
    """How many tasks each of them has."""
    dag: int

    def next_but(self, number: int) -> int:
        """The DAG after this one (0), the one after that, and so on in a circle."""
        return (self.dag + 1 + number) % len(self.names)


Sketch = Callable[[Place], Kind]
"""A kind as soon as it has a place."""


def _external_sensor(draw: Draw, timeout_s: st.SearchStrategy[float]) -> Sketch:
    dag, task = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    options = {
        **pick(draw, WAYS_TO_WAIT),
        "timeout_s": draw(timeout_s),
        "execution_delta_s": maybe(draw, one_of(DELTAS_S), 4) or 0.0,
        "soft_fail": rarely(draw, 6),
        "failed_states": ("failed",) if rarely(draw) else (),
    }

    def placed(place: Place) -> Kind:
        other = place.next_but(dag)
        tasks = (f"t{(task - 1) % place.sizes[other]}",) if task else ()
        return ExternalTaskSensor(
            external_dag_id=place.names[other], external_task_ids=tasks, **options
        )

    return placed


def _trigger(draw: Draw) -> Sketch:
    """Of a later DAG, or of its own if it waits for that: so there are no runs without end."""
    number = draw(st.integers(0, ITSELF))
    options = {"wait_for_completion": draw(st.booleans()), "deferrable": rarely(draw)}

    def placed(place: Place) -> Kind:
        later = place.names[place.dag + 1 :]
        if number == ITSELF:
            itself = place.names[place.dag]
            return TriggerDagRun(trigger_dag_id=itself, **{**options, "wait_for_completion": True})
        return (
            TriggerDagRun(trigger_dag_id=later[number % len(later)], **options) if later else Work()
        )

    return placed


def _sensor(draw: Draw, timeout_s: st.SearchStrategy[float]) -> Kind:
    return Sensor(
        **pick(draw, WAYS_TO_WAIT),
        poke_interval_s=pick(draw, (60.0, 30.0, 300.0)),
        timeout_s=draw(timeout_s),
        soft_fail=rarely(draw, 6),
        exponential_backoff=rarely(draw, 8),
    )


def _options(draw: Draw, features: frozenset[Feature]) -> Iterator[tuple[int, Callable[[], Any]]]:
    """How likely each kind is, compared with the others, and how it is drawn."""
    timeout_s: st.SearchStrategy[float] = st.just(WEEK_S)
    if "timeouts" in features:
        timeout_s = one_of((WEEK_S, 30 * MINUTE_S, 2 * HOUR_S))
    yield 4, Work
    if "external_sensors" in features:
        yield 3, lambda: _external_sensor(draw, timeout_s)
    if "trigger_dag_run" in features:
        yield 3, lambda: _trigger(draw)
    if "sensors" in features:
        yield 2, lambda: _sensor(draw, timeout_s)
    if "deferrable" in features:
        yield 2, lambda: Deferrable(timeout_s=maybe(draw, one_of((600.0, 3600.0)), 4))
    if "branches" in features:
        yield 1, Branch
        yield 1, lambda: ShortCircuit(ignore_downstream_trigger_rules=not rarely(draw))
        yield 1, LatestOnly
    yield 1, Empty


def drawn_kind(draw: Draw, features: frozenset[Feature]) -> Sketch:
    """Of one task; shrinks to ordinary work."""
    options = [way for share, way in _options(draw, features) for _ in range(share)]
    found = pick(draw, options)()
    return found if callable(found) else lambda _: found
