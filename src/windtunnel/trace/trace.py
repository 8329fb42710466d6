"""Trace: what happened, in compact columns, and the questions one may ask of it.

Times are integer microseconds since the scenario's start. A task instance is a number; its run, its
task and its map index are columns; its states are in the history.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from windtunnel.trace.decisions import Decision
from windtunnel.trace.history import History
from windtunnel.trace.holds import Holds
from windtunnel.trace.snapshot import Snapshot
from windtunnel.trace.states import RunState, TaskState
from windtunnel.trace.touches import Touches
from windtunnel.units import duration


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One dag run, as it was created."""

    dag: int
    """Index into ``Trace.dag_ids``."""
    run_id: str
    """Airflow's run_id."""
    run_type: str
    logical_date: datetime | None
    run_after: datetime
    created_us: int
    data_interval: tuple[datetime, datetime] | None = None
    number: int | None = None
    """Of runs that assets started: which one of its DAG, from 1."""

    @property
    def name(self) -> str:
        """A name that depends neither on the release nor on when things happen: scheduled and
        backfill runs by logical date, those that assets started by number, others by run_id."""
        if self.number is not None:
            return f"assets#{self.number}"
        if self.run_type not in ("scheduled", "backfill") or self.logical_date is None:
            return self.run_id
        return f"{self.run_type}@{self.logical_date.isoformat()}"


@dataclass(frozen=True, slots=True)
class AssetEvent:
    """One update of an asset that some DAG waits for."""

    at_us: int
    asset: str
    ti: int | None = None
    """The task instance whose success it was; None: something outside of the fleet."""


@dataclass(frozen=True, slots=True)
class Event:
    """One state change. ``task_id`` is None if it is the run's."""

    at_us: int
    dag_id: str
    run: str
    state: str
    task_id: str | None = None
    map_index: int = -1
    try_number: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Wait:
    """A stretch of time in which a task instance or a run did not go on, and the limit that said
    no.

    ``limit`` is one of: ``upstream``, ``depends_on_past``, ``pool NAME``, ``max_active_tasks``,
    ``parallelism``, ``worker slots``, ``pod creation``, ``nodes``, ``max_active_runs``,
    ``max_active_tis_per_dag``, ``retry delay``, ``reschedule``, ``trigger``, ``scheduler`` (no loop
    yet), ``executor`` (on its way to a worker), ``resource NAME`` (of the scenario).
    """

    limit: str
    from_us: int
    to_us: int

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.to_us - self.from_us) / 1e6

    def __repr__(self) -> str:
        return f"<Wait {duration(self.seconds)} for {self.limit}>"


@dataclass(frozen=True, slots=True)
class Output:
    """What a real callable printed, up to its next sleep or its end; and which one it was."""

    at_us: int
    dag_id: str
    run: str
    task_id: str
    map_index: int
    try_number: int
    text: str

    @property
    def name(self) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        return _name(self.dag_id, self.task_id, self.map_index)


@dataclass(frozen=True, slots=True)
class NotCarried:
    """A value that a real callable wanted to hand over by an XCom, and that could not be."""

    at_us: int
    dag_id: str
    run: str
    task_id: str
    map_index: int
    key: str
    type: str
    """Full name of the class that can't be carried."""
    size: int | None
    """Bytes, if it is only too large."""
    pushed_by: str | None = None
    """The task that pushed it, if it was carried and can't be made again by this one."""

    @property
    def name(self) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        return _name(self.dag_id, self.task_id, self.map_index)


@dataclass(frozen=True, slots=True)
class LostRun:
    """A run of its own that something was due for and that nobody made, nor ever will."""

    at_us: int
    """When it was known: the run after it was made, or the trigger was refused."""
    dag: int
    """Index into ``Trace.dag_ids``."""
    cause: Literal["skipped", "exists"]
    """``skipped``: its time passed, and the schedule went on to a later one (``catchup=False``);
    ``exists``: there was a run of this run_id, or of this logical date."""
    run: int
    """Index of the run that is there: the one after it, or the one that exists."""
    due: datetime | None = None
    """``skipped``: when it was due."""
    ti: int | None = None
    """``exists``: the task instance that asked for it."""


@dataclass(slots=True)
class Stray:
    """A process that goes on although its try is over for Airflow, and what it does from then on,
    it does beside its own retry."""

    ti: int
    try_number: int
    since_us: int
    until_us: int | None
    """None: still there when the trace ends."""
    why: str
    """Why its try was given up."""


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """What became of one task instance by the end of the trace."""

    dag_id: str
    run: str
    task_id: str
    map_index: int
    state: str
    try_number: int
    started_us: int | None
    """Start of its last try."""
    ended_us: int | None
    index: int

    @property
    def name(self) -> str:
        """``dag_id.task_id``, with the map index in brackets if it has one."""
        return _name(self.dag_id, self.task_id, self.map_index)


def _name(dag_id: str, task_id: str, map_index: int) -> str:
    return f"{dag_id}.{task_id}" + (f"[{map_index}]" if map_index >= 0 else "")


@dataclass(frozen=True, slots=True)
class DagRun:
    """What became of one dag run by the end of the trace."""

    dag_id: str
    run: str
    run_id: str
    run_type: str
    logical_date: datetime | None
    state: str
    queued_us: int
    started_us: int | None
    ended_us: int | None
    index: int


@dataclass(slots=True)
class Trace:
    """All that a simulation leaves behind."""

    start: datetime
    end_us: int = 0
    complete: bool = False
    """Whether nothing more could ever happen (as opposed to: the window ended)."""
    dag_ids: tuple[str, ...] = ()
    task_ids: tuple[tuple[str, ...], ...] = ()
    pools: tuple[tuple[str, ...], ...] = ()
    """Pool of each task, by DAG."""
    past: tuple[dict[int, tuple[int, ...]], ...] = ()
    """By DAG: each task with depends_on_past, and its direct upstream tasks."""
    runs: list[RunRecord] = field(default_factory=list)
    ti_run: array[int] = field(default_factory=lambda: array("i"))
    ti_task: array[int] = field(default_factory=lambda: array("i"))
    ti_map: array[int] = field(default_factory=lambda: array("i"))
    ti_weight: array[int] = field(default_factory=lambda: array("i"))
    """The effective priority weight."""
    history: History = field(default_factory=History)
    """Every state change, in order."""
    reasons: dict[int, str] = field(default_factory=dict)
    """Event number -> why (what Airflow says of a run's change; a traceback of a real callable)."""
    bindings: list[tuple[str, int, int]] = field(default_factory=list)
    """(limit, from_us, to_us): stretches in which a limit kept at least one task instance or run
    waiting."""
    held_runs: dict[int, int] = field(default_factory=dict)
    """By index of a run that ``max_active_runs`` held back after it was created: until when (us).
    From then on it only waited for the scheduler to look."""
    executor_events: list[tuple[int, int, str]] = field(default_factory=list)
    """(when, task instance, what): what became of a task instance's message or pod that is no state
    of its own: ``redelivered``, ``refused: ...``, ``revoked``, ``not sent``."""
    pauses: list[tuple[int, str, int, int]] = field(default_factory=list)
    """(task instance, resource, from_us, to_us): stretches in which a try waited on its worker for
    a resource of the scenario."""
    touches: Touches = field(default_factory=Touches)
    """What tries with steps read and wrote."""
    holds: Holds = field(default_factory=Holds)
    """What tries took of the scenario's resources, and gave back."""
    snapshots: list[Snapshot] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    """What somebody chose to go another way than it usually does, in order."""
    asked: Counter[str] = field(default_factory=Counter)
    """How many ``ties``, ``lengths``, ``amounts`` and ``chances`` somebody was asked about."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    """(when, what and why): what somebody asked for and Airflow would not do."""
    asset_events: list[AssetEvent] = field(default_factory=list)
    triggered_by: dict[int, int] = field(default_factory=dict)
    """By index of a run that a task instance triggered: that task instance."""
    lost_runs: list[LostRun] = field(default_factory=list)
    """Runs that were asked for and are not there, in order."""
    consumed: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By index of a run that assets started: numbers of the events that it got
    (``triggering_asset_events``)."""
    output: list[Output] = field(default_factory=list)
    """What real callables printed, in order (``--execute`` only)."""
    not_carried: list[NotCarried] = field(default_factory=list)
    """Values that could not go through an XCom, in order (``--execute`` only)."""

    struck: list[int] = field(default_factory=list)
    """For each fault of the scenario: how often it struck something."""
    strays: list[Stray] = field(default_factory=list)
    """Processes that outlived their tries, in order."""

    def at(self, us: int) -> datetime:
        """The instant, as a datetime in UTC."""
        return self.start + timedelta(microseconds=us)

    def due(self, run: int) -> datetime:
        """When a run was due, by its number, in UTC: one of a backfill when somebody asked for it,
        whatever its dates."""
        made = self.runs[run]
        if made.run_type == "backfill":
            return self.at(made.created_us).astimezone(UTC)
        return made.run_after.astimezone(UTC)

    def events(self) -> Iterator[Event]:
        """Every state change in order; the try number is the one that Airflow's database holds
        then."""
        tries: dict[int, int] = {}
        last: dict[int, int] = {}
        for number, (at, who, state) in enumerate(self.history):
            if who < 0:
                record = self.runs[~who]
                yield Event(
                    at,
                    self.dag_ids[record.dag],
                    record.name,
                    RunState(state).label,
                    reason=self.reasons.get(number),
                )
                continue
            by_hand = number in self.reasons
            if begins_try(last.get(who, TaskState.NONE), state, by_hand=by_hand):
                tries[who] = tries.get(who, 0) + 1
            last[who] = state
            record = self.runs[self.ti_run[who]]
            yield Event(
                at,
                self.dag_ids[record.dag],
                record.name,
                TaskState(state).label,
                self.task_ids[record.dag][self.ti_task[who]],
                self.ti_map[who],
                tries.get(who, 0),
                self.reasons.get(number),
            )

    def task_instances(self) -> list[TaskInstance]:
        """Every task instance, in order of creation."""
        count = len(self.ti_run)
        state, tries = [0] * count, [0] * count
        started: list[int | None] = [None] * count
        ended: list[int | None] = [None] * count
        for number, (at, who, new) in enumerate(self.history):
            if who < 0:
                continue
            if begins_try(state[who], new, by_hand=number in self.reasons):
                tries[who] += 1
            if new == TaskState.RUNNING:
                started[who], ended[who] = at, None
            elif TaskState.SUCCESS <= new <= TaskState.UP_FOR_RETRY:
                ended[who] = at
            state[who] = new
        return [
            TaskInstance(
                self.dag_ids[(record := self.runs[self.ti_run[i]]).dag],
                record.name,
                self.task_ids[record.dag][self.ti_task[i]],
                self.ti_map[i],
                TaskState(state[i]).label,
                tries[i],
                started[i],
                ended[i],
                i,
            )
            for i in range(count)
        ]

    def dag_runs(self) -> list[DagRun]:
        """Every dag run, in order of creation."""
        count = len(self.runs)
        state = [0] * count
        started: list[int | None] = [None] * count
        ended: list[int | None] = [None] * count
        for at, who, new in self.history:
            if who >= 0:
                continue
            state[~who] = new
            if new == RunState.RUNNING:
                started[~who], ended[~who] = at, None
            elif new >= RunState.SUCCESS:
                ended[~who] = at
        return [
            DagRun(
                self.dag_ids[record.dag],
                record.name,
                record.run_id,
                record.run_type,
                record.logical_date,
                RunState(state[i]).label,
                record.created_us,
                started[i],
                ended[i],
                i,
            )
            for i, record in enumerate(self.runs)
        ]


_KEEPS_TRY = frozenset({TaskState.UP_FOR_RESCHEDULE, TaskState.DEFERRED, TaskState.QUEUED})
"""Leaving these for ``scheduled`` does not begin a new try (``models/dagrun.py: schedule_tis``)."""


def begins_try(old: int, new: int, *, by_hand: bool) -> bool:
    """Whether this change raises the try number. An EmptyOperator succeeds without the executor;
    nothing gives a reason for that, as it does where somebody marks a task instance."""
    if new == TaskState.SCHEDULED:
        return old not in _KEEPS_TRY
    return new == TaskState.SUCCESS and old == TaskState.NONE and not by_hand
