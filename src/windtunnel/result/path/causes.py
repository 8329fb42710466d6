"""Causes: what a task instance, or a dag run, had to wait for before it could go on.

Upstream tasks, the run before (depends_on_past), what a sensor or a trigger looks at in another
DAG, who triggered a run or updated its assets. Limits are not among them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cached_property

from windtunnel.model import Dag, ExternalTaskSensor, Task, TriggerDagRun
from windtunnel.result.record import Record
from windtunnel.trace import RunState, TaskState

Seen = tuple[int, int]
"""(when it was over, who): a task instance, or ``~run``."""


class Causes:
    """Asked about one trace."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._trace = record.trace

    # -- who is over --------------------------------------------------------------------------

    def over(self, who: int, by_us: int) -> int | None:
        """When a task instance, or ``~run``, that is over at an instant came to be so; None if it
        is not."""
        changes = self._record.changes.get(who, [])
        at = bisect_right(changes, by_us, key=lambda change: change[1]) - 1
        if at < 0:
            return None
        state = changes[at][2]
        finished = TaskState(state).finished if who >= 0 else RunState(state).finished
        while at and finished and self._is_over(who, changes[at - 1][2]):
            at -= 1  # set again, by hand
        return changes[at][1] if finished else None

    def _is_over(self, who: int, state: int) -> bool:
        return TaskState(state).finished if who >= 0 else RunState(state).finished

    def last(self, who: Iterable[int], by_us: int) -> Seen | None:
        """Of these, the one that was over last by an instant; of equals the one that began last: a
        task that is skipped ends with the one that skips it, and the reason is there."""
        ended = [(at, one) for one in who if (at := self.over(one, by_us)) is not None]
        return max(ended, key=lambda seen: (seen[0], self._began(seen[1]), -seen[1]), default=None)

    def _began(self, who: int) -> int:
        began = self._record.instances[who].started_us if who >= 0 else self._record.started(~who)
        return -1 if began is None else began

    # -- within a DAG -------------------------------------------------------------------------

    def above(self, ti: int) -> list[int]:
        """The direct upstream task instances; of one mapped group those of the same index. If it
        was skipped, all above: what skips may stand higher."""
        record, task = self._record, self._record.task_of(ti)
        if task is None:
            return []
        names = list(task.upstream)
        if record.instances[ti].state == "skipped":
            names = self._all_above(ti, task)
        run, index = self._trace.ti_run[ti], self._trace.ti_map[ti]
        group = self._mapped_group(ti, task.group)
        found = (other for name in names for other in record.of_task(run, name))
        return [other for other in found if self._is_paired(other, index, group)]

    def _is_paired(self, other: int, index: int, group: str | None) -> bool:
        if group is None or index < 0 or self._trace.ti_map[other] < 0:
            return True
        task = self._record.task_of(other)
        same = task is not None and self._mapped_group(other, task.group) == group
        return not same or self._trace.ti_map[other] == index

    def _all_above(self, ti: int, task: Task) -> list[str]:
        dag = self._record.dag(self._record.instances[ti].dag_id)
        upstream = {} if dag is None else {one.task_id: one.upstream for one in dag.tasks}
        found, left = dict[str, None](), list(task.upstream)
        while left:
            name = left.pop()
            if name not in found:
                found[name] = None
                left += upstream.get(name, ())
        return list(found)

    def _mapped_group(self, ti: int, group: str | None) -> str | None:
        dag = self._record.dag(self._record.instances[ti].dag_id)
        groups = {} if dag is None else {one.group_id: one for one in dag.groups}
        while group is not None and group in groups and groups[group].expand is None:
            group = groups[group].parent
        return group if group in groups else None

    def before(self, ti: int) -> list[int]:
        """The instances of its task, and of those downstream of it for wait_for_downstream, in the
        run before; none without depends_on_past."""
        record, task = self._record, self._record.task_of(ti)
        run = self._trace.ti_run[ti]
        own = self._trace.runs[run]
        if task is None or not task.depends_on_past or own.logical_date is None:
            return []
        dag = record.dag(record.instances[ti].dag_id)
        earlier = [n for n in self._runs_by_dag[own.dag] if self._is_earlier(n, run)]
        if dag is not None and self._catches_up(dag):
            earlier = [n for n in earlier if self._trace.runs[n].run_type != "manual"]
        if not earlier:
            return []
        names = {task.task_id}
        if task.wait_for_downstream and dag is not None:
            names |= {one.task_id for one in dag.tasks if task.task_id in one.upstream}
        return [one for name in sorted(names) for one in record.of_task(earlier[-1], name)]

    def _catches_up(self, dag: Dag) -> bool:
        """With catchup, manual runs are nobody's run before (``DagRun.get_previous_*``)."""
        cluster = self._record.scenario.cluster
        default = cluster.catchup_by_default
        default = cluster.airflow.catchup_default if default is None else default
        return default if dag.catchup is None else dag.catchup

    def _is_earlier(self, run: int, than: int) -> bool:
        date, limit = self._trace.runs[run].logical_date, self._trace.runs[than].logical_date
        return date is not None and limit is not None and date < limit

    @cached_property
    def _runs_by_dag(self) -> dict[int, list[int]]:
        """By DAG: its runs, by logical date."""
        found: dict[int, list[int]] = {}
        for number, made in enumerate(self._trace.runs):
            found.setdefault(made.dag, []).append(number)
        for numbers in found.values():
            numbers.sort(key=lambda n: (self._trace.runs[n].logical_date or self._trace.start, n))
        return found

    # -- across DAGs --------------------------------------------------------------------------

    def awaited(self, ti: int) -> list[int]:
        """What a sensor, or a trigger that waits, looks at: task instances, or ``~run``; nothing if
        it looks at none, or at what was over before the simulation."""
        task = self._record.task_of(ti)
        if task is None:
            return []
        if isinstance(task.kind, TriggerDagRun) and task.kind.wait_for_completion:
            return [~run for run in self._triggered.get(ti, ())][-1:]
        if isinstance(task.kind, ExternalTaskSensor):
            return list(self._looked_at(ti, task.kind))
        return []

    @cached_property
    def _triggered(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for run, ti in self._trace.triggered_by.items():
            found.setdefault(ti, []).append(run)
        return found

    def _looked_at(self, ti: int, kind: ExternalTaskSensor) -> Iterator[int]:
        trace = self._trace
        own, other = trace.runs[trace.ti_run[ti]], self._record.dag(kind.external_dag_id)
        date = own.logical_date or own.run_after
        deltas = (kind.execution_delta_s, *kind.other_deltas_s)
        dates = {date - timedelta(seconds=delta) for delta in deltas}
        if other is None or kind.external_dag_id not in trace.dag_ids:
            return
        number = trace.dag_ids.index(kind.external_dag_id)
        names = set(kind.external_task_ids)
        group = kind.external_task_group_id
        if group is not None:
            names = {task.task_id for task in other.tasks if self._is_in(other.dag_id, task, group)}
        for run in self._runs_by_dag.get(number, ()):
            if trace.runs[run].logical_date not in dates:
                continue
            if names:
                for name in sorted(names):
                    yield from self._record.of_task(run, name)
            else:
                yield ~run

    def _is_in(self, dag_id: str, task: Task, group: str) -> bool:
        dag, inside = self._record.dag(dag_id), task.group
        parents = {} if dag is None else {one.group_id: one.parent for one in dag.groups}
        while inside is not None and inside != group:
            inside = parents.get(inside)
        return inside == group

    def makers(self, run: int) -> list[Seen]:
        """All whose updates of its assets, or whose trigger, a run took; `maker` is the last."""
        events = [self._trace.asset_events[n] for n in self._trace.consumed.get(run, ())]
        found = [(one.at_us, one.ti) for one in events if one.ti is not None]
        trigger = self._trace.triggered_by.get(run)
        return found if trigger is None else [*found, (self._trace.runs[run].created_us, trigger)]

    def maker(self, run: int) -> Seen | None:
        """(when, task instance) of what made a run: a trigger, or the last update of its assets;
        None for a schedule, a person, or something outside of the fleet."""
        trace = self._trace
        ti = trace.triggered_by.get(run)
        if ti is not None:
            return trace.runs[run].created_us, ti
        for number in reversed(trace.consumed.get(run, ())):
            event = trace.asset_events[number]
            return None if event.ti is None else (event.at_us, event.ti)
        return None
