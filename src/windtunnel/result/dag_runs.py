"""Dag runs: what became of one, and whether it landed in time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from windtunnel import trace
from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_duration
from windtunnel.model.moments import next_time
from windtunnel.result.path import CriticalPath, critical_path, told, worst
from windtunnel.result.record import Record
from windtunnel.result.tasks import State, Task, task_of
from windtunnel.units import clock, duration

Deadline = str | time | datetime | timedelta
"""A time of day, an instant, or how long after it was due."""
WRONG = (
    "write a time of day, '06:00' (in the DAG's timezone) or '06:00Z', a date and time, "
    "'2026-03-02T06:00', or how long after it was due, '+4h'"
)
LONGEST = 230
"""Of a repr: pytest cuts what is longer in the middle."""


@dataclass(frozen=True, repr=False)
class DagRun(trace.DagRun):
    """What became of one dag run."""

    record: Record = field(compare=False)
    """The simulation that it is of."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state, self.told))

    @property
    def due(self) -> datetime:
        """When it was due, in UTC: a scheduled one at the end of its data interval, or at its tick
        (``run_after``); one that is triggered or backfilled when somebody asked for it."""
        return self.record.due(self.index)

    @property
    def started(self) -> datetime | None:
        """When it started to run, in UTC; later than it was created where max_active_runs holds it
        back; None if it never did."""
        return None if self.started_us is None else self.record.trace.at(self.started_us)

    @property
    def ended(self) -> datetime | None:
        """When it ended, in UTC; None if it has not, in this window."""
        return None if self.ended_us is None else self.record.trace.at(self.ended_us)

    @property
    def landed(self) -> datetime | None:
        """When it ended with success, in UTC; None if it has not ended, or failed: then nothing has
        landed."""
        return self.ended if self.state == "success" else None

    @property
    def landing_time(self) -> timedelta | None:
        """How long after it was due it landed, as in Airflow's Landing Times; None if it has not
        landed."""
        return None if self.landed is None else max(self.landed - self.due, timedelta())

    def tasks(self) -> list[Task]:
        """Its task instances, in the order of the DAG."""
        return [task_of(self.record, one) for one in self.record.of_run(self.index)]

    def landed_before(self, deadline: Deadline) -> Landing:
        """Whether it ended with success earlier than that. A run that failed, or has not ended, has
        not landed.

        ::

            assert run.dag_run("etl").landed_before("06:00")

        Args:
            deadline: A time of day, ``"06:00"`` or a `datetime.time`: the first such time after the
                run was due, in the timezone of the DAG's schedule, unless it names one itself
                (``"06:00Z"``). An instant, ``"2026-03-02T06:00"`` or a `datetime.datetime`, in that
                timezone, too. Or how long after it was due: ``"+4h"`` or a `datetime.timedelta`.

        Raises:
            InvalidInput: it is none of these.
        """
        return Landing(self, self._instant(deadline), str(deadline))

    def _instant(self, deadline: Deadline) -> datetime:
        zone = self.record.zone(self.dag_id)
        if isinstance(deadline, str):
            deadline = _read(deadline)
        if isinstance(deadline, timedelta):
            return self.due + deadline
        if isinstance(deadline, datetime):
            named = deadline if deadline.tzinfo else deadline.replace(tzinfo=zone)
            return named.astimezone(UTC)
        if not isinstance(deadline, time):
            raise InvalidInput(f"landed_before({deadline!r}): {WRONG}")
        return next_time(deadline, self.due, zone)

    def told(self) -> list[str]:
        """What became of it and where its time went, line by line, for people."""
        return [f"{self.dag_id} {self.run}: {self._ending()}", *self.course()]

    def course(self) -> list[str]:
        """The chain of waits and tasks that decided when it ended, line by line, for people."""
        return told(self.critical_path().links, own=self.run)

    def critical_path(self) -> CriticalPath:
        """What decided when it ended, or what it waits for if it has not: link after link, from
        when it was due, also through other DAGs. Their lengths add up to the landing time."""
        return critical_path(self.record, self.index)

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} {self.run}: {self._ending()}>"

    def _ending(self) -> str:
        ended = "" if self.ended is None else f" at {clock(self.ended, beside=self.due)}"
        failed = [one.name for one in self.tasks() if one.state == "failed"]
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        why = f", {failed[0]} failed{more}" if failed and self.state == "failed" else ""
        return f"{self.state!s}{ended}, due {clock(self.due)} UTC{why}"


@dataclass(frozen=True, repr=False)
class Landing:
    """Whether a run landed before its deadline; it is true or false, and says by how much."""

    run: DagRun
    deadline: datetime
    """In UTC."""
    asked: str
    """The deadline as it was given."""

    def __bool__(self) -> bool:
        landed = self.run.landed
        return landed is not None and landed < self.deadline

    @property
    def margin(self) -> timedelta | None:
        """How long before the deadline it landed, negative if it landed later; None if it has not
        landed."""
        return None if self.run.landed is None else self.deadline - self.run.landed

    def told(self) -> list[str]:
        """The answer, and where the time went, line by line, for people."""
        return [f"{self._answer()}.", *self.run.course()]

    def __repr__(self) -> str:
        said = f"<{self._answer()}"
        if not self:
            cost = f": {worst(self.run.critical_path().links)}"
            said += cost if len(said) + len(cost) < LONGEST else ""
        return f"{said}>"

    def _answer(self) -> str:
        run, margin = self.run, self.margin
        name = f"{run.dag_id} {run.run}"
        deadline = f"{clock(self.deadline, beside=run.due)} UTC"
        if margin is None:
            return f"{name} has not landed by {deadline}: it {self._instead()}"
        late = duration(abs(margin.total_seconds()))
        way = "before" if margin > timedelta() else "after"
        at = clock(self.run.landed or run.due, beside=run.due)
        return f"{name} landed at {at}, {late} {way} {deadline}"

    def _instead(self) -> str:
        run = self.run
        if run.ended is not None:
            return f"{run.state!s} at {clock(run.ended, beside=run.due)}"
        end = clock(run.record.trace.at(run.record.trace.end_us), beside=run.due)
        return f"was still {run.state!s} when the window ended at {end}"


def _read(text: str) -> timedelta | datetime | time:
    """What a text says.

    Raises:
        InvalidInput: nothing that is understood.
    """
    said = text.strip()
    if said.startswith("+"):
        return timedelta(seconds=parse_duration(said[1:]))
    padded = f"0{said}" if said[1:2] == ":" else said
    for read in (time.fromisoformat, datetime.fromisoformat):
        try:
            return read(padded)
        except ValueError:
            continue
    raise InvalidInput(f"landed_before({text!r}): {WRONG}")


class DagRuns(list[DagRun]):
    """Some dag runs, to be asked together."""

    def landed_before(self, deadline: Deadline) -> Landings:
        """Whether all of them landed before that; see `DagRun.landed_before`. None at all have not:
        a test should not pass because nothing ran."""
        return Landings(tuple(run.landed_before(deadline) for run in self))


@dataclass(frozen=True, repr=False)
class Landings:
    """Whether several runs landed before their deadlines; true only if all of them did."""

    of: tuple[Landing, ...]

    def __bool__(self) -> bool:
        return bool(self.of) and all(self.of)

    @property
    def late(self) -> list[Landing]:
        """Those that did not."""
        return [one for one in self.of if not one]

    def told(self) -> list[str]:
        """Who did not, and where the time of the latest went, line by line, for people."""
        return [f"{self._answer()}."] + (self._worst().told() if self.late else [])

    def __repr__(self) -> str:
        worst = f"; the latest: {self._worst()!r}" if self.late else ""
        return f"<{self._answer()}{worst}>"

    def _answer(self) -> str:
        if not self.of:
            return "there was no dag run that could have landed"
        return f"{len(self.of) - len(self.late)} of {len(self.of)} dag runs landed in time"

    def _worst(self) -> Landing:
        """The one that did not land at all, else the latest."""
        return min(self.late, key=lambda one: (one.margin is not None, one.margin or timedelta()))
