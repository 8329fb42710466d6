"""The numbers of a simulation, added up for people: by DAG, by task, by limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_low

from windtunnel.trace import TaskInstance, Trace, Wait, Waits

US = 1_000_000


@dataclass(slots=True)
class DagSummary:
    """All runs of one DAG."""

    dag_id: str
    states: Counter[str] = field(default_factory=Counter)
    landings_s: list[float] = field(default_factory=list)
    """Seconds from when each ended run was due until it ended."""
    last_landed: datetime | None = None

    @property
    def usual_s(self) -> float | None:
        """The median landing time."""
        return median_low(self.landings_s) if self.landings_s else None

    @property
    def worst_s(self) -> float | None:
        """The longest landing time."""
        return max(self.landings_s, default=None)


@dataclass(slots=True)
class TaskSummary:
    """All instances of one task."""

    name: str
    states: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    took_s: list[float] = field(default_factory=list)
    """Seconds of each instance's last try, if it ended."""
    waited_s: float = 0.0
    """Seconds spent on limits by all instances; waiting for upstream tasks is not counted."""

    @property
    def eventful(self) -> bool:
        """Whether there is more to say than success."""
        return set(self.states) != {"success"} or self.tries > sum(self.states.values())


@dataclass(slots=True)
class LimitSummary:
    """All waits that one limit was the reason for."""

    limit: str
    total_s: float = 0.0
    longest_s: float = 0.0
    longest_by: str = ""
    instances: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """A simulation, added up."""

    dags: list[DagSummary]
    """Each DAG that had a run, by dag_id."""
    tasks: list[TaskSummary]
    """Each task that had an instance, by dag_id, then in the order of the DAG."""
    limits: list[LimitSummary]
    """Each limit that something waited on, longest total first."""


WaitsOf = Callable[[int], Iterable[Wait]]
"""The waits of a task instance, by its number."""


def summarize(trace: Trace, waits_of: WaitsOf | None = None) -> Summary:
    """Add up a trace, looking at each task instance once; *waits_of*: if somebody has them."""
    place = {
        (dag_id, task_id): number
        for dag_id, tasks in zip(trace.dag_ids, trace.task_ids, strict=True)
        for number, task_id in enumerate(tasks)
    }
    waits_of = waits_of or Waits(trace).of
    tasks: dict[tuple[str, int], TaskSummary] = {}
    limits: dict[str, LimitSummary] = {}
    for instance in trace.task_instances():
        waited = waits_of(instance.index)
        key = (instance.dag_id, place[instance.dag_id, instance.task_id])
        name = f"{instance.dag_id}.{instance.task_id}"
        _add(tasks.setdefault(key, TaskSummary(name)), instance, waited)
        _charge(limits, instance, waited)
    return Summary(
        _dags(trace),
        [tasks[key] for key in sorted(tasks)],
        sorted(limits.values(), key=lambda one: (-one.total_s, one.limit)),
    )


def _dags(trace: Trace) -> list[DagSummary]:
    found: dict[str, DagSummary] = {}
    for run in trace.dag_runs():
        summary = found.setdefault(run.dag_id, DagSummary(run.dag_id))
        summary.states[run.state] += 1
        if run.ended_us is None:
            continue
        ended = trace.at(run.ended_us)
        due = trace.runs[run.index].run_after
        summary.landings_s.append(max((ended - due).total_seconds(), 0.0))
        summary.last_landed = max(ended, summary.last_landed or ended)
    return [found[dag_id] for dag_id in sorted(found)]


def _add(summary: TaskSummary, instance: TaskInstance, waits: Iterable[Wait]) -> None:
    summary.states[instance.state] += 1
    summary.tries += instance.try_number
    if instance.started_us is not None and instance.ended_us is not None:
        summary.took_s.append((instance.ended_us - instance.started_us) / US)
    summary.waited_s += sum(wait.seconds for wait in waits if wait.limit != "upstream")


def _charge(limits: dict[str, LimitSummary], instance: TaskInstance, waits: Iterable[Wait]) -> None:
    spent: dict[str, float] = {}
    for wait in waits:
        spent[wait.limit] = spent.get(wait.limit, 0.0) + wait.seconds
    for limit, seconds in spent.items():
        summary = limits.setdefault(limit, LimitSummary(limit))
        summary.total_s += seconds
        summary.instances += 1
        if seconds > summary.longest_s:
            summary.longest_s, summary.longest_by = seconds, instance.name


def in_words(states: Counter[str]) -> str:
    """States with their numbers, most frequent first: ``23 success, 1 failed``."""
    ordered = sorted(states.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {state}" for state, number in ordered)
