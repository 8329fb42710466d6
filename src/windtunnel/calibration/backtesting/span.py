"""Span: which stretch of the past is simulated, and from where: at its begin nothing should run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from windtunnel.calibration.past import Past, PastRun
from windtunnel.errors import InvalidInput
from windtunnel.units import clock

SHARE = 2
"""Without a window the last half of what is known is predicted from the first,"""
LONGEST = timedelta(days=7)
"""but not more than this."""
WARM_UP = timedelta(days=1)
"""How far back from the window a moment is looked for at which nothing ran, at least."""
MOMENT = timedelta(minutes=1)
"""A run that was created so long after it was due came in time."""


@dataclass(frozen=True, slots=True)
class Span:
    """A window of the past, and what lies around it."""

    begin: datetime
    """Where the simulation begins. What ran until the window is repeated as it was measured."""
    since: datetime
    """The window: runs that were due from then on,"""
    until: datetime
    """and before this."""
    end: datetime
    """How long is simulated: what was due in the window should end."""
    running: int
    """Dag runs that were running at the begin and are left out."""

    def holds(self, due: datetime | None) -> bool:
        """Whether a run that was due then belongs to the window."""
        return due is not None and self.since <= due < self.until


def due_of(run: PastRun) -> datetime | None:
    """When a run was due: a scheduled one at its ``run_after``, another one when it was asked
    for."""
    return run.run_after if run.run_type == "scheduled" else run.began


CAUGHT_UP = "catchup"
"""The type, here, of scheduled runs whose date lies before all that is known."""


def without_backlog(past: Past) -> Past:
    """The past, in which runs of dates long before it, as catchup makes them, were due when they
    came."""
    first = past.since
    if first is None:
        return past
    runs = (
        run._replace(run_type=CAUGHT_UP, run_after=run.began)
        if run.run_type == "scheduled" and run.run_after and run.run_after < first - MOMENT
        else run
        for run in past.runs
    )
    return replace(past, runs=tuple(runs))


def span_of(past: Past, since: datetime | None, until: datetime | None) -> Span:
    """The window that is asked for, or else the last part of what is known.

    Raises:
        InvalidInput: it is empty, nothing was due in it, or nothing had ended before it.
    """
    first, last = past.since, past.until
    if first is None or last is None:
        raise InvalidInput(f"{past.source}: tells of no dag run")
    until = last if until is None else until
    if since is None:
        since = until - min(LONGEST, (until - max(first, until - SHARE * LONGEST)) / SHARE)
    if since >= until:
        raise InvalidInput(
            f"the window ends at {clock(until)}, before it begins at {clock(since)}; give --since "
            "an earlier date than --until"
        )
    inside = [run for run in past.runs if _is_in(run, since, until)]
    if not inside:
        raise InvalidInput(
            f"no dag run was due from {clock(since)} to {clock(until)} UTC; {past.source} tells of "
            f"{clock(first)} to {clock(last)}"
        )
    begin, running = _begin(past, since, max(WARM_UP, until - since))
    ends = [run.end or last for run in inside]
    longest = max(ends) - since
    return Span(begin, since, until, max(*ends, until) + longest / 2, running)


def _is_in(run: PastRun, since: datetime, until: datetime) -> bool:
    due = due_of(run)
    return due is not None and since <= due < until


def _begin(past: Past, since: datetime, most: timedelta) -> tuple[datetime, int]:
    """The last moment before the window at which nothing ran; if there was none for long, the
    quietest one. And how many ran then."""
    last, earliest = past.until or since, since - most
    known = ((_came(run), run.end or last) for run in past.runs if run.began and run.began < since)
    stays = sorted(stay for stay in known if stay[1] > earliest)
    best, fewest = since, _active(stays, since)
    for came, _ in reversed(stays):
        if fewest == 0 or came < earliest:
            break
        active = _active(stays, came)
        if active < fewest:
            best, fewest = came, active
    return best.replace(microsecond=0), fewest


def _came(run: PastRun) -> datetime:
    """When a run was due, unless it came later for a reason."""
    began = run.began
    assert began is not None
    due = due_of(run)
    return due if due is not None and due <= began <= due + MOMENT else began


def _active(stays: Iterable[tuple[datetime, datetime]], at: datetime) -> int:
    """How many had begun before an instant and not ended by then."""
    return sum(came < at < ended for came, ended in stays)
