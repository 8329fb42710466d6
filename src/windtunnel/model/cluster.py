"""Cluster: the deployment that runs the fleet: Airflow's knobs, pools, workers.

Names and defaults are Airflow's own (``config_templates/config.yml``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.dag import Task
from windtunnel.model.durations import Distribution
from windtunnel.model.executors import (
    HYBRIDS,
    CelerySettings,
    ConfiguredExecutor,
    ExecutorName,
    KubernetesSettings,
    LocalSettings,
    configured,
)
from windtunnel.model.loop import SchedulerLoop
from windtunnel.model.profile import PROFILES, Profile
from windtunnel.model.rules import profile_with
from windtunnel.model.xcom import XComBackend

ProfileName = Literal["airflow-3.3", "airflow-2.11"]
Positive = Annotated[int, Field(ge=1)]

MOST_WORKERS = 100_000
"""Of one group: each takes memory here, and more is a slip of the finger."""


class Pool(Value):
    """A named limit. ``slots`` -1 is unlimited (``models/pool.py``)."""

    slots: Annotated[int, Field(ge=-1)]
    """How many slots it has."""
    include_deferred: bool = False
    """Whether deferred tasks hold their slots."""
    assumed: bool = False
    """Tasks name it, and nothing that was read says that it exists; its size is a guess."""


class Elastic(Value):
    """How a worker group grows and shrinks; the defaults are those of KEDA in Airflow's Helm
    chart."""

    most: Annotated[int, Field(gt=0, le=MOST_WORKERS)] = 10
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
    """What faults and reports call the group."""
    count: Annotated[int, Field(ge=0, le=MOST_WORKERS)] = 1
    """Workers, 100,000 at most; at least so many, if the group is elastic."""
    slots: Positive = 16
    """Tasks at once on one worker (``[celery] worker_concurrency``; 1 for a pod of
    KubernetesExecutor)."""
    start_s: Annotated[float, Field(ge=0)] = 0.0
    """From taking a task until it runs: process start, or scheduling and image of a pod. The task
    is queued meanwhile."""
    end_s: Seconds | Distribution = 0.0
    """From the end of a task until its slot is free: its process goes, logs are closed. In 3.x that
    is often ``[workers] min_heartbeat_interval``, after which its supervisor looks again
    (``supervisor.py: _monitor_subprocess``)."""
    elastic: Elastic | None = None
    """How it grows and shrinks; ``None``: it doesn't."""
    queues: tuple[str, ...] = ("default",)
    """Queues that its workers serve."""
    memory_mb: Annotated[float, Field(gt=0)] | None = None
    """Memory of one worker; None: never short."""
    when_out_of_memory: Literal["kill largest", "worker lost"] = "kill largest"
    """Where its tries need more: the kernel kills the largest of them; or all of the worker, as it
    does with a container under ``memory.oom.group``, and another one takes its place."""
    cpus: Annotated[float, Field(gt=0)] | None = None
    """Processors of one worker; None: never short."""

    @model_validator(mode="after")
    def _has_workers(self) -> Self:
        if not self.count and self.elastic is None:
            raise ValueError("count 0 is for elastic groups; leave the group out, or make it 1")
        if self.elastic is not None and self.count > self.elastic.most:
            raise ValueError(
                f"count {self.count} is more than its elastic most, {self.elastic.most}"
            )
        return self


class Cluster(Value):
    """The deployment. Everything has Airflow's default, but for the executor: without ``executor``
    and ``workers`` a queued task starts at once."""

    profile: ProfileName = "airflow-3.3"
    """The Airflow release whose decisions are simulated."""
    rules: dict[str, bool | str] = Field(default_factory=dict)
    """Rules that are decided as another release does, by field of `Profile`: what one of them
    changes, and nothing else."""
    executor: str | None = None
    """``[core] executor``: one, or several with commas between them, of which the first is the
    default. ``None``: ``workers`` is all that is said of where tasks run."""
    local_executor: LocalSettings = LocalSettings()
    """Settings of LocalExecutor."""
    celery: CelerySettings = CelerySettings()
    """Settings of CeleryExecutor: ``[celery]`` and its broker's."""
    kubernetes_executor: KubernetesSettings = KubernetesSettings()
    """Settings of KubernetesExecutor, and the nodes that its pods run on."""
    parallelism: Positive = 32
    """``[core] parallelism``: task instances queued or running at once, per scheduler."""
    schedulers: Positive = 1
    """How many schedulers run."""
    loop: SchedulerLoop | None = None
    """``None``: every decision falls at the instant at which it can; the scheduler's own delays
    are left out."""
    max_active_tasks_per_dag: Annotated[int, Field(ge=0)] = 16
    """``[core]``: of DAGs that don't say ``max_active_tasks``; 3.x counts per run."""
    max_active_runs_per_dag: Annotated[int, Field(ge=0)] = 16
    """``[core]``: of DAGs that don't say ``max_active_runs``."""
    max_consecutive_failed_dag_runs_per_dag: Annotated[int, Field(ge=0)] = 0
    """``[core]``: a DAG is paused after so many failed runs in a row; 0: never."""
    catchup_by_default: bool | None = None
    """``None``: the release's default."""
    default_pool_slots: Annotated[int, Field(ge=-1)] = 128
    """``[core] default_pool_task_slot_count``."""
    pools: dict[str, Pool] = Field(default_factory=dict)
    """The pools, by name. ``default_pool`` is always there."""
    workers: tuple[WorkerGroup, ...] | None = None
    """Without ``executor``, or with CeleryExecutor; there, one worker if nothing is said."""
    max_tis_per_query: Annotated[int, Field(ge=0)] = 16
    """``[scheduler]``: task instances queued in one loop, at most; 0: no limit of its own."""
    max_dagruns_to_create_per_loop: Positive = 10
    """``[scheduler]``: DAGs that get a new run in one loop, at most."""
    max_dagruns_per_loop_to_schedule: Positive = 20
    """``[scheduler]``: running dag runs that are examined in one loop, at most."""
    max_task_retry_delay_s: Annotated[float, Field(ge=0)] = 86400.0
    """``[core] max_task_retry_delay``: no retry waits for longer."""
    task_queued_timeout_s: Annotated[float, Field(gt=0)] = 600.0
    """``[scheduler]``: a task that was queued for so long is queued again, or fails."""
    task_queued_timeout_check_interval_s: Annotated[float, Field(gt=0)] = 120.0
    """``[scheduler]``: seconds between two looks for such tasks."""
    task_instance_heartbeat_timeout_s: Annotated[float, Field(gt=0)] = 300.0
    """2.x: ``scheduler_zombie_task_threshold``."""
    task_instance_heartbeat_timeout_detection_interval_s: Annotated[float, Field(gt=0)] = 10.0
    """2.x: ``zombie_detection_interval``."""
    min_heartbeat_interval_s: Annotated[float, Field(gt=0)] = 5.0
    """``[workers] min_heartbeat_interval``: seconds between two heartbeats of a try, with which it
    also hears that it shall stop. 2.x: ``job_heartbeat_sec``."""
    max_failed_heartbeats: Positive = 3
    """``[workers] max_failed_heartbeats``: a try that could not report so often in a row is killed
    (3.x)."""
    scheduler_health_check_threshold_s: Annotated[float, Field(gt=0)] = 30.0
    """A scheduler that was silent for so long counts as dead."""
    orphaned_tasks_check_interval_s: Annotated[float, Field(gt=0)] = 300.0
    """Seconds between two looks of each scheduler for what dead ones had queued."""
    triggerers: Positive = 1
    """How many triggerers run."""
    triggerer_capacity: Positive = 1000
    """``[triggerer] capacity`` (2.x: ``default_capacity``): triggers that one triggerer runs."""
    triggerer_health_check_threshold_s: Annotated[float, Field(gt=0)] = 30.0
    """``[triggerer]``: triggers of a triggerer that was silent for so long go to others."""
    num_stuck_in_queued_retries: Annotated[int, Field(ge=0)] = 2
    """``[scheduler]``: how often a task that was queued for too long is queued again before it
    fails."""
    min_file_process_interval_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds between two parses of every DAG file, which recompute the next run. ``None``: parsed
    once."""
    xcom: XComBackend = XComBackend()
    """What the XCom backend takes."""
    schedule_after_task_execution: bool = True
    """2.x only: the mini scheduler on the worker."""

    @model_validator(mode="after")
    def _names_its_workers(self) -> Self:
        unnamed = WorkerGroup.model_fields["name"].default
        names = [group.name for group in self.workers or () if group.name != unnamed]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two groups of workers are called {twice!r}: give each its own name")
        return self

    @field_validator("rules")
    @classmethod
    def _are_rules(cls, rules: dict[str, bool | str]) -> dict[str, bool | str]:
        profile_with("airflow-3.3", rules)
        return rules

    @model_validator(mode="after")
    def _has_an_executor(self) -> Self:
        names = [one.name for one in self.executors]
        old = [name for name in names if name in (*HYBRIDS, "SequentialExecutor")]
        if old and not self.airflow.old_executors:
            instead = ",".join(HYBRIDS.get(old[0], ("LocalExecutor",)))
            raise ValueError(
                f"executor {old[0]} was removed in Airflow 3.0; use {instead!r}, or profile "
                "'airflow-2.11'"
            )
        if names and "CeleryExecutor" not in self.executor_names:
            if self.workers is not None:
                raise ValueError(
                    f"workers are those of CeleryExecutor, but the executor is {self.executor}; "
                    "leave one of the two out"
                )
        elif names:
            # A frozen value is completed once, while it is made: Celery's workers have as many
            # processes as its settings say.
            object.__setattr__(self, "workers", self._celery_workers())
        return self

    def _celery_workers(self) -> tuple[WorkerGroup, ...]:
        given = (WorkerGroup(),) if self.workers is None else self.workers
        slots = {"slots": self.celery.processes}
        return tuple(
            group if "slots" in group.model_fields_set else group.model_copy(update=slots)
            for group in given
        )

    @property
    def executors(self) -> tuple[ConfiguredExecutor, ...]:
        """The executors of ``executor``, the default one first."""
        return () if self.executor is None else configured(self.executor)

    @property
    def executor_names(self) -> tuple[ExecutorName, ...]:
        """Their classes; of those that are two in one, both."""
        return tuple(part for one in self.executors for part in HYBRIDS.get(one.name, (one.name,)))

    def executor_for(self, executor: str | None, queue: str) -> ExecutorName | None:
        """The class that runs a task with this ``executor=`` and ``queue=``; ``None``: no executor
        is called so. Without ``executors`` there is nothing to ask."""
        known = self.executors
        chosen = next((one for one in known if executor is None or one.is_called(executor)), None)
        if chosen is None or chosen.name not in HYBRIDS:
            return None if chosen is None else chosen.name
        return HYBRIDS[chosen.name][queue == self.kubernetes_executor.kubernetes_queue]

    def lacks_executor(self, task: Task) -> bool:
        """Whether a task names an executor that is not there."""
        return self.executor is not None and self.executor_for(task.executor, task.queue) is None

    @property
    def executor_slots(self) -> int:
        """Task instances queued or running at once over all schedulers."""
        return self.parallelism * self.schedulers

    @property
    def airflow(self) -> Profile:
        """The version profile itself."""
        return profile_with(self.profile, self.rules) if self.rules else PROFILES[self.profile]

    def pool(self, name: str) -> Pool | None:
        """The pool of this name, ``None`` if there is none; ``default_pool`` always exists."""
        if name in self.pools:
            return self.pools[name]
        return Pool(slots=self.default_pool_slots) if name == "default_pool" else None
