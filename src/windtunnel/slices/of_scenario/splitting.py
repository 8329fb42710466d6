"""Splitting: which limits can say no at all, and which DAGs have anything to do with each other.

While nothing moves, only those hold slots that wait for something; so a limit that they can't fill
is left out, and what remains falls into parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from windtunnel.model import Task as ModelTask
from windtunnel.slices.certificate import Fact
from windtunnel.slices.fleet import UNLIMITED, Acquire, Task, Trigger, Wait, WaitChild
from windtunnel.slices.of_scenario.carrying import Carried, Carrier
from windtunnel.slices.of_scenario.places import FREE


@dataclass(frozen=True)
class Need:
    """A task, as far as limits are concerned."""

    dag: str
    pool: str
    queue: str
    slots: int
    """Of its pool, in one run, all of its instances together."""
    instances: int
    waits: bool
    """Whether it can wait with its slots."""
    defers: bool
    """Whether it can wait without them, but for those of a pool with include_deferred."""


@dataclass(frozen=True)
class Kept:
    """Limits that can say no."""

    queues: frozenset[str]
    pools: frozenset[str]
    parallelism: bool
    spare: Mapping[str, tuple[Fact, ...]]
    """Of the others, by `setting`: what it is that keeps them from ever being full."""


class Needs:
    """All needs of a fleet, those of DAGs that are not covered included."""

    def __init__(
        self, carrier: Carrier, carried: Mapping[str, Carried], uncovered: Mapping[str, str]
    ) -> None:
        self._cluster = carrier.scenario.cluster
        self._carrier = carrier
        self._dags = {dag.dag_id: dag for dag in carrier.scenario.fleet.dags}
        self._runs = {name: self._runs_at_once(name) for name in self._dags}
        self._of: dict[str, list[Need]] = {
            name: [_need(name, task) for task in one.dag.tasks] for name, one in carried.items()
        }
        for name in uncovered:
            self._of[name] = [self._unknown(name, task) for task in self._dags[name].tasks]
        self.all = [need for needs in self._of.values() for need in needs]

    def _runs_at_once(self, name: str) -> int:
        """The most runs that can be running; of DAGs whose runs aren't known, their limit."""
        dag, carrier = self._dags[name], self._carrier
        most = carrier.runs_at_once(dag) or UNLIMITED
        surely = name not in carrier.calendar.refused and name not in carrier.created
        return min(most, carrier.runs(dag)) if surely else most

    def _unknown(self, name: str, task: ModelTask) -> Need:
        dag, bodies = self._dags[name], self._carrier.bodies
        many = UNLIMITED if task.expand is not None or task.group is not None else 1
        queue = ANY_QUEUE if self._cluster.workers or self._cluster.executor else FREE
        return Need(
            name,
            task.pool,
            queue,
            task.pool_slots * many,
            many,
            waits=bodies.holds_while_waiting(dag, task),
            defers=bodies.waits_deferred(dag, task),
        )

    def taken(self, of: Callable[[Need], int]) -> int:
        """The most slots of a limit that can be held at once, if these needs hold them."""
        each = (self._runs[name] * sum(map(of, needs)) for name, needs in self._of.items())
        return min(sum(each), UNLIMITED)

    def _spare(self, setting: str, of: Callable[[Need], int], slots: int) -> tuple[Fact, ...]:
        """What is needed so that so many slots are left over in a limit."""
        facts = [Fact(setting, "at least", self.taken(of) + slots)]
        for name, needs in self._of.items():
            if any(map(of, needs)) and self._runs[name] == self._carrier.runs_at_once(
                self._dags[name]
            ):
                facts.append(Fact(f"max_active_runs of {name}", "at most", self._runs[name]))
        return tuple(facts)

    def kept(self) -> Kept:
        """The limits that can be full while nothing moves."""
        cluster, places = self._cluster, self._carrier.places
        spare: dict[str, tuple[Fact, ...]] = {}
        queues: set[str] = set()
        for queue, slots in places.slots.items():

            def in_queue(need: Need, queue: str = queue) -> int:
                return need.instances * (need.waits and need.queue in (queue, ANY_QUEUE))

            if self.taken(in_queue) >= slots:
                queues.add(queue)
            else:
                setting = f"worker slots of queue {queue}"
                spare[setting] = self._spare(setting, in_queue, 1)

        def holds(need: Need) -> bool:
            return need.waits or need.queue in queues or (need.queue == ANY_QUEUE and bool(queues))

        pools = set()
        for name in {need.pool for need in self.all}:
            pool = cluster.pool(name)
            if pool is None or pool.slots < 0:
                continue

            def of_pool(need: Need, name: str = name, counts: bool = pool.include_deferred) -> int:
                held = holds(need) or (counts and need.defers)
                return need.slots * (held and need.pool == name)

            largest = max(n.slots // n.instances for n in self.all if n.pool == name)
            setting = f"slots of pool {name}"
            if self.taken(of_pool) + largest > pool.slots:
                pools.add(name)
            else:
                spare[setting] = self._spare(setting, of_pool, largest)

        def runs(need: Need) -> int:
            return need.instances * holds(need)

        parallelism = self.taken(runs) + 1 > cluster.executor_slots
        if not parallelism:
            spare["parallelism"] = self._spare("parallelism", runs, 1)
        return Kept(frozenset(queues), frozenset(pools), parallelism, spare)


ANY_QUEUE = "(any queue)"


def can_wait_with_slots(task: Task) -> bool:
    """Whether it can wait for something while it holds its slots."""
    blocks = any(isinstance(step, Acquire) for step in task.steps)
    looks = any(isinstance(step, Wait | WaitChild) for step in task.steps)
    return blocks or (looks and task.mode == "poke")


def _need(name: str, task: Task) -> Need:
    looks = any(isinstance(step, Wait | WaitChild) for step in task.steps)
    return Need(
        dag=name,
        pool=task.pool,
        queue=task.queue,
        slots=task.slots,
        instances=1,
        waits=can_wait_with_slots(task),
        defers=looks and task.mode == "defer",
    )


def ties(carried: Mapping[str, Carried], uses: Mapping[str, set[str]]) -> Iterator[set[str]]:
    """Sets of DAGs that have something to do with each other: limits (*uses*), waits, triggers."""
    yield from uses.values()
    locks: dict[str, set[str]] = {}
    for name, one in carried.items():
        for task in one.dag.tasks:
            for step in task.steps:
                if isinstance(step, Wait | Trigger):
                    yield {name, step.dag}
                elif isinstance(step, Acquire):
                    locks.setdefault(step.lock, set()).add(name)
    yield from locks.values()


def parts(names: list[str], tied: Iterator[set[str]]) -> list[list[str]]:
    """The DAGs in groups that have nothing to do with each other."""
    part = {name: {name} for name in names}
    for group in tied:
        inside = [name for name in group if name in part]
        if len(inside) > 1:
            merged = set().union(*(part[name] for name in inside))
            for name in merged:
                part[name] = merged
    found: list[list[str]] = []
    for name in names:
        if not any(name in group for group in found):
            found.append(sorted(part[name]))
    return found
