"""Lives: what each task instance did and waited for, since its run was created, until its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.report.html.segments import FAILED, NOTHING, POKED, RAN, Segment, segments
from windtunnel.trace import TaskInstance, Trace, Waits

TRIES = frozenset({RAN, FAILED, POKED})
"""Segments in which a task instance was on a worker."""


@dataclass(frozen=True, slots=True)
class Life:
    """One task instance."""

    instance: TaskInstance
    run: int
    """Number of its dag run in the trace."""
    segments: tuple[Segment, ...]
    """(what it did or waited for, from_us, to_us), in order of time."""

    @property
    def since_us(self) -> int:
        """When it came to be."""
        return self.segments[0][1]

    @property
    def until_us(self) -> int:
        """When it ended, or the window did."""
        return self.segments[-1][2]


def lives(trace: Trace) -> Iterator[Life]:
    """Of all task instances that there was anything to say of, in order of creation."""
    waits = Waits(trace)
    instances = trace.task_instances()
    found = segments(trace, [waits.of(one.index) for one in instances]).of
    for instance in instances:
        own = tuple(one for one in found[instance.index] if one[0] != NOTHING)
        if own:
            yield Life(instance, trace.ti_run[instance.index], own)


def said(kind: str) -> str:
    """A segment in words: ``running``, ``failed try``, ``waits for pool db``."""
    return kind if kind in TRIES else f"waits for {kind}"
