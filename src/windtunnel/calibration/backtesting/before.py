"""Before: what was known of the past at an earlier instant, and what changed after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from statistics import median

from windtunnel.calibration.past import Past, PastRun, PastTry
from windtunnel.units import duration

ENOUGH = 5
"""Tries before and in the window from which a change is told."""
CHANGED = 0.25
"""Share by which a task must take longer or shorter."""
SHORT_S = 1.0
"""Changes of less than this are not told."""
SLIGHT = 0.04
"""Share by which all of them must."""
TOLD = 5


def known_before(past: Past, at: datetime) -> Past:
    """The past as somebody would have read it at an instant: nothing later has begun, and what had
    not ended yet has no end."""
    runs = tuple(_run(run, at) for run in past.runs if run.began is not None and run.began < at)
    names = {run.key for run in runs}
    tries = tuple(
        _try(one, at) for one in past.tries if one.run in names and not _begins_later(one, at)
    )
    return replace(
        past,
        runs=runs,
        tries=tries,
        pokes=tuple(poke for poke in past.pokes if poke.end < at and poke.key[:2] in names),
        log=tuple(one for one in past.log if one.at < at),
    )


def _run(run: PastRun, at: datetime) -> PastRun:
    if run.end is not None and run.end >= at:
        return run._replace(end=None, state="running")
    return run


def _begins_later(one: PastTry, at: datetime) -> bool:
    began = one.start or one.queued or one.scheduled
    return began is not None and began >= at


def _try(one: PastTry, at: datetime) -> PastTry:
    if one.end is not None and one.end >= at:
        return one._replace(end=None, state="running")
    return one


def changes(before: Past, window: Past) -> Iterator[str]:
    """Which tasks took another time in the window than before it, the largest change first."""
    old, new = _durations(before), _durations(window)
    found = []
    for task, values in new.items():
        if len(values) < ENOUGH or len(old.get(task, ())) < ENOUGH:
            continue
        was, became = median(old[task]), median(values)
        if abs(became - was) > max(SHORT_S, CHANGED * was):
            found.append((abs(became - was) * len(values), task, was, became))
    for _, (dag_id, task_id), was, became in sorted(found, reverse=True)[:TOLD]:
        yield f"{dag_id}.{task_id} took {duration(became)} then, and {duration(was)} before"


def change_of_all(before: Past, window: Past) -> str:
    """How much longer or shorter tasks took than before, all of them together, each weighed by its
    tries in the window; empty, if about the same."""
    old, new = _durations(before), _durations(window)
    both = sorted(task for task in new if task in old)
    was = sum(len(new[task]) * sum(old[task]) / len(old[task]) for task in both)
    became = sum(sum(new[task]) for task in both)
    change = became / was - 1 if was else 0.0
    if abs(change) < SLIGHT:
        return ""
    return (
        f"all tasks together took {abs(change):.0%} {'more' if change > 0 else 'less'} than before"
    )


def unmeasured(before: Past, window: Past) -> list[str]:
    """Tasks that ran in the window and of which nothing was known before it."""
    old = _durations(before)
    return sorted(
        f"{dag_id}.{task_id}" for dag_id, task_id in _durations(window).keys() - old.keys()
    )


def _durations(past: Past) -> Mapping[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {}
    for one in past.tries:
        if one.seconds is not None and one.state == "success":
            found.setdefault(one.task, []).append(one.seconds)
    return found
