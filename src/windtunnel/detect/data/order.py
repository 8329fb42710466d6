"""Order: which tries can only begin when which others are over, whatever they take.

What happened one after the other in a simulation may have been luck. It was not where Airflow waits
for it: tasks of a run for those upstream, sensors and triggers for other runs, runs that assets
start for the updates, runs under ``max_active_runs=1`` and tasks with ``depends_on_past`` for the
one before, a retry for a try that is known to be over. A process that goes on after it was given up
is not known to be over: nothing is ordered after it.

Each try has a clock: the set of tries that are over before it begins, whatever happens. One pass
over the history makes them all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from windtunnel.model import (
    Dag,
    ExternalTaskSensor,
    LimitNotKept,
    Scenario,
    Task,
    TriggerDagRun,
    TriggerRule,
)
from windtunnel.trace import RunState, TaskState, Trace
from windtunnel.trace.trace import begins_try

Try = tuple[int, int]
"""A task instance and the number of its try."""

EARLY = frozenset(
    {TriggerRule.ONE_SUCCESS, TriggerRule.ONE_FAILED, TriggerRule.ONE_DONE, TriggerRule.ALWAYS}
)
"""Rules under which a task may begin while one upstream of it still runs."""
NOT_RUN = frozenset({TaskState.SKIPPED, TaskState.UPSTREAM_FAILED, TaskState.REMOVED})


class Order:
    """The order among some tries of one trace."""

    def __init__(self, scenario: Scenario, trace: Trace, tries: Iterable[Try]) -> None:
        self._trace = trace
        self._fleet = _Fleet(scenario, trace)
        self._bits = {one: 1 << n for n, one in enumerate(dict.fromkeys(tries))}
        self._strays = {(one.ti, one.try_number) for one in trace.strays}
        self._clock: dict[Try, int] = {}
        """What is over before a try begins."""
        self._began: dict[int, int] = {}
        """The same of the present try of a task instance."""
        self._ended: dict[int, int] = {}
        """What is over when a task instance is, it among that."""
        self._made: dict[int, int] = {}
        """What is over when a run is made."""
        self._started: dict[int, int] = {}
        self._closed: dict[int, int] = {}
        self._last: dict[object, int] = {}
        """What is over when the last run of a group is, in which one runs at a time."""
        self._walk()

    def before(self, one: Try, other: Try) -> bool:
        """Whether the first is over whenever the second begins."""
        return bool(self._clock.get(other, 0) & self._bits.get(one, 0))

    def ordered(self, one: Try, other: Try) -> bool:
        """Whether one of them is over whenever the other begins."""
        return self.before(one, other) or self.before(other, one)

    # -- the pass -----------------------------------------------------------------------------

    def _walk(self) -> None:
        trace, state, number = self._trace, dict[int, int](), dict[int, int]()
        for change, (_, who, new) in enumerate(trace.history):
            if who < 0:
                self._of_run(~who, new)
                continue
            old, by_hand = state.get(who, TaskState.NONE), change in trace.reasons
            if begins_try(old, new, by_hand=by_hand):
                number[who] = number.get(who, 0) + 1
                self._began.pop(who, None)
            state[who], one = new, (who, number.get(who, 0))
            if new == TaskState.RUNNING and who not in self._began:
                self._began[who] = self._clock[one] = self._before_try(who)
            elif new in NOT_RUN and who not in self._began:
                self._ended[who] = self._started.get(trace.ti_run[who], 0)
            elif TaskState.SUCCESS <= new <= TaskState.UP_FOR_RETRY:
                if who not in self._began:
                    self._began[who] = self._before_try(who)
                own = 0 if one in self._strays else self._bits.get(one, 0)
                waited = self._waited_for(who) if new == TaskState.SUCCESS else 0
                self._ended[who] = self._began[who] | own | waited

    def _of_run(self, run: int, state: int) -> None:
        group = self._fleet.group(run)
        if state == RunState.QUEUED and run not in self._made:
            self._made[run] = self._before_made(run)
        elif state == RunState.RUNNING:
            last = 0 if group is None else self._last.get(group, 0)
            self._started[run] = self._made.get(run, 0) | last | self._started.get(run, 0)
        elif state >= RunState.SUCCESS:
            closed = self._started.get(run, 0)
            for ti in self._fleet.instances(run):
                closed |= self._ended.get(ti, 0)
            self._closed[run] = closed
            if group is not None:
                self._last[group] = self._last.get(group, 0) | closed

    def _before_made(self, run: int) -> int:
        """What made the run: a trigger in the midst of a try, or tasks that updated assets."""
        trace = self._trace
        if run in trace.triggered_by:
            return self._began.get(trace.triggered_by[run], 0)
        found = 0
        for event in trace.consumed.get(run, ()):
            ti = trace.asset_events[event].ti
            found |= 0 if ti is None else self._ended.get(ti, 0)
        return found

    def _before_try(self, ti: int) -> int:
        found = self._started.get(self._trace.ti_run[ti], 0) | self._ended.get(ti, 0)
        for other in (*self._fleet.upstream(ti), *self._fleet.past(ti)):
            found |= self._ended.get(other, 0)
        return found

    def _waited_for(self, ti: int) -> int:
        found = 0
        for run, tis in self._fleet.awaited(ti):
            if not tis:
                found |= self._closed.get(run, 0)
            for other in tis:
                found |= self._ended.get(other, 0)
        return found


class _Fleet:
    """What waits for what in a trace, by the DAGs."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self._trace, self._scenario = trace, scenario
        dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
        self._dags = [dags.get(dag_id) for dag_id in trace.dag_ids]
        self._number = {dag_id: n for n, dag_id in enumerate(trace.dag_ids)}
        self._tasks: list[dict[str, Task]] = [
            {} if dag is None else {task.task_id: task for task in dag.tasks} for dag in self._dags
        ]
        self._index = [{task_id: n for n, task_id in enumerate(ids)} for ids in trace.task_ids]
        self._instances: dict[int, dict[int, list[int]]] = {}
        for ti, run in enumerate(trace.ti_run):
            tasks = self._instances.setdefault(run, {})
            tasks.setdefault(trace.ti_task[ti], []).append(ti)
        self._dated: list[list[tuple[datetime, int]]] = [[] for _ in trace.dag_ids]
        for run, record in enumerate(trace.runs):
            if record.logical_date is not None:
                self._dated[record.dag].append((record.logical_date, run))
        for dated in self._dated:
            dated.sort()
        self._children: dict[int, list[int]] = {}
        for child, ti in trace.triggered_by.items():
            self._children.setdefault(ti, []).append(child)
        self._mapped = [_mapped_groups(dag) for dag in self._dags]
        self._groups = [self._has_one_at_a_time(dag) for dag in self._dags]

    def instances(self, run: int) -> Iterator[int]:
        """All task instances of a run."""
        for tis in self._instances.get(run, {}).values():
            yield from tis

    def group(self, run: int) -> object:
        """The runs of which one is active at a time, if this is one of such. In 3.x a backfill has
        a limit of its own, which is not looked at."""
        record = self._trace.runs[run]
        apart = self._scenario.cluster.airflow.backfills_in_scheduler
        if not self._groups[record.dag] or (apart and record.run_type == "backfill"):
            return None
        return record.dag

    def _has_one_at_a_time(self, dag: Dag | None) -> bool:
        if dag is None:
            return False
        most = dag.max_active_runs
        if most is None:
            most = self._scenario.cluster.max_active_runs_per_dag
        broken = any(
            isinstance(fault, LimitNotKept) and fnmatchcase(dag.dag_id, fault.dags)
            for fault in self._scenario.faults
        )
        return most == 1 and not broken

    def task(self, ti: int) -> Task | None:
        """The task of an instance."""
        dag = self._trace.runs[self._trace.ti_run[ti]].dag
        return self._tasks[dag].get(self._trace.task_ids[dag][self._trace.ti_task[ti]])

    def upstream(self, ti: int) -> Iterator[int]:
        """Task instances that are over before this one begins. In a mapped task group each waits
        for those of its own index."""
        trace, task = self._trace, self.task(ti)
        if task is None or task.trigger_rule in EARLY:
            return
        run = trace.ti_run[ti]
        dag = trace.runs[run].dag
        own = self._mapped[dag][task.task_id]
        for name in task.upstream:
            among = own is not None and self._mapped[dag].get(name) == own
            for other in self._instances[run].get(self._index[dag][name], ()):
                if not among or trace.ti_map[other] == trace.ti_map[ti]:
                    yield other

    def past(self, ti: int) -> Iterator[int]:
        """The same task of the run before, where depends_on_past waits for it, and what
        wait_for_downstream adds."""
        trace, task = self._trace, self.task(ti)
        if task is None or not task.depends_on_past:
            return
        dag = trace.runs[trace.ti_run[ti]].dag
        before = self._run_before(trace.ti_run[ti])
        names = [task.task_id]
        if task.wait_for_downstream:
            names += [t.task_id for t in self._tasks[dag].values() if task.task_id in t.upstream]
        instances = {} if before is None else self._instances.get(before, {})
        for name in names:
            yield from instances.get(self._index[dag][name], ())

    def _run_before(self, run: int) -> int | None:
        own = self._trace.runs[run]
        if own.logical_date is None:
            return None
        dated = self._dated[own.dag]
        at = bisect_left(dated, (own.logical_date, -1))
        return dated[at - 1][1] if at else None

    def awaited(self, ti: int) -> Iterator[tuple[int, list[int]]]:
        """Runs, or some task instances of each, that must be over for this one to succeed."""
        task, run = self.task(ti), self._trace.ti_run[ti]
        if task is None:
            return
        if isinstance(task.kind, TriggerDagRun) and task.kind.wait_for_completion:
            yield from ((child, []) for child in self._children.get(ti, ()))
        elif isinstance(task.kind, ExternalTaskSensor) and not task.kind.external_task_group_id:
            for other in self._looked_at(task.kind, run):
                yield other, self._named(task.kind, other)

    def _looked_at(self, kind: ExternalTaskSensor, own: int) -> Iterator[int]:
        number = self._number.get(kind.external_dag_id)
        record = self._trace.runs[own]
        date = record.logical_date or record.run_after
        for delta in (kind.execution_delta_s, *kind.other_deltas_s):
            wanted = date - timedelta(seconds=delta)
            dated = [] if number is None else self._dated[number]
            for there, run in dated[bisect_left(dated, (wanted, -1)) :]:
                if there != wanted:
                    break
                yield run

    def _named(self, kind: ExternalTaskSensor, run: int) -> list[int]:
        index = self._index[self._trace.runs[run].dag]
        instances = self._instances.get(run, {})
        named = (index.get(name, -1) for name in kind.external_task_ids)
        return [ti for task in named for ti in instances.get(task, ())]


def _mapped_groups(dag: Dag | None) -> dict[str, str | None]:
    """The mapped task group that each task of a DAG is in, if it is in one."""
    if dag is None:
        return {}
    groups = {group.group_id: group for group in dag.groups}
    found: dict[str, str | None] = {}
    for task in dag.tasks:
        name = task.group
        while name is not None and name in groups and groups[name].expand is None:
            name = groups[name].parent
        found[task.task_id] = name if name in groups else None
    return found
