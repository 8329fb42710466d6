"""Whatever is queued, lost, redelivered and ended in whatever order: nothing runs on two machines,
no machine runs too much, queues are first in first out, and nobody is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel.engine.dag_runs.creation import triggered_run
from windtunnel.engine.executors import build, machines_of
from windtunnel.engine.executors.several import Several
from windtunnel.engine.program import Program
from windtunnel.engine.world import FAILED, NONE, QUEUED, RUNNING, SUCCESS, World
from windtunnel.model import (
    Behavior,
    CelerySettings,
    Cluster,
    Dag,
    ExecutorConfig,
    Fleet,
    KubernetesSettings,
    Scenario,
    Task,
    WorkerGroup,
)

COUNT = 12
SOON = 100
"""Turns of two seconds in which whatever waits begins, if nothing was lost."""
QUEUES = ("default", "heavy")
DEEDS = (
    "submit",
    "submit",
    "submit",
    "submit",
    "submit",
    "end",
    "end",
    "withdraw",
    "lose",
    "wait",
    "cut",
)


def cluster(executor: str | None, settings: dict[str, object]) -> Cluster:
    groups = (
        WorkerGroup(name="a", count=2, slots=1),
        WorkerGroup(name="b", count=1, slots=2, queues=("heavy", "default")),
    )
    has_workers = executor is None or "Celery" in executor
    return Cluster(
        executor=executor,
        profile=str(settings["profile"]),
        parallelism=3,
        workers=groups if has_workers else None,
        celery=CelerySettings(
            worker_prefetch_multiplier=settings["multiplier"],
            task_acks_late=settings["late"],
            visibility_timeout_s=settings["timeout"],
        ),
        kubernetes_executor=KubernetesSettings(
            worker_pods_creation_batch_size=2,
            task_publish_max_retries=-1,
            pod=ExecutorConfig(request_cpus=1),
            quota_pods=settings["quota"],
            nodes=settings["nodes"],
            node_cpus=2,
        ),
    )


class Drill:
    """An executor, moved by hand, beside the simplest notion of what it should do."""

    def __init__(self, cluster: Cluster) -> None:
        tasks = tuple(
            Task(
                task_id=f"t{i}",
                queue=QUEUES[i % 2],
                executor="KubernetesExecutor"
                if i % 3 == 0 and len(cluster.executor_names) > 1
                else None,
            )
            for i in range(COUNT)
        )
        fleet = Fleet(dags=(Dag(dag_id="d", tasks=tasks),))
        start = datetime(2026, 3, 1, tzinfo=UTC)
        scenario = Scenario(fleet=fleet, cluster=cluster, start=start, duration_s=1e6)
        program = Program(fleet, cluster, Behavior())
        self.world = World(scenario, program)
        triggered_run(self.world, program.dags[0], "manual", "r", start)
        self.executor = build(self.world)
        self.tasks = tasks
        self.waiting: list[int] = []
        self.late: set[int] = set()
        """Those that lost their turn: their worker died."""
        self.on: dict[int, object] = {}
        """What runs, and the machine that it runs on."""
        self.order: list[int] = []
        """As they were queued last."""

    def submit(self, ti: int) -> None:
        if ti in self.waiting or ti in self.on:
            return
        self.world.state[ti] = QUEUED
        self.waiting.append(ti)
        self.order = [*(one for one in self.order if one != ti), ti]
        self.executor.submit(ti, self.tasks[ti].queue)

    def end(self, ti: int) -> None:
        if ti not in self.on:
            return
        del self.on[ti]
        self.executor.release(ti)
        self.world.state[ti] = SUCCESS
        self.executor.withdraw(ti)

    def withdraw(self, ti: int) -> None:
        if ti not in self.waiting:
            return
        self.waiting.remove(ti)
        self.world.state[ti] = NONE
        self.executor.withdraw(ti)

    def lose(self, number: int) -> None:
        machines = self.executor.able(None)[:1]
        for gone in self.executor.lose(machines):
            for ti in gone:
                if ti in self.on:
                    del self.on[ti]
                    self.world.state[ti] = FAILED
                    self.executor.release(ti)
                    self.executor.withdraw(ti)
        assert not any(machine.alive for machine in machines)
        self.late.update(self.waiting)
        self.executor.replace(machines)

    def wait(self, number: int) -> None:
        self.world.now += (number + 1) * 1_000_000
        self.executor.handle_due()

    def cut(self, number: int) -> None:
        self.executor.cut(off=not self.executor.cut_off)

    def fill(self) -> None:
        started = self.executor.fill()
        for ti in started:
            assert ti in self.waiting, "only what waits begins"
            assert ti not in self.on, "nothing begins a second time"
            self.waiting.remove(ti)
            self.on[ti] = self.executor.machine_of(ti)
            self.world.state[ti] = RUNNING
        for ti, _ in self.executor.take_reports():
            assert ti in self.waiting or ti in self.on
            if ti in self.on:
                self.end(ti)
            else:
                self.withdraw(ti)
        self.check_order(started)

    def check_order(self, started: list[int]) -> None:
        """Of one queue nobody begins before one that waited for longer, and that has had no bad
        luck; prefetching and pods have rules of their own."""
        celery = self.world.cluster.celery
        if celery.worker_prefetch_multiplier != 1 or not celery.task_acks_late:
            return
        if "KubernetesExecutor" in self.world.cluster.executor_names or self.late:
            return
        for ti in started:
            before = self.order[: self.order.index(ti)]
            own = self.tasks[ti].queue
            assert not [o for o in before if o in self.waiting and self.tasks[o].queue == own]

    def check(self) -> None:
        machines = machines_of(self.executor)
        if machines is not None:
            for worker in machines._workers:
                assert 0 <= worker.free <= machines.groups[worker.group].slots
        parts = self.executor.all if isinstance(self.executor, Several) else (self.executor,)
        for ti, machine in self.on.items():
            assert self.executor.machine_of(ti) is machine
            if machine is not None:
                assert machine.alive
                assert ti in machine.running
        for one in parts:
            for ti in one.waiting():
                assert ti in self.waiting or "Celery" in type(one).__name__
        if self.waiting and not self.late and not self.executor.cut_off:
            assert self.executor.any_waiting


drawn = st.fixed_dictionaries(
    {
        "profile": st.sampled_from(("airflow-3.3", "airflow-2.11")),
        "multiplier": st.integers(0, 3),
        "late": st.booleans(),
        "timeout": st.sampled_from((None, 20, 86400)),
        "quota": st.sampled_from((None, 2)),
        "nodes": st.sampled_from((None, 2)),
    }
)
executors = st.sampled_from(
    (
        None,
        "LocalExecutor",
        "CeleryExecutor",
        "KubernetesExecutor",
        "CeleryExecutor,KubernetesExecutor",
    )
)
deeds = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.integers(0, COUNT - 1)), min_size=15, max_size=60
)


@examples(1000)
@given(executors, drawn, deeds)
def test_nothing_runs_twice_nothing_runs_too_much_and_nothing_is_forgotten(executor, said, deeds):
    drill = Drill(cluster(executor, said))
    for deed, number in deeds:
        getattr(drill, deed)(number)
        drill.fill()
        drill.check()
    drain(drill)


def drain(drill: Drill) -> None:
    """In the end all that waits begins: soon, or, if its worker was lost, when its message is
    delivered again. Only what was acknowledged before it began is gone with its worker."""
    drill.executor.cut(off=False)
    for turn in range(200):
        if turn == SOON and not drill.late:
            assert not drill.waiting, "waits for nothing"
        drill.world.now += 2_000_000 if turn < SOON else 86_400_000_000
        drill.executor.handle_due()
        drill.fill()
        drill.check()
        for ti in list(drill.on):
            drill.end(ti)
    if drill.world.cluster.celery.task_acks_late:
        assert not drill.waiting, "waits for ever"
