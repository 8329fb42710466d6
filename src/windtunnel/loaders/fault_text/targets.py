"""Targets: whether what faults speak of exists, and what was meant if it does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders.fault_text.saying import said_fault
from windtunnel.loaders.new_versions import wrong_change
from windtunnel.model import (
    ApiServerDown,
    BrokerDown,
    Cluster,
    DagChanged,
    DagPaused,
    DagUnpaused,
    ExecutorSlotsLeaked,
    Fault,
    Fleet,
    LimitNotKept,
    Moment,
    OfWorkers,
    PoolDeleted,
    PoolResized,
    RunMarked,
    SchedulerLost,
    SchedulerPaused,
    TriggererLost,
)
from windtunnel.model.faults.resources import OfResources
from windtunnel.model.pattern import instead, matching, nearest
from windtunnel.model.resources import LOCK


def check_targets(
    faults: Iterable[Fault],
    fleet: Fleet,
    cluster: Cluster,
    start: datetime | None = None,
    resources: Iterable[str] | None = None,
    *,
    names: Sequence[str] = (),
) -> None:
    """Whether everything that the faults speak of exists; *names* say which fault is spoken of, as
    `numbered_faults` does, by default its words.

    Raises:
        InvalidInput: a task, DAG, pool, worker group or resource that isn't there, with near names;
            or an instant before the start.
    """
    known = None if resources is None else list(resources)
    faults = tuple(faults)
    everything = _with_versions(fleet, faults)
    for number, fault in enumerate(faults):
        of = fleet if isinstance(fault, DagChanged) else everything
        for wrong in _wrong(fault, of, cluster, start, known):
            name = names[number] if names else f"fault {said_fault(fault)!r}"
            raise InvalidInput(f"{name}: {wrong}")


def numbered_faults(faults: Iterable[Fault], file: Path | None = None) -> list[str]:
    """What the faults of a scenario are called in messages: their place in it, and their words."""
    where = "" if file is None else f"{file}: "
    return [f"{where}faults[{n}], {said_fault(fault)!r}" for n, fault in enumerate(faults)]


def _with_versions(fleet: Fleet, faults: Iterable[Fault]) -> Fleet:
    """The fleet with what DAGs become, for patterns over their tasks."""
    known = {dag.dag_id for dag in fleet.dags}
    later = [f.dag for f in faults if isinstance(f, DagChanged) and f.dag_id in known]
    versions = tuple(dag for dag in later if dag is not None)
    return fleet.model_copy(update={"dags": (*fleet.dags, *versions)}) if versions else fleet


def _wrong(
    fault: Fault,
    fleet: Fleet,
    cluster: Cluster,
    start: datetime | None,
    resources: list[str] | None,
) -> Iterator[str]:
    yield from _wrong_targets(fault, fleet, cluster)
    if resources is not None and isinstance(fault, OfResources):
        name = fault.resource
        if name not in resources and not name.startswith(LOCK):
            yield f"there is no resource {name!r}; {nearest(name, resources)}"
    if start is not None and isinstance(fault, Moment) and fault.begins_s(start) < 0:
        yield (f"it begins at {fault.at_time}, before the scenario's start, {start.isoformat()}")


def _wrong_targets(fault: Fault, fleet: Fleet, cluster: Cluster) -> Iterator[str]:
    if isinstance(fault, OfWorkers):
        yield from _wrong_workers(fault, cluster)
    elif isinstance(fault, BrokerDown):
        executors = cluster.executor_names
        if executors and "CeleryExecutor" not in executors:
            yield f"there is no broker; the executor is {cluster.executor}"
    elif isinstance(fault, ApiServerDown) and not cluster.airflow.tasks_use_api_server:
        yield f"tasks of {cluster.profile} report to the database; say 'database down'"
    elif isinstance(fault, SchedulerPaused | SchedulerLost | ExecutorSlotsLeaked):
        if fault.scheduler > cluster.schedulers:
            yield f"there is no scheduler {fault.scheduler}; the cluster has {cluster.schedulers}"
    elif isinstance(fault, TriggererLost):
        if fault.triggerer > cluster.triggerers:
            yield f"it speaks of triggerer {fault.triggerer}, but there are {cluster.triggerers}"
    elif isinstance(fault, PoolResized | PoolDeleted):
        used = {task.pool for dag in fleet.dags for task in dag.tasks}
        if fault.pool not in used and cluster.pool(fault.pool) is None:
            known = sorted({*used, *cluster.pools, "default_pool"})
            yield f"there is no pool {fault.pool!r}; {_near(fault.pool, known)}"
    elif isinstance(fault, DagPaused | DagUnpaused | RunMarked | LimitNotKept):
        names = [dag.dag_id for dag in fleet.dags]
        if not any(fnmatchcase(name, fault.dags) for name in names):
            yield f"no DAG matches {fault.dags!r}; {_near(fault.dags, names)}"
    elif isinstance(fault, DagChanged):
        yield from wrong_change(fault, fleet, cluster)
    elif (tasks := getattr(fault, "tasks", None)) is not None and not matching(tasks, fleet):
        yield f"no task matches {tasks!r}; {instead(tasks, fleet)}"


def _wrong_workers(fault: OfWorkers, cluster: Cluster) -> Iterator[str]:
    groups = cluster.workers
    if groups is None and cluster.executor is not None:
        return  # pods, or processes beside the scheduler: how many there are is seen when they run
    if not groups:
        yield "the cluster has no workers; give it some with [[workers]]"
        return
    names = [group.name for group in groups]
    if fault.group is not None and fault.group not in names:
        yield f"there is no worker group {fault.group!r}; {_near(fault.group, names)}"
        return
    total = sum(g.count for g in groups if fault.group in (None, g.name))
    grows = any(g.elastic is not None for g in groups if fault.group in (None, g.name))
    if fault.of is not None and fault.of != total:
        yield f"it says {fault.count} of {fault.of} workers, but there are {total}"
    elif fault.share is None and fault.count > total and not grows:
        yield f"it strikes {fault.count} workers, but there are {total}"


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(known[:8])
    return f"there are: {shown}{', ...' if len(known) > 8 else ''}"
