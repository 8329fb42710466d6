"""Cluster: the deployment that runs the fleet: Airflow's knobs, pools, workers.

Names and defaults are Airflow's own (``config_templates/config.yml``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Value
from windtunnel.model.loop import SchedulerLoop
from windtunnel.model.profile import PROFILES, Profile
from windtunnel.model.xcom import XComBackend

ProfileName = Literal["airflow-3.3", "airflow-2.11"]
Positive = Annotated[int, Field(ge=1)]


class Pool(Value):
    """A named limit. ``slots`` -1 is unlimited (``models/pool.py``)."""

    slots: Annotated[int, Field(ge=-1)]
    include_deferred: bool = False
    assumed: bool = False
    """Tasks name it, and nothing that was read says that it exists; its size is a guess."""


class Elastic(Value):
    """How a worker group grows and shrinks; the defaults are those of KEDA in Airflow's Helm
    chart."""

    most: Positive = 10
    """Workers at most (``workers.keda.maxReplicaCount``)."""
    poll_s: Annotated[float, Field(gt=0)] = 5.0
    """Seconds between two looks at the queue (``pollingInterval``)."""
    start_s: Annotated[float, Field(ge=0)] = 60.0
    """From the decision until the new worker takes tasks: node, image, start-up."""
    idle_s: Annotated[float, Field(ge=0)] = 30.0
    """A worker goes that had nothing to do for so long (``cooldownPeriod``)."""


class WorkerGroup(Value):
    """Workers of one kind: ``count`` machines with ``slots`` task slots each, serving some
    queues."""

    name: str = "worker"
    count: Annotated[int, Field(ge=0)] = 1
    """Workers; at least, if the group is elastic."""
    slots: Positive = 16
    """Tasks at once on one worker (``[celery] worker_concurrency``; 1 for a pod of
    KubernetesExecutor)."""
    start_s: Annotated[float, Field(ge=0)] = 0.0
    """From taking a task until it runs: process start, or scheduling and image of a pod. The task
    is queued meanwhile."""
    elastic: Elastic | None = None
    queues: tuple[str, ...] = ("default",)
    memory_mb: Annotated[float, Field(gt=0)] | None = None
    """Memory of one worker; None: never short. Where its tries need more, the largest of them is
    killed, as the kernel does."""

    @model_validator(mode="after")
    def _has_workers(self) -> Self:
        if not self.count and self.elastic is None:
            raise ValueError("count 0 is for elastic groups; leave the group out, or make it 1")
        return self


class Cluster(Value):
    """The deployment. Everything has Airflow's default; ``workers=None`` means that a queued task
    starts at once (LocalExecutor with enough processes)."""

    profile: ProfileName = "airflow-3.3"
    parallelism: Positive = 32
    """``[core] parallelism``: task instances queued or running at once, per scheduler."""
    schedulers: Positive = 1
    loop: SchedulerLoop | None = None
    """``None``: every decision falls at the instant at which it can; the scheduler's own delays
    are left out."""
    max_active_tasks_per_dag: Annotated[int, Field(ge=0)] = 16
    max_active_runs_per_dag: Annotated[int, Field(ge=0)] = 16
    catchup_by_default: bool | None = None
    """``None``: the release's default."""
    default_pool_slots: Annotated[int, Field(ge=-1)] = 128
    """``[core] default_pool_task_slot_count``."""
    pools: dict[str, Pool] = Field(default_factory=dict)
    workers: tuple[WorkerGroup, ...] | None = None
    max_tis_per_query: Annotated[int, Field(ge=0)] = 16
    max_dagruns_to_create_per_loop: Positive = 10
    max_dagruns_per_loop_to_schedule: Positive = 20
    max_task_retry_delay_s: Annotated[float, Field(ge=0)] = 86400.0
    task_queued_timeout_s: Annotated[float, Field(gt=0)] = 600.0
    task_queued_timeout_check_interval_s: Annotated[float, Field(gt=0)] = 120.0
    task_instance_heartbeat_timeout_s: Annotated[float, Field(gt=0)] = 300.0
    """2.x: ``scheduler_zombie_task_threshold``."""
    task_instance_heartbeat_timeout_detection_interval_s: Annotated[float, Field(gt=0)] = 10.0
    """2.x: ``zombie_detection_interval``."""
    num_stuck_in_queued_retries: Annotated[int, Field(ge=0)] = 2
    min_file_process_interval_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds between two parses of every DAG file, which recompute the next run. ``None``: parsed
    once."""
    xcom: XComBackend = XComBackend()
    schedule_after_task_execution: bool = True
    """2.x only: the mini scheduler on the worker."""

    @property
    def executor_slots(self) -> int:
        """Task instances queued or running at once over all schedulers."""
        return self.parallelism * self.schedulers

    @property
    def airflow(self) -> Profile:
        """The version profile itself."""
        return PROFILES[self.profile]

    def pool(self, name: str) -> Pool | None:
        """The pool of this name, ``None`` if there is none; ``default_pool`` always exists."""
        if name in self.pools:
            return self.pools[name]
        return Pool(slots=self.default_pool_slots) if name == "default_pool" else None
