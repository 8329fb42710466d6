"""Holders: who had a limit at one instant, and who let it go, so that somebody else could go on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from windtunnel.model import Scenario, Task
from windtunnel.trace import RunState, TaskState, Trace

TAKES = frozenset({TaskState.QUEUED, TaskState.RUNNING})
POOLED = TAKES | {TaskState.DEFERRED}
RUNS = frozenset({TaskState.RUNNING})

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """Some time in which somebody had a part of a limit."""

    since_us: int
    until_us: int
    """After the end of the trace, if it never let go."""
    who: int
    """A task instance, or ``~run``."""


class Holders:
    """Who held which limit of one trace; what is asked about a limit is looked up once."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self._scenario = scenario
        self._trace = trace
        self._known: dict[Key, list[Stay]] = {}
        self._tasks: dict[tuple[str, str], Task] = {
            (dag.dag_id, task.task_id): task for dag in scenario.fleet.dags for task in dag.tasks
        }

    def of(self, limit: str, ti: int, at_us: int) -> tuple[str, ...]:
        """``dag_id.task_id (run)``, or the runs of the DAG for ``max_active_runs``, of those that
        kept a task instance waiting at an instant; nothing for waits that nobody else causes. In
        order of creation."""
        had = [one.who for one in self.stays(limit, ti) if one.since_us <= at_us < one.until_us]
        found = dict.fromkeys(who for who in had if who not in (ti, ~self._trace.ti_run[ti]))
        return tuple(self.named(who) for who in sorted(found, key=lambda who: max(who, ~who)))

    def let_go(self, limit: str, ti: int, since_us: int, until_us: int) -> Stay | None:
        """Of those that let the limit go by then, and after *since_us*, the last; of several at
        once the one that had it longest. None if nobody did: the limit was made larger, say."""
        stays = self.stays(limit, ti)
        at = bisect_right(stays, until_us, key=lambda one: one.until_us) - 1
        best: Stay | None = None
        while at >= 0 and stays[at].until_us > since_us:
            one = stays[at]
            if best is not None and one.until_us < best.until_us:
                break
            is_other = one.who not in (ti, ~self._trace.ti_run[ti])
            if is_other and (best is None or one.since_us <= best.since_us):
                best = one
            at -= 1
        return best

    def named(self, who: int) -> str:
        """``dag_id.task_id (run)`` of a task instance; the run alone of a run."""
        trace = self._trace
        if who < 0:
            return trace.runs[~who].name
        record = trace.runs[trace.ti_run[who]]
        task_id = trace.task_ids[record.dag][trace.ti_task[who]]
        index = trace.ti_map[who]
        suffix = f"[{index}]" if index >= 0 else ""
        return f"{trace.dag_ids[record.dag]}.{task_id}{suffix} ({record.name})"

    def stays(self, limit: str, ti: int) -> list[Stay]:
        """All stays on the limit for which a task instance would wait, in order of their ends."""
        key = self._key(limit, ti)
        if key not in self._known:
            found = self._stays(limit, ti)
            self._known[key] = sorted(found, key=lambda s: (s.until_us, s.since_us, s.who))
        return self._known[key]

    def _key(self, limit: str, ti: int) -> Key:
        """The same for two task instances that share this limit."""
        trace = self._trace
        dag_id, task_id, run = self._place(ti)
        if limit in ("max_active_runs", "max_active_tasks"):
            per_run = limit == "max_active_tasks" and self._tasks_per_run
            kind = trace.runs[trace.ti_run[ti]].run_type == "backfill"
            return (limit, dag_id, run if per_run else "", str(kind and "runs" in limit))
        if limit.startswith("max_active_tis_per_dag"):
            return (limit, dag_id, task_id, run if limit.endswith("dagrun") else "")
        return (limit, dag_id, task_id) if limit == "worker slots" else (limit,)

    @property
    def _tasks_per_run(self) -> bool:
        return self._scenario.cluster.airflow.max_active_tasks_per == "run"

    def _stays(self, limit: str, ti: int) -> Iterable[Stay]:
        trace = self._trace
        run, dag = trace.ti_run[ti], trace.runs[trace.ti_run[ti]].dag
        if limit == "max_active_runs":
            filled = trace.runs[run].run_type == "backfill"
            return [
                one
                for one in self._runs
                if trace.runs[~one.who].dag == dag
                and (trace.runs[~one.who].run_type == "backfill") == filled
            ]
        if limit.startswith("resource "):
            return self._of_resource(limit.removeprefix("resource "))
        if limit.startswith("pool "):
            return self._of_pool(limit.removeprefix("pool "))
        if limit == "worker slots":
            return [one for one in self._running if self._on_the_same_workers(ti, one.who)]
        if limit == "parallelism":
            return self._taking
        if limit == "max_active_tasks":
            return [
                one
                for one in self._taking
                if (trace.ti_run[one.who] == run if self._tasks_per_run else self._dag(one) == dag)
            ]
        if limit.startswith("max_active_tis_per_dag"):
            task, within = trace.ti_task[ti], limit.endswith("dagrun")
            return [
                one
                for one in self._taking
                if (self._dag(one), trace.ti_task[one.who]) == (dag, task)
                and (not within or trace.ti_run[one.who] == run)
            ]
        return ()

    def _dag(self, one: Stay) -> int:
        return self._trace.runs[self._trace.ti_run[one.who]].dag

    def _of_pool(self, name: str) -> Iterator[Stay]:
        trace, pool = self._trace, self._scenario.cluster.pool(name)
        with_deferred = pool is not None and pool.include_deferred
        for one in self._pooled if with_deferred else self._taking:
            if trace.pools[self._dag(one)][trace.ti_task[one.who]] == name:
                yield one

    def _of_resource(self, name: str) -> Iterator[Stay]:
        held: dict[tuple[int, int], tuple[int, int]] = {}
        for at, ti, number, resource, change in self._trace.holds:
            if resource != name or not change:
                continue
            slots, since = held.get((ti, number), (0, at))
            if slots + change > 0:
                held[ti, number] = slots + change, since
            else:
                held.pop((ti, number), None)
                yield Stay(since, at, ti)
        for (ti, _), (_, since) in held.items():
            yield Stay(since, self._never, ti)

    @property
    def _never(self) -> int:
        return self._trace.end_us + 1

    @cached_property
    def _taking(self) -> list[Stay]:
        return list(self._in_states(TAKES))

    @cached_property
    def _pooled(self) -> list[Stay]:
        return list(self._in_states(POOLED))

    @cached_property
    def _running(self) -> list[Stay]:
        return list(self._in_states(RUNS))

    @cached_property
    def _runs(self) -> list[Stay]:
        since: dict[int, int] = {}
        found: list[Stay] = []
        for at, who, state in self._trace.history:
            if who < 0 and state == RunState.RUNNING:
                since.setdefault(who, at)
            elif who in since:
                found.append(Stay(since.pop(who), at, who))
        return [*found, *(Stay(at, self._never, who) for who, at in since.items())]

    def _in_states(self, states: frozenset[TaskState]) -> Iterator[Stay]:
        since: dict[int, int] = {}
        for at, who, state in self._trace.history:
            if who < 0:
                continue
            if state in states:
                since.setdefault(who, at)
            elif who in since:
                yield Stay(since.pop(who), at, who)
        for who, at in since.items():
            yield Stay(at, self._never, who)

    def _place(self, ti: int) -> tuple[str, str, str]:
        """dag_id, task_id and run."""
        record = self._trace.runs[self._trace.ti_run[ti]]
        task_id = self._trace.task_ids[record.dag][self._trace.ti_task[ti]]
        return self._trace.dag_ids[record.dag], task_id, record.name

    def _on_the_same_workers(self, ti: int, other_ti: int) -> bool:
        cluster = self._scenario.cluster
        mine = self._tasks.get(self._place(ti)[:2])
        other = self._tasks.get(self._place(other_ti)[:2])
        if mine is None or other is None:
            return False
        if cluster.executor_for(mine.executor, mine.queue) != cluster.executor_for(
            other.executor, other.queue
        ):
            return False
        groups = cluster.workers
        return groups is None or any(
            mine.queue in group.queues and other.queue in group.queues for group in groups
        )
