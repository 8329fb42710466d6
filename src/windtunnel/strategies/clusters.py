"""Clusters: deployments on which a fleet can run: each task fits into its pool, and somebody serves
its queue."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from windtunnel.model import (
    CelerySettings,
    Cluster,
    ExecutorConfig,
    Fleet,
    KubernetesSettings,
    Pool,
    SchedulerLoop,
    WorkerGroup,
)
from windtunnel.model.cluster import ProfileName
from windtunnel.strategies.drawing import Draw, maybe, one_of, pick, rarely, seldom, seldom_true

PROFILES: tuple[ProfileName, ...] = ("airflow-3.3", "airflow-2.11")
PLACES = (None, "workers", "CeleryExecutor", "LocalExecutor", "KubernetesExecutor")
"""Where tasks run: at once, on workers, or by an executor."""
PLACES_2 = ("SequentialExecutor", "LocalKubernetesExecutor", "CeleryKubernetesExecutor")


def pools(least_slots: int = 1, most_slots: int = 4) -> st.SearchStrategy[Pool]:
    """Pools; shrinks to the smallest that counts no deferred tasks."""
    return st.builds(
        Pool, slots=st.integers(least_slots, most_slots), include_deferred=seldom_true()
    )


def worker_groups(
    queues: tuple[str, ...] = ("default",), name: str = "worker"
) -> st.SearchStrategy[WorkerGroup]:
    """Groups of up to three workers with up to four slots each, all serving these queues."""
    return st.builds(
        WorkerGroup,
        name=st.just(name),
        queues=st.just(queues),
        slots=st.integers(1, 4),
        count=st.integers(1, 3),
        start_s=seldom(st.just(5.0), 6).map(lambda start_s: start_s or 0.0),
    )


def clusters(
    fleet: Fleet | None = None, *, profile: ProfileName | None = None
) -> st.SearchStrategy[Cluster]:
    """Clusters for a fleet, with every executor; shrinks to one without any limit but Airflow's
    defaults.

    Args:
        fleet: Whose pools and queues there are; a pool is as large as the largest of its tasks
            needs, at least.
        profile: The Airflow release; by default either.
    """
    return _clusters(fleet or Fleet(), profile)


@st.composite
def _clusters(draw: Draw, fleet: Fleet, profile: ProfileName | None) -> Cluster:
    chosen: ProfileName = pick(draw, PROFILES) if profile is None else profile
    widest = widest_tasks(fleet)
    settings: dict[str, Any] = {"profile": chosen}
    default_pool = maybe(draw, st.integers(widest.pop("default_pool", 1), 5), 2)
    if default_pool is not None:
        settings["default_pool_slots"] = default_pool
    if widest:
        settings["pools"] = {name: draw(_sized_pools(wide)) for name, wide in widest.items()}
    parallelism = maybe(draw, st.integers(1, 6), 2)
    if parallelism is not None:
        settings["parallelism"] = parallelism
    settings |= draw(_places(fleet, chosen))
    settings |= draw(_control_planes())
    return Cluster(**settings)


def widest_tasks(fleet: Fleet) -> dict[str, int]:
    """The most slots that one task needs, by pool."""
    widest: dict[str, int] = {}
    for dag in fleet.dags:
        for task in dag.tasks:
            widest[task.pool] = max(widest.get(task.pool, 1), task.pool_slots)
    return widest


@cache
def _sized_pools(least: int) -> st.SearchStrategy[Pool]:
    return st.one_of(st.just(Pool(slots=128)), pools(least, least + 3), pools(least, least + 3))


@st.composite
def _places(draw: Draw, fleet: Fleet, profile: ProfileName) -> dict[str, Any]:
    """Where tasks run."""
    names = (*PLACES, *(PLACES_2 if profile == "airflow-2.11" else ()))
    name = pick(draw, names)
    if name is None:
        return {}
    queues = tuple(dict.fromkeys(("default", *(t.queue for d in fleet.dags for t in d.tasks))))
    groups = draw(_groups(queues))
    if name == "workers":
        return {"workers": groups}
    settings: dict[str, Any] = {"executor": name}
    if "Celery" in name:
        settings["workers"] = groups
        settings["celery"] = draw(_celery())
    if "Kubernetes" in name:
        settings["kubernetes_executor"] = draw(_kubernetes())
    return settings


@st.composite
def _groups(draw: Draw, queues: tuple[str, ...]) -> tuple[WorkerGroup, ...]:
    """One group for all queues, or one for each."""
    if len(queues) > 1 and draw(st.booleans()):
        return tuple(draw(worker_groups((queue,), f"{queue} workers")) for queue in queues)
    return (draw(worker_groups(queues)),)


@cache
def _celery() -> st.SearchStrategy[CelerySettings]:
    return st.builds(
        CelerySettings,
        worker_prefetch_multiplier=one_of((1, 0, 2)),
        task_acks_late=one_of((True, False)),
        visibility_timeout_s=one_of((86400.0, None, 3600.0)),
    )


@cache
def _kubernetes() -> st.SearchStrategy[KubernetesSettings]:
    return st.builds(
        KubernetesSettings,
        worker_pods_creation_batch_size=one_of((1, 4)),
        task_publish_max_retries=one_of((0, -1, 3)),
        pod=st.just(ExecutorConfig(request_cpus=0.5)),
        quota_pods=seldom(st.integers(1, 4)),
        nodes=seldom(st.integers(1, 2)),
        node_cpus=st.just(1.0),
    )


@cache
@st.composite
def _control_planes(draw: Draw) -> dict[str, Any]:
    """Schedulers, triggerers, and how long they take."""
    settings: dict[str, Any] = {}
    if rarely(draw):
        settings["loop"] = SchedulerLoop()
    for name, values in (
        ("schedulers", (2,)),
        ("triggerers", (2,)),
        ("triggerer_capacity", (1, 2)),
        ("max_tis_per_query", (1, 4)),
        ("min_file_process_interval_s", (30.0, 300.0)),
        ("schedule_after_task_execution", (False,)),
    ):
        value = maybe(draw, one_of(values), 4)
        if value is not None:
            settings[name] = value
    return settings
