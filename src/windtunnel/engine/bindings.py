"""Which limits keep something waiting, from when to when: the ground of all explanations of waits.

Written once per change of a limit, not once per task instance that waits behind it.
"""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.scheduler.queueing import CriticalSection
from windtunnel.engine.world import World


class Bindings:
    """The limits that are binding now, and since when."""

    def __init__(self, world: World, workers: Executor) -> None:
        self._world = world
        self._workers = workers
        self._since: dict[str, int] = {}
        self._others: dict[str, None] = {}
        """Of these, the ones that are looked up at every instant."""

    def note(self, section: CriticalSection) -> None:
        """Compare with the instant before, and write down what ended."""
        world = self._world
        if not (world.toggled or self._others or world.waiting or self._workers.any_waiting):
            return
        toggled, world.toggled = world.toggled, {}
        others = self._look_up(section)
        gone = (name for name in self._others if name not in others)
        over = {name: None for name in gone if not self._is_full(name)}
        for kind, number in sorted(toggled):
            if kind == "pool":
                name, binds = f"pool {world.program.pools[number]}", number in world.full_pools
            else:
                name, binds = self._of_run(number), number in world.full
            if binds:
                self._since.setdefault(name, world.now)
            elif name in self._since and name not in others:
                over[name] = None
        self._end(over, world.now)
        for name in others:
            self._since.setdefault(name, world.now)
        self._others = others

    @property
    def binding(self) -> tuple[str, ...]:
        """The limits that bind now."""
        return tuple(self._since)

    def begin(self, limits: tuple[str, ...], now: int) -> None:
        """These bind from now on."""
        for limit in limits:
            self._since.setdefault(limit, now)

    def end_all(self, now: int) -> None:
        """Nothing waits any more, or the window ends."""
        self._end(tuple(self._since), now)
        self._others = {}

    def _end(self, limits: Iterable[str], now: int) -> None:
        """Write down what is over, in an order that doesn't depend on how it was found."""
        for limit in sorted(limits):
            begin = self._since.pop(limit)
            if now > begin:
                self._world.trace.bindings.append((limit, begin, now))

    def _is_full(self, limit: str) -> bool:
        """Whether it is a pool that is full, and so binds even if nobody starves for several of its
        slots."""
        kind, _, name = limit.partition(" ")
        number = self._world.program.pool_number.get(name) if kind == "pool" else None
        return number is not None and number in self._world.full_pools

    def _look_up(self, section: CriticalSection) -> dict[str, None]:
        """A dict for its order: the same in every process."""
        world = self._world
        found: dict[str, None] = {}
        for limit in self._workers.limits():
            found[limit] = None
        if not world.waiting:
            return found
        if world.occupied - world.uncounted >= world.cluster.executor_slots:
            found["parallelism"] = None
        for why, pool in section.unseen:
            found[f"{why} {world.program.pools[pool]}"] = None
        for (dag, task), why in sorted(section.starved.tasks.items()):
            if why != "executor":  # one that isn't there is no limit
                found[self._of_task(dag, task, why)] = None
        for index, task in sorted(section.starved.run_tasks):
            run = world.runs[index]
            name = f"{run.dag.dag_id}.{run.dag.ids[task]} {run.name}"
            found[f"max_active_tis_per_dagrun {name}"] = None
        return found

    def _of_run(self, number: int) -> str:
        """The name of ``max_active_tasks`` over a run (3.x) or a DAG (2.x)."""
        world = self._world
        if world.profile.max_active_tasks_per == "run":
            run = world.runs[number]
            return f"max_active_tasks {run.dag.dag_id} {run.name}"
        return f"max_active_tasks {world.program.dags[number].dag_id}"

    def _of_task(self, dag: int, task: int, why: str) -> str:
        program = self._world.program.dags[dag]
        own = program.tasks[task]
        if why == "pool":
            return f"pool {own.pool}"
        return f"max_active_tis_per_dag {program.dag_id}.{own.task_id}"
