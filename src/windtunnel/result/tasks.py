"""Tasks: what became of a task instance, and how it reads in a test that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from windtunnel.result.failed import why_failed
from windtunnel.result.limits import check_limit, limits_of
from windtunnel.result.path.spent import told
from windtunnel.result.path.words import of_instance
from windtunnel.result.record import Record
from windtunnel.trace import TaskInstance, TaskState, Wait
from windtunnel.units import duration

Told = Callable[[], list[str]]
"""What is to be known, line by line; asked for only if somebody wants to know."""


def _nothing() -> list[str]:
    return []


class State(str):
    """A state, in Airflow's word. It is text, and knows what led to it (``told``), so that a test
    that fails on it can say so."""

    __slots__ = ("told",)

    told: Told

    def __new__(cls, word: str, told: Told = _nothing) -> State:
        """The word, and who knows how it came to that."""
        made = super().__new__(cls, word)
        made.told = told
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # What led to it needs the whole simulation, and stays behind where a state is copied.
        return str, (str(self),)


class Waited(timedelta):
    """How long something waited for a limit: a timedelta that says so."""

    limit: str

    def __new__(cls, seconds: float, limit: str) -> Waited:
        """So many seconds for this limit."""
        made = super().__new__(cls, seconds=seconds)
        made.limit = limit
        return made

    def __reduce__(self) -> tuple[type[timedelta], tuple[int, int, int]]:
        return timedelta, (self.days, self.seconds, self.microseconds)

    def __repr__(self) -> str:
        return f"<{duration(self.total_seconds())} for {self.limit}>"


@dataclass(frozen=True, repr=False)
class Task:
    """What became of one task instance; times are datetimes in UTC."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one."""
    run: str
    state: str
    try_number: int
    map_index: int
    started: datetime | None
    """Start of its last try."""
    ended: datetime | None
    waited_on: tuple[Wait, ...]
    """Where its time went before it started, limit by limit."""
    max_tries: int = 1
    """Tries that it may have: the first one and its retries."""
    about: tuple[Record, TaskInstance] | None = field(default=None, compare=False)
    """The simulation that it is of."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state, self.told))

    @property
    def queued(self) -> datetime | None:
        """When its last try was given to the executor; None if none was."""
        if self.about is None:
            return None
        record, instance = self.about
        changes = record.changes.get(instance.index, [])
        queued = [at for _, at, state in changes if state == TaskState.QUEUED]
        return record.trace.at(queued[-1]) if queued else None

    @property
    def took(self) -> timedelta | None:
        """How long its last try ran; None if it has not ended."""
        if self.started is None or self.ended is None:
            return None
        return self.ended - self.started

    @property
    def why(self) -> str:
        """Why it failed, as far as the simulation knows: ``execution_timeout``, ``worker lost``,
        the last line of a traceback, the fault that failed it, what failed upstream; else empty."""
        return "" if self.about is None else why_failed(*self.about)

    @property
    def waited(self) -> timedelta:
        """How long it waited for limits, and all else that is not an upstream task."""
        return timedelta(seconds=sum(w.seconds for w in self.waited_on if w.limit != "upstream"))

    def waited_for(self, limit: str) -> Waited:
        """How long it waited for one limit: ``pool db``, ``max_active_runs``, ``worker slots``,
        ``upstream``; see ``Wait.limit`` for all. If it did not, that is a timedelta of 0, which is
        false::

            assert not run.task("etl.load").waited_for("pool db")
            assert run.task("etl.load").waited_for("pool db") < timedelta(minutes=5)

        Raises:
            InvalidInput: there is no such limit; the message names those that there are.
        """
        if self.about is not None:
            check_limit(limit, limits_of(self.about[0].scenario))
        return Waited(sum(w.seconds for w in self.waited_on if w.limit == limit), limit)

    def told(self) -> list[str]:
        """What became of it, and how its time went by, line by line, for people."""
        head = f"{self.name} of {self.run}: {self._ending()}"
        return [head, *(told(of_instance(*self.about), named=False) if self.about else ())]

    def __repr__(self) -> str:
        return f"<Task {self.name} of {self.run}: {self._ending()}{self._waits()}>"

    def _ending(self) -> str:
        tried = self.max_tries > 1 and self.try_number
        tries = f" in try {self.try_number} of {self.max_tries}" if tried else ""
        return f"{self.state!s}{tries}" + (f" ({self.why})" if self.why else "")

    def _waits(self) -> str:
        spent: dict[str, float] = {}
        for wait in self.waited_on:
            if wait.limit != "upstream":
                spent[wait.limit] = spent.get(wait.limit, 0.0) + wait.seconds
        longest = sorted(spent.items(), key=lambda one: -one[1])[:2]
        said = ", ".join(f"{duration(seconds)} for {limit}" for limit, seconds in longest)
        return f"; waited {said}" if said else ""


def task_of(record: Record, instance: TaskInstance) -> Task:
    """What became of a task instance."""
    at, task = record.trace.at, record.task(instance)
    return Task(
        instance.name,
        instance.run,
        instance.state,
        instance.try_number,
        instance.map_index,
        None if instance.started_us is None else at(instance.started_us),
        None if instance.ended_us is None else at(instance.ended_us),
        tuple(record.waits.of(instance.index)),
        1 if task is None else task.retries + 1,
        (record, instance),
    )


@dataclass(frozen=True)
class Failure:
    """A try of a real callable that ended with an exception (``--execute`` only)."""

    dag_id: str
    task_id: str
    map_index: int
    run: str
    try_number: int
    state: str
    """What the task instance became: ``failed``, ``up_for_retry``, ``skipped``."""
    at: datetime
    traceback: str
    """From the callable's own frames on."""

    @property
    def name(self) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        suffix = f"[{self.map_index}]" if self.map_index >= 0 else ""
        return f"{self.dag_id}.{self.task_id}{suffix}"
