"""Several executors at once: each task goes to the one that it names, or to the first.

From Airflow: ``executors/executor_loader.py``, ``jobs/scheduler_job_runner.py:
_enqueue_task_instances_with_queued_state``; and the two-in-one executors of the Celery and
Kubernetes providers (2.x).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from windtunnel.engine.executors.executor import Executor, Machine
from windtunnel.engine.world import World
from windtunnel.model import Distribution, ExecutorName, Task


class Several(Executor):
    """Executors that share the scheduler's ``parallelism``."""

    def __init__(
        self,
        world: World,
        executors: Mapping[ExecutorName, Executor],
        task_of: Callable[[int], Task],
    ) -> None:
        super().__init__(world)
        self._cluster = world.cluster
        self._by_name = executors
        self._found: dict[tuple[str | None, str], Executor | None] = {}
        """By ``executor=`` and ``queue=`` of a task."""
        self.all = tuple(executors.values())
        for executor in self.all:
            executor.scheduler_is_up = self._is_up
        self._task_of = task_of

    def _is_up(self) -> bool:
        # Looked up at each call: whoever knows of schedulers says so later.
        return self.scheduler_is_up()

    def of(self, ti: int) -> Executor:
        """The executor of a task instance."""
        found = self._of_task(self._task_of(ti))
        assert found is not None, "nothing is queued whose executor nobody knows"
        return found

    def _of_task(self, task: Task) -> Executor | None:
        key = (task.executor, task.queue)
        if key not in self._found:
            name = self._cluster.executor_for(*key)
            self._found[key] = None if name is None else self._by_name[name]
        return self._found[key]

    @property
    def any_waiting(self) -> bool:
        """Whether any of them has something to do."""
        return any(executor.any_waiting for executor in self.all)

    def submit(self, ti: int, queue: str) -> None:
        """It goes to its own executor."""
        self.of(ti).submit(ti, queue)

    def submit_in_vain(self, ti: int) -> None:
        """By its own executor."""
        self.of(ti).submit_in_vain(ti)

    def withdraw(self, ti: int) -> None:
        """From its own executor."""
        self.of(ti).withdraw(ti)

    def release(self, ti: int) -> None:
        """In its own executor."""
        self.of(ti).release(ti)

    def fill(self) -> list[int]:
        """All of them, in the order in which they are configured."""
        started: list[int] = []
        for executor in self.all:
            started.extend(executor.fill())
        return started

    def start_us(self, ti: int) -> int:
        """As its own executor says."""
        return self.of(ti).start_us(ti)

    def end_s(self, ti: int) -> float | Distribution:
        """As its own executor."""
        return self.of(ti).end_s(ti)

    def take_reports(self) -> list[tuple[int, str]]:
        """Of all of them."""
        return [report for executor in self.all for report in executor.take_reports()]

    def next_due(self) -> int | None:
        """The first of any."""
        due = (executor.next_due() for executor in self.all)
        return min((at for at in due if at is not None), default=None)

    def handle_due(self) -> None:
        """Of all of them."""
        for executor in self.all:
            executor.handle_due()

    @property
    def blocks_scheduler(self) -> bool:
        """Whether one of them does."""
        return any(executor.blocks_scheduler for executor in self.all)

    def counts(self, task: Task) -> bool:
        """As its own executor does."""
        executor = self._of_task(task)
        return executor is None or executor.counts(task)

    def revokes(self, ti: int) -> bool:
        """As its own executor does."""
        return self.of(ti).revokes(ti)

    def notices_loss(self, ti: int) -> bool:
        """As its own executor does."""
        return self.of(ti).notices_loss(ti)

    def adopt(self, tis: Iterable[int]) -> list[int]:
        """Each adopts its own."""
        return [ti for ti in tis if self.of(ti).adopt([ti])]

    def load(self, ti: int, memory: float) -> list[int]:
        """Where it runs."""
        return self.of(ti).load(ti, memory)

    def keep(self, ti: int, name: int) -> Callable[[], None] | None:
        """Where it runs."""
        return self.of(ti).keep(ti, name)

    def limits(self) -> tuple[str, ...]:
        """Those of all of them."""
        found = [limit for executor in self.all for limit in executor.limits()]
        return tuple(dict.fromkeys(found))

    def never(self, task: Task) -> str:
        """As its own executor says."""
        executor = self._of_task(task)
        return "" if executor is None else executor.never(task)

    def place_for(self, task: Task) -> str | None:
        """As its own executor says."""
        executor = self._of_task(task)
        return None if executor is None else executor.place_for(task)

    def places_of(self, ti: int) -> tuple[str, ...]:
        """As its own executor says."""
        return self.of(ti).places_of(ti)

    def slots(self, place: str) -> tuple[int, int]:
        """Of whichever has slots of this name."""
        found = [executor.slots(place) for executor in self.all]
        return max(found, key=lambda slots: slots[1])

    def able(self, group: str | None) -> list[Machine]:
        """Those of all, in the order in which the executors are configured."""
        return [machine for executor in self.all for machine in executor.able(group)]

    def lose(self, machines: Sequence[Machine]) -> list[list[int]]:
        """Each loses its own."""
        return [gone for machine in machines for gone in self._home(machine).lose([machine])]

    def replace(self, machines: Sequence[Machine]) -> None:
        """Each replaces its own."""
        for machine in machines:
            self._home(machine).replace([machine])

    def drain(self, machines: Sequence[Machine]) -> None:
        """Each drains its own."""
        for machine in machines:
            self._home(machine).drain([machine])

    def undrain(self, machines: Sequence[Machine]) -> None:
        """Each its own."""
        for machine in machines:
            self._home(machine).undrain([machine])

    def _home(self, machine: Machine) -> Executor:
        return next(executor for executor in self.all if executor.owns(machine))

    def dies_whole(self, ti: int) -> bool:
        """As its own executor says."""
        return self.of(ti).dies_whole(ti)

    def processors(self, ti: int) -> tuple[str, int] | None:
        """As its own executor says."""
        return self.of(ti).processors(ti)

    def machine_of(self, ti: int) -> Machine | None:
        """As its own executor says."""
        return self.of(ti).machine_of(ti)

    def waiting(self) -> list[int]:
        """Those of all, in the order in which the executors are configured."""
        return [ti for executor in self.all for ti in executor.waiting()]

    def cut(self, *, off: bool) -> None:
        """For all of them."""
        super().cut(off=off)
        for executor in self.all:
            executor.cut(off=off)

    def lose_message(self, ti: int) -> bool:
        """Of its own executor."""
        return self.of(ti).lose_message(ti)
