"""Schedule: what a fleet did, as text to look at and to keep in a snapshot.

A line depends on nothing but its own run or task, so that only what moves is another line in a
diff; the order is that of when runs were due and of the tasks in their DAG, which nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_duration
from windtunnel.model.pattern import nearest
from windtunnel.result.dag_runs import DagRun
from windtunnel.result.lines import wrapped
from windtunnel.result.tasks import Task
from windtunnel.units import duration


@dataclass(frozen=True, slots=True)
class Form:
    """What of a schedule is told, and how exactly."""

    states_only: bool = False
    to_s: int = 1
    """Times are cut to whole multiples of so many seconds."""

    @property
    def columns(self) -> int:
        """Columns of a time of day."""
        return 5 if self.to_s % 60 == 0 else 8

    def time(self, at: datetime | None, day: date) -> str:
        """A time of day, with the days after *day*: ``02:00:00``, ``02:00:00+1``."""
        if at is None:
            return "-".ljust(self.columns)
        at = self.cut(at)
        shown = f"{at:%H:%M}" if self.to_s % 60 == 0 else f"{at:%H:%M:%S}"
        days = (at.date() - day).days
        return f"{shown}{days:+d}" if days else shown

    def cut(self, at: datetime) -> datetime:
        """The instant, cut, in UTC."""
        at = at.astimezone(UTC).replace(microsecond=0)
        midnight = at.replace(hour=0, minute=0, second=0)
        seconds = int((at - midnight).total_seconds())
        return midnight + timedelta(seconds=seconds - seconds % self.to_s)

    def length(self, length: timedelta) -> float:
        """Seconds, cut."""
        return length.total_seconds() // self.to_s * self.to_s


def form_of(states_only: bool, to: str | float | timedelta) -> Form:
    """What is asked for.

    Raises:
        InvalidInput: *to* is no length of whole seconds that fit into a day.
    """
    seconds = to.total_seconds() if isinstance(to, timedelta) else parse_duration(to)
    if seconds < 1 or seconds != int(seconds) or 86400 % seconds:
        raise InvalidInput(f"to={to!r}: must be a part of a day, such as '1s', '1m', '5m' or '1h'")
    return Form(states_only, int(seconds))


def schedule_text(runs: Iterable[DagRun], form: Form) -> str:
    """The runs and their tasks, day by day, in lines of 80 columns."""
    ordered = sorted(runs, key=lambda run: (run.due, run.dag_id, run.run))
    if not ordered:
        return "no dag run"
    lines: list[str] = []
    day: date | None = None
    for run in ordered:
        if run.due.date() != day and not form.states_only:
            day = run.due.date()
            lines += [*([""] if lines else ()), f"{day:%A %Y-%m-%d}, UTC", _legend(form)]
        lines += ["", *_run(run, form)] if lines else _run(run, form)
    return "\n".join(line.rstrip() for line in lines)


def narrowed(runs: Iterable[DagRun], dags: str | Iterable[str] | None) -> list[DagRun]:
    """The runs of these DAGs; of all, if none are named.

    Raises:
        InvalidInput: no run is of one of them; the message lists those that have some.
    """
    given = list(runs)
    if dags is None:
        return given
    named = [dags] if isinstance(dags, str) else list(dags)
    known = sorted({run.dag_id for run in given})
    for dag_id in named:
        if dag_id not in known:
            raise InvalidInput(f"no run of DAG {dag_id!r}; {nearest(dag_id, known)}")
    return [run for run in given if run.dag_id in named]


def _legend(form: Form) -> str:
    times = "  ".join(name.ljust(form.columns) for name in ("queued", "began", "ended"))
    return f"  {times}  task"


def _run(run: DagRun, form: Form) -> Iterator[str]:
    day = run.due.date()
    said = f"{run.state!s}"
    if not form.states_only:
        ended = "" if run.ended is None else f" {form.time(run.ended, day)}"
        late = _late_start(run, form)
        said = f"due {form.time(run.due, day)}, {late}{said}{ended}"
    yield from wrapped(f"{run.dag_id} {run.run}: {said}", "", "    ")
    for task in run.tasks():
        yield from _task(task, run.dag_id, day, form)


def _late_start(run: DagRun, form: Form) -> str:
    """When it started, where that was later than it was due."""
    day = run.due.date()
    if run.started is None or form.cut(run.started) <= form.cut(run.due):
        return ""
    return f"started {form.time(run.started, day)}, "


def _task(task: Task, dag_id: str, day: date, form: Form) -> list[str]:
    first = "  "
    if not form.states_only:
        times = (form.time(at, day) for at in (task.queued, task.started, task.ended))
        first = f"  {'  '.join(times)}  "
    return wrapped(_about(task, dag_id, form), first, " " * 8)


def _about(task: Task, dag_id: str, form: Form) -> str:
    said = [str(task.state)]
    said += [f"try {task.try_number} of {task.max_tries}"] if task.try_number > 1 else []
    said += [task.why] if task.why else []
    if not form.states_only:
        said += _waits(task, form)
    return f"{task.name.removeprefix(f'{dag_id}.')}: {', '.join(said)}"


def _waits(task: Task, form: Form) -> list[str]:
    """What it waited for beside its upstream tasks, in the order in which it first did."""
    limits = dict.fromkeys(wait.limit for wait in task.waited_on if wait.limit != "upstream")
    spent = ((limit, form.length(task.waited_for(limit))) for limit in limits)
    said = [f"{duration(seconds)} for {limit}" for limit, seconds in spent if seconds]
    return [f"waited {' and '.join(said)}"] if said else []
