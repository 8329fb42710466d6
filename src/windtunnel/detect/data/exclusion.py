"""Exclusion: whether some tries could be at work at once, as far as limits and locks go.

Limits of Airflow's don't count a process that goes on after its try was given up; locks that the
process holds do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from windtunnel.detect.attempts import Attempts
from windtunnel.model import Resource, Scenario
from windtunnel.model.resources import resource_named
from windtunnel.trace import Trace

Try = tuple[int, int]
"""A task instance and the number of its try."""
Held = Mapping[str, int]
"""Slots by resource."""


class Holdings:
    """What each try of a trace had of the scenario's resources, at any time."""

    def __init__(self, trace: Trace) -> None:
        self._stretches: dict[Try, list[tuple[int, dict[str, int]]]] = {}
        for at, ti, number, resource, change in trace.holds:
            if change:
                stretches = self._stretches.setdefault((ti, number), [(at, {})])
                held = dict(stretches[-1][1])
                held[resource] = held.get(resource, 0) + change
                stretches.append((at, {name: n for name, n in held.items() if n}))

    def tries(self) -> Iterator[Try]:
        """All tries that had anything."""
        return iter(self._stretches)

    def at(self, one: Try, at_us: int) -> Held:
        """What it had then; in an instant in which that changes, the most."""
        stretches = self._stretches.get(one, [])
        found: dict[str, int] = {}
        for number, (since, held) in enumerate(stretches):
            until = stretches[number + 1][0] if number + 1 < len(stretches) else None
            if since <= at_us and (until is None or at_us < until or since == until == at_us):
                found = {name: max(n, found.get(name, 0)) for name, n in {**found, **held}.items()}
        return found


def guards(name: str, resources: Mapping[str, Resource]) -> int | None:
    """How many slots of a resource there are, if nobody gets more than that; None if its limit
    can't be relied upon."""
    given = resource_named(name, dict(resources))
    if given is None or given.when_full in ("slow", "exceed") or not given.renewed:
        return None
    return given.slots


def could_meet(
    scenario: Scenario, attempts: Attempts, tries: Sequence[tuple[Try, Held]], at_us: int
) -> bool:
    """Whether there is room for all of them at once, each with what it holds. Who is astray at this
    time takes room under no limit of Airflow's."""
    held: Counter[str] = Counter()
    for _, holds in tries:
        held.update(holds)
    for name, count in held.items():
        slots = guards(name, scenario.resources)
        if slots is not None and count > slots:
            return False
    counted = [one for one, _ in tries if not attempts.is_astray(*one, at_us)]
    used: Counter[tuple[object, ...]] = Counter()
    room: dict[tuple[object, ...], int] = {}
    for ti, _ in counted:
        for limit, size, slots in _limits(scenario, attempts, ti):
            used[limit] += slots
            room[limit] = size
    return all(count <= room[limit] for limit, count in used.items())


def _limits(
    scenario: Scenario, attempts: Attempts, ti: int
) -> Iterator[tuple[tuple[object, ...], int, int]]:
    """(which limit, its size, slots that a task instance takes) of all that it runs under."""
    cluster, dag, task = scenario.cluster, attempts.dag(ti), attempts.task(ti)
    yield ("parallelism",), cluster.executor_slots, 1
    if dag is None or task is None:
        return
    run = attempts.run_index(ti)
    pool = cluster.pool(task.pool)
    if pool is not None and pool.slots >= 0:
        yield ("pool", task.pool), pool.slots, task.pool_slots
    if task.max_active_tis_per_dag is not None:
        yield ("tis", dag.dag_id, task.task_id), task.max_active_tis_per_dag, 1
    if task.max_active_tis_per_dagrun is not None:
        yield ("tis", run, task.task_id), task.max_active_tis_per_dagrun, 1
    most = dag.max_active_tasks
    if most is None:
        most = cluster.max_active_tasks_per_dag
    if most:
        per_run = cluster.airflow.max_active_tasks_per == "run"
        yield ("tasks", dag.dag_id, run if per_run else None), most, 1
