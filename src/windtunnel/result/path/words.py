"""Words: what is said of the time of a task instance, or of a dag run, and who had what it waited
for."""

from __future__ import annotations

from windtunnel.explain import reason
from windtunnel.explain.enough import is_a_number
from windtunnel.model import ExternalTaskSensor, Sensor, Task, TriggerDagRun
from windtunnel.result.path.causes import Causes
from windtunnel.result.path.pieces import OVER, Piece, pieces
from windtunnel.result.path.spent import Spent, some
from windtunnel.result.record import Record
from windtunnel.trace import TaskInstance, TaskState

HOLDERS = 50
"""Of a limit that many had one after the other, the last so many are told."""


def of_instance(record: Record, instance: TaskInstance) -> list[Spent]:
    """All the time of an instance from when its run was created, in order."""
    ti, run = instance.index, record.trace.ti_run[instance.index]
    words = Words(record, Causes(record))
    created, started = record.trace.runs[run].created_us, record.started(run)
    begins = record.trace.end_us if started is None else started
    held = [words.held_back(ti, created, begins)] if begins > created else []
    return [*held, *(words.spent(ti, one) for one in pieces(record, ti) if one.state not in OVER)]


class Words:
    """What is said of pieces."""

    def __init__(self, record: Record, causes: Causes) -> None:
        self._record = record
        self._causes = causes

    def spent(self, ti: int, one: Piece) -> Spent:
        """A piece, told."""
        behind: tuple[Spent, ...] = ()
        if one.limit:
            does = f"waited for {self._why(ti, one)}"
            behind = self.behind(ti, one.limit, one.since_us, one.until_us)
        elif one.state == TaskState.RUNNING:
            does = f"{_does(self._record.task_of(ti))}{one.ending}"
        else:
            does = f"was {TaskState(one.state).label}"
        limit = one.limit or ("" if one.state == TaskState.RUNNING else "scheduler")
        return self.of(ti, one.since_us, one.until_us, does, limit, behind=behind)

    def of(
        self,
        ti: int,
        since_us: int,
        until_us: int,
        does: str,
        limit: str,
        *,
        behind: tuple[Spent, ...] = (),
    ) -> Spent:
        """Some time of a task instance."""
        record, at = self._record, self._record.trace.at
        one = record.instances[ti]
        return Spent(one.name, one.run, at(since_us), at(until_us), does, limit, ti, behind)

    def of_run(
        self,
        run: int,
        since_us: int,
        until_us: int,
        does: str,
        limit: str,
        *,
        behind: tuple[Spent, ...] = (),
    ) -> Spent:
        """Some time of a run as a whole."""
        trace = self._record.trace
        made = trace.runs[run]
        dag_id = trace.dag_ids[made.dag]
        return Spent(
            dag_id, made.name, trace.at(since_us), trace.at(until_us), does, limit, behind=behind
        )

    def held_back(self, ti: int, since_us: int, until_us: int) -> Spent:
        """The time in which a run was queued, of one of its task instances."""
        record = self._record
        limit, dag_id = "max_active_runs", record.instances[ti].dag_id
        held = record.holders.of(limit, ti, since_us)
        if not held or record.trace.ti_run[ti] not in record.trace.held_runs:
            return self.of(ti, since_us, until_us, "waited for its run to start", "scheduler")
        said = f"waited for its run to start: {limit} ({record.max_active_runs(dag_id)}) of "
        said += f"{dag_id}, held by {some(held)}"
        behind = self.behind(ti, limit, since_us, until_us)
        return self.of(ti, since_us, until_us, said, limit, behind=behind)

    def behind(self, ti: int, limit: str, since_us: int, until_us: int) -> tuple[Spent, ...]:
        """Who had the part of a limit that came free at last: each let go what the next took."""
        record, found, at = self._record, list[Spent](), until_us
        if not is_a_number(limit):
            return ()
        while at > since_us and len(found) < HOLDERS:
            stay = record.holders.let_go(limit, ti, since_us, at)
            if stay is None or stay.since_us >= at:
                break
            begin, who = max(stay.since_us, since_us), stay.who
            does = f"held {limit}"
            if who < 0:
                found.append(self.of_run(~who, begin, stay.until_us, does, ""))
            else:
                does = f"{_does(record.task_of(who))}, and {does}"
                found.append(self.of(who, begin, stay.until_us, does, ""))
            at = begin
        return tuple(reversed(found))

    def _why(self, ti: int, one: Piece) -> str:
        record, instance = self._record, self._record.instances[ti]
        limit = one.limit
        if limit == "upstream":
            return f"upstream tasks{self._last_upstream(ti, one.until_us)}"
        said = reason(record.scenario, instance.dag_id, record.task_of(ti), limit)
        said = record.sized(limit, instance) if said == limit else said
        held = record.holders.of(limit, ti, one.since_us) if is_a_number(limit) else ()
        return said + (f", held by {some(held)}" if held else "")

    def _last_upstream(self, ti: int, until_us: int) -> str:
        """Of the direct upstream ones: which is not over yet, else which ended last."""
        record = self._record
        above = self._causes.above(ti)
        open_ = [one for one in above if self._causes.over(one, until_us) is None]
        if open_:
            first = record.instances[open_[0]]
            return f"; {first.name} is still {first.state}"
        last = self._causes.last(above, until_us)
        return f"; the last to end was {record.instances[last[1]].name}" if last else ""


def _does(task: Task | None) -> str:
    """What a task does while it runs; some only wait, and hold their slots."""
    kind = None if task is None else task.kind
    if isinstance(kind, ExternalTaskSensor):
        tasks = kind.external_task_ids
        which = f".{tasks[0]}" if len(tasks) == 1 else ""
        return f"poked for {kind.external_dag_id}{which}"
    if isinstance(kind, Sensor):
        return "poked"
    if isinstance(kind, TriggerDagRun) and kind.wait_for_completion:
        return f"waited for its run of {kind.trigger_dag_id} to end"
    return "ran"
