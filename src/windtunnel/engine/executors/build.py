"""Builds the executor of a simulation from the cluster's settings."""

from __future__ import annotations

from collections.abc import Callable

from windtunnel.engine.executors.at_once import AtOnce
from windtunnel.engine.executors.celery import CeleryExecutor
from windtunnel.engine.executors.executor import Executor
from windtunnel.engine.executors.groups import Groups
from windtunnel.engine.executors.kubernetes import KubernetesExecutor
from windtunnel.engine.executors.local import LocalExecutor, SequentialExecutor
from windtunnel.engine.executors.machines import Machines
from windtunnel.engine.executors.several import Several
from windtunnel.engine.world import World
from windtunnel.model import ExecutorName, Task


def build(world: World) -> Executor:
    """The executor that hands out the task instances of this world."""
    cluster = world.cluster
    if cluster.executor is None:
        return AtOnce(world) if cluster.workers is None else Groups(world, cluster.workers)

    def task_of(ti: int) -> Task:
        return world.runs[world.ti_run[ti]].dag.tasks[world.ti_task[ti]]

    made = {name: _one(name, world, task_of) for name in cluster.executor_names}
    return Several(world, made, task_of) if len(made) > 1 else next(iter(made.values()))


def machines_of(executor: Executor) -> Machines | None:
    """Where the cluster's workers are, if there are any."""
    if isinstance(executor, AtOnce):
        return None
    parts = executor.all if isinstance(executor, Several) else (executor,)
    return next((one for one in parts if isinstance(one, CeleryExecutor | Groups)), None)


def _one(name: ExecutorName, world: World, task_of: Callable[[int], Task]) -> Executor:
    if name == "SequentialExecutor":
        return SequentialExecutor(world)
    if name == "LocalExecutor":
        return LocalExecutor(world)
    if name == "CeleryExecutor":
        return CeleryExecutor(world)
    return KubernetesExecutor(world, task_of)
