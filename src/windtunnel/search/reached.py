"""Reached: what a search came to at all. A limit that nobody ever waited for was not tested, and a
fault that struck nothing was not survived."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from windtunnel.loaders import said_fault
from windtunnel.model import Cluster, ExternalTaskSensor, Scenario, Sensor, Unreachable
from windtunnel.trace import RunState, TaskState, Trace

WAITS = frozenset({TaskState.UP_FOR_RESCHEDULE, TaskState.DEFERRED})


@dataclass(frozen=True, slots=True)
class Unreached:
    """Something that no simulation came to."""

    kind: Unreachable
    subject: str
    """``pool db``, ``etl.wait``, the words of a fault, the codes of a detector."""
    why: str


@dataclass(frozen=True, slots=True)
class _LookedFor:
    """Findings that need something to be there."""

    codes: str
    why: str
    """Why they could not be found."""
    there_is: Callable[[Trace], bool]
    """Whether there was anything to look at."""
    matters: Callable[[Scenario], bool] = lambda _: True
    """Whether anybody would expect it."""


LOOKED_FOR = (
    _LookedFor(
        "WT101, WT104, WT105",
        "nobody ever waited for a slot",
        lambda trace: bool(trace.bindings or trace.pauses),
    ),
    _LookedFor(
        "WT201",
        "no process ever outlived its try",
        lambda trace: bool(trace.strays),
        lambda scenario: bool(scenario.faults or scenario.faults_up_to),
    ),
    _LookedFor(
        "WT202, WT204",
        "no task says what it reads or writes (steps of a behavior rule)",
        lambda trace: bool(len(trace.touches)),
    ),
    _LookedFor(
        "WT115",
        "nobody ever waited for a resource of the scenario",
        lambda trace: bool(trace.pauses),
        lambda scenario: bool(scenario.resources),
    ),
)


class Reached:
    """What the simulations of one scenario came to, one after the other."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._bound: set[str] = set()
        self._struck: set[int] = set()
        self._ran: set[str] = set()
        self._started: set[tuple[str, str]] = set()
        self._waited: set[tuple[str, str]] = set()
        self._looked: set[str] = set()
        self._intervals = {
            (dag.dag_id, task.task_id): round(task.kind.poke_interval_s * 1e6)
            for dag in scenario.fleet.dags
            for task in dag.tasks
            if isinstance(task.kind, Sensor | ExternalTaskSensor)
        }

    def of(self, trace: Trace) -> dict[str, Any]:
        """What one simulation came to, as plain data."""
        bound = {limit for limit, _, _ in trace.bindings}
        bound.update(f"resource {name}" for _, name, _, _ in trace.pauses)
        return {
            "bound": sorted(bound),
            "struck": [number for number, count in enumerate(trace.struck) if count],
            "looked": [one.codes for one in LOOKED_FOR if one.there_is(trace)],
            **self._states_of(trace),
        }

    def add(self, reached: dict[str, Any]) -> None:
        """What one more came to."""
        self._bound.update(reached["bound"])
        self._struck.update(reached["struck"])
        self._looked.update(reached["looked"])
        self._ran.update(reached["ran"])
        self._started.update((dag, task) for dag, task in reached["started"])
        self._waited.update((dag, task) for dag, task in reached["waited"])

    def _states_of(self, trace: Trace) -> dict[str, Any]:
        ran: set[str] = set()
        started: set[tuple[str, str]] = set()
        waited: set[tuple[str, str]] = set()
        began: dict[int, int] = {}
        for at, who, state in trace.history:
            if who < 0:
                if state == RunState.RUNNING:
                    ran.add(trace.dag_ids[trace.runs[~who].dag])
                continue
            dag = trace.runs[trace.ti_run[who]].dag
            name = trace.dag_ids[dag], trace.task_ids[dag][trace.ti_task[who]]
            interval = self._intervals.get(name)
            if interval is None or name in waited:
                continue
            if state in WAITS:
                waited.add(name)
            elif state == TaskState.RUNNING:
                began[who] = at
                started.add(name)
            elif who in began and at - began.pop(who) >= max(interval, 1):
                waited.add(name)
        for who, at in began.items():
            dag = trace.runs[trace.ti_run[who]].dag
            name = trace.dag_ids[dag], trace.task_ids[dag][trace.ti_task[who]]
            if trace.end_us - at >= max(self._intervals[name], 1):
                waited.add(name)
        return {"ran": sorted(ran), "started": sorted(started), "waited": sorted(waited)}

    def unreached(self, found: Collection[str] = ()) -> tuple[Unreached, ...]:
        """What no simulation came to, in a fixed order; *found* are the codes of findings."""
        return tuple(self._unreached(found))

    def _unreached(self, found: Collection[str]) -> Iterator[Unreached]:
        for limit in _limits(self._scenario):
            if not any(f"{bound} ".startswith(f"{limit} ") for bound in self._bound):
                yield Unreached("limit", limit, "nobody ever waited for it")
        for number, fault in enumerate(self._scenario.faults):
            if number not in self._struck:
                yield Unreached("fault", said_fault(fault), "it struck nothing")
        for dag in self._scenario.fleet.dags:
            if dag.dag_id not in self._ran:
                yield Unreached("dag", dag.dag_id, "none of its runs started")
        for name in self._intervals:
            if name not in self._waited and name[0] in self._ran:
                why = "it was right at its first look" if name in self._started else "it never ran"
                yield Unreached("sensor", ".".join(name), why)
        for one in LOOKED_FOR:
            known = one.codes in self._looked or any(code in one.codes for code in found)
            if not known and one.matters(self._scenario):
                yield Unreached("detector", one.codes, one.why)


def _limits(scenario: Scenario) -> Iterator[str]:
    """Those that somebody has set, as waits call them."""
    cluster = scenario.cluster
    tasks = [task for dag in scenario.fleet.dags for task in dag.tasks]
    used = {task.pool for task in tasks}
    for name, pool in sorted(cluster.pools.items()):
        if name in used and pool.slots >= 0:
            yield f"pool {name}"
    if _is_set(cluster, "default_pool_slots") and "default_pool" in used - cluster.pools.keys():
        yield "pool default_pool"
    if _is_set(cluster, "parallelism"):
        yield "parallelism"
    if cluster.workers:
        yield "worker slots"
    for dag in scenario.fleet.dags:
        if dag.max_active_tasks is not None:
            yield f"max_active_tasks {dag.dag_id}"
    for name, resource in sorted(scenario.resources.items()):
        if resource.slots is not None and resource.when_full == "wait":
            yield f"resource {name}"


def _is_set(cluster: Cluster, name: str) -> bool:
    """Whether a setting is another than Airflow's default."""
    return bool(getattr(cluster, name) != type(cluster).model_fields[name].get_default())
