"""Past: what a deployment did, as its metadata database or an export of it tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class PastRun(NamedTuple):
    """One dag run. Instants are aware, in UTC; ``None``: there was none, or it wasn't kept."""

    dag_id: str
    run_id: str
    run_type: str
    """``scheduled``, ``manual``, ``backfill``, ``asset_triggered`` (2.x: ``dataset_triggered``)."""
    state: str | None
    logical_date: datetime | None
    """2.x: ``execution_date``."""
    run_after: datetime | None
    """When it was due. 2.x doesn't keep it: of a scheduled run it is the end of its data interval,
    of another one when it was queued."""
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    queued: datetime | None
    """When it was created, or cleared last (``queued_at``)."""
    start: datetime | None
    end: datetime | None
    triggered_by: str | None = None
    """3.x: ``cli``, ``operator``, ``rest_api``, ``ui``, ``asset``, ``backfill``, ``timetable``."""
    cleared: int = 0
    """How often it was cleared (``clear_number``)."""
    conf: bool = False
    """Whether somebody gave it a conf; what stood in it is not read."""

    @property
    def key(self) -> tuple[str, str]:
        """Its DAG and its id."""
        return self[:2]

    @property
    def began(self) -> datetime | None:
        """When it came to be: queued, or if that was not kept, started or due."""
        return self.queued or self.start or self.run_after


class PastTry(NamedTuple):
    """One try of a task instance, or a task instance that never ran (no ``start``).

    Of a try that deferred, or was rescheduled, ``start`` is the first start and ``queued`` the last
    time it was queued, so ``queued`` may be later than ``start``.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    state: str | None
    """How it ended, ``failed`` for a try that was retried, too; or as far as it is."""
    scheduled: datetime | None
    """3.x: when its upstream let it go (``scheduled_dttm``)."""
    queued: datetime | None
    start: datetime | None
    end: datetime | None
    pool: str
    pool_slots: int
    queue: str
    priority_weight: int
    operator: str
    hostname: str
    """Of the worker."""
    executor: str | None
    """``None``: the default one."""
    last: bool = True
    """Whether it is the task instance's latest try."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Its task instance."""
        return self[:4]

    @property
    def run(self) -> tuple[str, str]:
        """Its dag run."""
        return self[:2]

    @property
    def task(self) -> tuple[str, str]:
        """Its DAG and task."""
        return self.dag_id, self.task_id

    @property
    def seconds(self) -> float | None:
        """From its start to its end."""
        if self.start is None or self.end is None:
            return None
        return (self.end - self.start).total_seconds()


class Poke(NamedTuple):
    """One look of a sensor in mode reschedule that found nothing yet (``task_reschedule``)."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    end: datetime
    next_poke: datetime
    """When it asked to look again (``reschedule_date``)."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Its task instance."""
        return self[:4]


class Happened(NamedTuple):
    """One line of the audit log (``log``) about a try that defers: ``running`` or ``deferred``."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    event: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of some dag runs and what ran in them, in the order of their ids."""

    source: str
    """Where it was read, without a password."""
    release: str
    """``2.x`` or ``3.x``, by the form of the tables."""
    runs: tuple[PastRun, ...]
    tries: tuple[PastTry, ...]
    pokes: tuple[Poke, ...] = ()
    log: tuple[Happened, ...] = ()
    """Empty where the audit log was cleaned or is not in the export."""
    lacking: tuple[str, ...] = ()
    """What the source doesn't have, in words."""

    def tries_by_task(self) -> Iterator[tuple[tuple[str, str], list[PastTry]]]:
        """The tries of each task, tasks in order of their names."""
        found: dict[tuple[str, str], list[PastTry]] = {}
        for one in self.tries:
            found.setdefault(one.task, []).append(one)
        yield from sorted(found.items())

    @property
    def since(self) -> datetime | None:
        """When the first of its runs came to be."""
        return min(_known(run.began for run in self.runs), default=None)

    @property
    def until(self) -> datetime | None:
        """The last instant that it tells of: what runs then has not ended yet."""
        instants = (i for one in self.tries for i in (one.end, one.start, one.queued))
        ends = (i for run in self.runs for i in (run.end, run.start, run.queued))
        return max((*_known(instants), *_known(ends)), default=None)


def _known(instants: Iterable[datetime | None]) -> list[datetime]:
    return [instant for instant in instants if instant is not None]


@dataclass(frozen=True, slots=True)
class Window:
    """Which dag runs are read: those that came to be from *since* on, and before *until*."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, run: PastRun) -> bool:
        """Whether a run is one of them."""
        if run.began is None:
            return self == Window()
        after = self.since is None or run.began >= self.since
        return after and (self.until is None or run.began < self.until)
