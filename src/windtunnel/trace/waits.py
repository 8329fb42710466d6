"""Where the time of a task instance went: the limits that said no, from when to when.

The engine writes down during which stretches each limit kept anything waiting. What a task instance
waited for is the overlap of those stretches with its own time in each state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from windtunnel.trace.states import RunState, TaskState
from windtunnel.trace.trace import Trace, Wait

_BY_STATE = {
    TaskState.UP_FOR_RETRY: "retry delay",
    TaskState.UP_FOR_RESCHEDULE: "reschedule",
    TaskState.DEFERRED: "trigger",
}
_IN_QUEUE = [(name, name) for name in ("pod creation", "nodes", "worker slots")]
"""Limits of executors."""


class Waits:
    """The waits of all task instances of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._history: dict[int, list[tuple[int, int]]] = {}
        for at, who, state in trace.history:
            self._history.setdefault(who, []).append((at, state))
        self._stretches: dict[str, list[tuple[int, int]]] = {}
        """Of each limit in order: one ends before the next begins."""
        self._by_task: dict[tuple[int, int], list[int]] | None = None
        self._pauses: dict[int, list[Wait]] = {}
        for ti, resource, begin, end in trace.pauses:
            self._pauses.setdefault(ti, []).append(Wait(f"resource {resource}", begin, end))
        for limit, begin, end in trace.bindings:
            self._stretches.setdefault(limit, []).append((begin, end))

    def of(self, ti: int) -> list[Wait]:
        """The waits of one task instance in order of time, without those of no length."""
        waits = [wait for wait in self._all(ti) if wait.to_us > wait.from_us]
        return sorted(waits, key=lambda wait: wait.from_us)

    def _all(self, ti: int) -> Iterator[Wait]:
        run = self._trace.ti_run[ti]
        history = self._history.get(ti, [])
        yield from self._of_run(run)
        yield from self._pauses.get(ti, ())
        since, state = self._started(run), int(TaskState.NONE)
        for at, new in [*history, (self._trace.end_us, -1)]:
            if since is not None and at > since and new != TaskState.NONE:
                yield from self._in_state(ti, state, since, at)
            since, state = at, new

    def _of_run(self, run: int) -> Iterator[Wait]:
        created = self._trace.runs[run].created_us
        started = self._started(run)
        end = self._trace.end_us if started is None else started
        free = min(end, self._trace.held_runs.get(run, created))
        yield Wait("max_active_runs", created, free)
        yield Wait("scheduler", free, end)

    def _started(self, run: int) -> int | None:
        for at, state in self._history.get(~run, []):
            if state == RunState.RUNNING:
                return at
        return None

    def _in_state(self, ti: int, state: int, begin: int, end: int) -> Iterator[Wait]:
        if state == TaskState.NONE:
            yield from self._before_it_is_ready(ti, begin, end)
        elif state == TaskState.SCHEDULED:
            yield from self._split(self._limits(ti), "scheduler", begin, end)
        elif state == TaskState.QUEUED:
            yield from self._split(_IN_QUEUE, "executor", begin, end)
        elif (
            limit := _BY_STATE.get(TaskState(state) if state >= 0 else TaskState.NONE)
        ) is not None:
            yield Wait(limit, begin, end)

    def _before_it_is_ready(self, ti: int, begin: int, end: int) -> Iterator[Wait]:
        """Its upstreams first; when the last of them has ended, only the past is in its way."""
        trace = self._trace
        run = trace.ti_run[ti]
        dag = trace.runs[run].dag
        above = trace.past[dag].get(trace.ti_task[ti]) if trace.past else None
        if above is None:
            yield Wait("upstream", begin, end)
            return
        ends = [self._ended(other) for task in above for other in self._instances(run, task)]
        ready = min(end, max((end if at is None else at for at in ends), default=begin))
        yield Wait("upstream", begin, max(begin, ready))
        yield Wait("depends_on_past", max(begin, ready), end)

    def _ended(self, ti: int) -> int | None:
        """When a task instance came into a state that it kept, if it did."""
        at, state = self._history.get(ti, [(0, int(TaskState.NONE))])[-1]
        return at if TaskState.SUCCESS <= state <= TaskState.REMOVED else None

    def _instances(self, run: int, task: int) -> list[int]:
        if self._by_task is None:
            self._by_task = {}
            for ti, pair in enumerate(zip(self._trace.ti_run, self._trace.ti_task, strict=True)):
                self._by_task.setdefault(pair, []).append(ti)
        return self._by_task.get((run, task), [])

    def _split(
        self, limits: list[tuple[str, str]], rest_of: str, begin: int, end: int
    ) -> Iterator[Wait]:
        """A stretch of time, split by the first of these limits that was binding then; what none
        explains is the way through the scheduler or the executor."""
        rest = [(begin, end)]
        for limit, shown in limits:
            left: list[tuple[int, int]] = []
            for low, high in rest:
                at = low
                stretches = self._stretches.get(limit, ())
                for place in range(bisect_right(stretches, low, key=_end), len(stretches)):
                    first, last = stretches[place]
                    if first >= high:
                        break
                    start, stop = max(first, at), min(last, high)
                    if start < stop:
                        if at < start:
                            left.append((at, start))
                        yield Wait(shown, start, stop)
                        at = stop
                if at < high:
                    left.append((at, high))
            rest = left
        for low, high in rest:
            yield Wait(rest_of, low, high)

    def _limits(self, ti: int) -> list[tuple[str, str]]:
        """(name in the bindings, name for people) of the limits over a task instance, nearest
        first."""
        trace = self._trace
        record = trace.runs[trace.ti_run[ti]]
        task = trace.ti_task[ti]
        dag_id = trace.dag_ids[record.dag]
        name = f"{dag_id}.{trace.task_ids[record.dag][task]}"
        place = trace.pools[record.dag][task]
        pool = f"pool {place}"
        return [
            (f"max_active_tis_per_dagrun {name} {record.name}", "max_active_tis_per_dagrun"),
            (f"max_active_tis_per_dag {name}", "max_active_tis_per_dag"),
            (f"max_active_tasks {dag_id} {record.name}", "max_active_tasks"),
            (f"max_active_tasks {dag_id}", "max_active_tasks"),
            (pool, pool),
            ("parallelism", "parallelism"),
            (f"max_tis_per_query {place}", "max_tis_per_query"),
            (f"parallelism {place}", "parallelism"),
            (f"open pool slots {place}", "open pool slots"),
        ]


def _end(stretch: tuple[int, int]) -> int:
    return stretch[1]


def waits_of(trace: Trace, ti: int) -> list[Wait]:
    """Where the time of one task instance went; for many of one trace make a `Waits` once."""
    return Waits(trace).of(ti)
