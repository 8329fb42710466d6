"""Explanation: why a task instance waited, stretch by stretch, and what would have done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from windtunnel.explain.enough import Enough, find_enough, first_start, is_a_number
from windtunnel.explain.holders import Holders
from windtunnel.explain.instances import Which, stretches_of, which
from windtunnel.model import ExternalTaskSensor, Scenario, Sensor, Task
from windtunnel.trace import TaskInstance, Trace, Wait

Tick = Callable[[int, int], None]
"""Called with (limits looked at, limits in all)."""

REASONS = {
    "upstream": "upstream tasks",
    "depends_on_past": "its instance in the run before (depends_on_past)",
    "retry delay": "its retry (retry_delay)",
    "reschedule": "its next poke",
    "trigger": "its trigger, deferred",
    "scheduler": "the scheduler's next loop",
    "executor": "its way to a worker",
    "open pool slots": "the scheduler to look at it: it looks at no more than all pools together "
    "have open slots, and others came first",
    "pod creation": "its pod to be created (worker_pods_creation_batch_size)",
}
"""What is waited for, where the name of the limit alone doesn't say it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time in which one limit kept it waiting."""

    limit: str
    since: datetime
    until: datetime
    why: str
    """What it waited for, in a few words."""
    holders: tuple[str, ...] = ()
    """Who had the limit when the stretch began."""

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.until - self.since).total_seconds()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the time of one task instance went."""

    name: str
    """``dag_id.task_id``, with the map index in brackets if it has one."""
    run: str
    state: str
    try_number: int
    due: datetime
    """When its run was created."""
    started: datetime | None
    """Of its first try."""
    ended: datetime | None
    stretches: tuple[Stretch, ...]
    enough: tuple[Enough, ...] = ()
    """For each limit that is a number: the smallest value with which it would not have waited for
    it, each simulated alone."""
    not_enough: tuple[str, ...] = ()
    """Limits of which no value is enough."""
    last_upstream: str = ""
    """The upstream task that it waited for last, if it waited for any."""
    others: int = 0
    """Other instances of the task in this simulation."""

    def total(self, limit: str) -> float:
        """Seconds that it waited for one limit."""
        return sum(one.seconds for one in self.stretches if one.limit == limit)


def explain_task(
    scenario: Scenario,
    trace: Trace,
    instance: TaskInstance,
    *,
    others: int = 0,
    search: bool = True,
    tell: Tick | None = None,
) -> Explanation:
    """Why an instance waited.

    Args:
        scenario: What was simulated.
        trace: What happened.
        instance: One of its task instances.
        others: How many more there are of its task.
        search: Whether to simulate again to find what would have been enough.
        tell: Called before each limit for which that is done.
    """
    one = which(trace, instance)
    waits = stretches_of(trace, instance.index)
    words = _Words(scenario, trace, one, instance.index)
    limits = list(dict.fromkeys(wait.limit for wait in waits if is_a_number(wait.limit)))
    enough: list[Enough] = []
    never: list[str] = []
    for number, limit in enumerate(limits if search else ()):
        if tell is not None:
            tell(number, len(limits))
        found = find_enough(scenario, one, limit)
        enough += found
        never += [] if found else [limit]
    stretches = tuple(words.stretch(wait) for wait in waits)
    started = first_start(trace, instance.index)
    created = trace.runs[trace.ti_run[instance.index]].created_us
    return Explanation(
        name=instance.name,
        run=instance.run,
        state=instance.state,
        try_number=instance.try_number,
        due=trace.at(created),
        started=None if started is None else trace.at(started),
        ended=None if instance.ended_us is None else trace.at(instance.ended_us),
        stretches=stretches,
        enough=tuple(enough),
        not_enough=tuple(never),
        last_upstream=words.last_upstream,
        others=others,
    )


def reason(scenario: Scenario, dag_id: str, task: Task | None, limit: str) -> str:
    """What a task of a DAG waits for where this limit says no, in a few words."""
    kind = None if task is None else task.kind
    if limit == "reschedule" and isinstance(kind, Sensor | ExternalTaskSensor):
        return f"its next poke (poke_interval {kind.poke_interval_s:g} s)"
    if limit == "max_tis_per_query":
        most = scenario.cluster.max_tis_per_query
        return f"the scheduler to look at it: each time {most} others came first ({limit})"
    if limit == "max_active_runs":
        return f"its run to start: max_active_runs of {dag_id}"
    return REASONS.get(limit, limit)


class _Words:
    """What is said of each stretch."""

    def __init__(self, scenario: Scenario, trace: Trace, one: Which, ti: int) -> None:
        self._scenario = scenario
        self._trace = trace
        self._which = one
        self._ti = ti
        self._holders = Holders(scenario, trace)
        self._task = self._find()
        self.last_upstream = ""
        """The upstream task of which the last stretch spoke."""

    def _find(self) -> Task | None:
        for dag in self._scenario.fleet.dags:
            if dag.dag_id == self._which.dag_id:
                return dag.find(self._which.task_id)
        return None

    def stretch(self, wait: Wait) -> Stretch:
        at = self._trace.at
        has_holders = is_a_number(wait.limit)
        holders = self._holders.of(wait.limit, self._ti, wait.from_us) if has_holders else ()
        return Stretch(wait.limit, at(wait.from_us), at(wait.to_us), self._why(wait), holders)

    def _why(self, wait: Wait) -> str:
        said = reason(self._scenario, self._which.dag_id, self._task, wait.limit)
        return said + (self._last_upstream(wait) if wait.limit == "upstream" else "")

    def _last_upstream(self, wait: Wait) -> str:
        """The direct upstream task that ended last by the end of the wait, or has not."""
        names = () if self._task is None else self._task.upstream
        ends: dict[str, int] = {}
        open_: list[str] = []
        for one in self._upstream(names):
            if one.ended_us is None or one.ended_us > wait.to_us:
                open_.append(one.name)
            else:
                ends[one.name] = one.ended_us
        if open_:
            self.last_upstream = open_[0]
            return f"; {open_[0]} is still {self._state_of(open_[0])}"
        last = max(ends, key=lambda name: ends[name], default="")
        self.last_upstream = last
        return f"; the last to end was {last}" if last else ""

    def _upstream(self, names: tuple[str, ...]) -> Iterator[TaskInstance]:
        for one in self._trace.task_instances():
            own = (one.dag_id, one.run) == (self._which.dag_id, self._which.run)
            if own and one.task_id in names:
                yield one

    def _state_of(self, name: str) -> str:
        same = [
            one.state
            for one in self._trace.task_instances()
            if (one.name, one.run) == (name, self._which.run)
        ]
        return same[0]
