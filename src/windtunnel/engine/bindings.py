"""Which limits keep something waiting, from when to when: the ground of all explanations of waits.

Written once per change of a limit, not once per task instance that waits behind it.
"""

from __future__ import annotations

from windtunnel.engine.queueing import CriticalSection
from windtunnel.engine.workers import Workers
from windtunnel.engine.world import World


class Bindings:
    """The limits that are binding now, and since when."""

    def __init__(self, world: World, workers: Workers) -> None:
        self._world = world
        self._workers = workers
        self._since: dict[str, int] = {}

    def note(self, section: CriticalSection) -> None:
        """Compare with the instant before, and write down what ended."""
        if not self._world.waiting and not self._since and not self._workers.any_waiting:
            return
        now = self._world.now
        binding = self._binding(section) if self._world.waiting else {}
        if self._workers.any_waiting:
            binding["worker slots"] = None
        for limit in [known for known in self._since if known not in binding]:
            self._write(limit, now)
        for limit in binding:
            self._since.setdefault(limit, now)

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
        for limit in list(self._since):
            self._write(limit, now)

    def _write(self, limit: str, end: int) -> None:
        begin = self._since.pop(limit)
        if end > begin:
            self._world.trace.bindings.append((limit, begin, end))

    def _binding(self, section: CriticalSection) -> dict[str, None]:
        """A dict for its order: the same in every process."""
        world = self._world
        found: dict[str, None] = {}
        if world.occupied >= world.cluster.executor_slots:
            found["parallelism"] = None
        for pool in sorted(world.waiting_in):
            is_open = world.pool_open(pool)
            if is_open is not None and is_open <= 0:
                found[f"pool {world.program.pools[pool]}"] = None
        per_run = world.profile.max_active_tasks_per == "run"
        for run in world.full.values():
            name = f"max_active_tasks {run.dag.dag_id}"
            found[f"{name} {run.name}" if per_run else name] = None
        for dag, task in sorted(section.starved.tasks):
            found[self._of_task(dag, task)] = None
        for index, task in sorted(section.starved.run_tasks):
            run = world.runs[index]
            name = f"{run.dag.dag_id}.{run.dag.ids[task]} {run.name}"
            found[f"max_active_tis_per_dagrun {name}"] = None
        return found

    def _of_task(self, dag: int, task: int) -> str:
        program = self._world.program.dags[dag]
        own = program.tasks[task]
        if own.pool_slots > 1 and own.max_active_tis_per_dag is None:
            return f"pool {own.pool}"
        return f"max_active_tis_per_dag {program.dag_id}.{own.task_id}"
