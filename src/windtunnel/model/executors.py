"""Executors: how queued task instances get to where they run, and what decides it.

Names and defaults are Airflow's own: ``[core] executor``, and the sections of the providers.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.durations import Distribution

ExecutorName = Literal[
    "SequentialExecutor",
    "LocalExecutor",
    "CeleryExecutor",
    "KubernetesExecutor",
    "CeleryKubernetesExecutor",
    "LocalKubernetesExecutor",
]
EXECUTORS: tuple[ExecutorName, ...] = get_args(ExecutorName)
HYBRIDS: dict[str, tuple[ExecutorName, ExecutorName]] = {
    "CeleryKubernetesExecutor": ("CeleryExecutor", "KubernetesExecutor"),
    "LocalKubernetesExecutor": ("LocalExecutor", "KubernetesExecutor"),
}
"""Two executors in one (2.x): tasks of ``kubernetes_queue`` go to the second, others to the
first."""

AtLeastOne = Annotated[int, Field(ge=1)]
Times = Annotated[int, Field(ge=-1)]
"""A number of attempts; -1: without end."""
Amount = Annotated[float, Field(gt=0)]


class ExecutorConfig(Value):
    """What a task's pod asks for, and the most that it may take: the resources in
    ``executor_config={"pod_override": ...}``. ``None``: what the settings of the executor say."""

    request_cpus: Amount | None = None
    """Processors that the pod requests."""
    request_memory_mb: Amount | None = None
    """Memory that the pod requests."""
    limit_cpus: Amount | None = None
    """Processors that the pod may use."""
    limit_memory_mb: Amount | None = None
    """A try that needs more is killed (OOMKilled)."""

    @property
    def cpus(self) -> float:
        """Processors that count as requested: without a request the limit, as in Kubernetes."""
        return self.request_cpus or self.limit_cpus or 0.0

    @property
    def memory_mb(self) -> float:
        """MB that count as requested."""
        return self.request_memory_mb or self.limit_memory_mb or 0.0


class LocalSettings(Value):
    """LocalExecutor: ``parallelism`` processes beside each scheduler."""

    counts_running: bool | None = None
    """Whether what was handed to a process still counts against ``parallelism``. ``None``: as the
    release does it; 3.3 does not count it, and so takes more than it can run."""
    memory_mb: Amount | None = None
    """Memory of the host for all its processes; ``None``: never short."""
    cpus: Amount | None = None
    """Processors of one scheduler's host, for all its processes; ``None``: never short."""
    end_s: Seconds | Distribution = 0.0
    """From the end of a task until its process takes the next one; see ``workers``."""


class CelerySettings(Value):
    """CeleryExecutor: ``[celery]`` and ``[celery_broker_transport_options]``. Its workers are the
    cluster's ``workers``."""

    worker_concurrency: AtLeastOne = 16
    """Processes of a worker that says no ``slots`` of its own."""
    worker_autoscale: str | None = None
    """``"max,min"`` processes, in the place of ``worker_concurrency``. Processes come when there
    are tasks for them; that takes no time here."""
    worker_prefetch_multiplier: Annotated[int, Field(ge=0)] = 1
    """Messages for each process that a worker takes and has not acknowledged; 0: without end."""
    task_acks_late: bool = True
    """A message is acknowledged when its task has ended; else when it begins."""
    visibility_timeout_s: Amount | None = 86400.0
    """The broker (Redis, SQS) delivers again what is not acknowledged for so long. ``None``: a
    broker without it (RabbitMQ), which delivers again when the connection to a worker is lost."""
    task_publish_max_retries: Annotated[int, Field(ge=0)] = 3
    """How often a message is sent again, at the next loops, while the broker can't be reached; then
    the try fails."""

    @field_validator("worker_autoscale")
    @classmethod
    def _is_two_numbers(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\s*\d+\s*,\s*\d+\s*", value):
            raise ValueError("must be the most and the least processes, such as '16,4'")
        return value

    @property
    def processes(self) -> int:
        """Tasks at once on one worker."""
        if self.worker_autoscale is None:
            return self.worker_concurrency
        return max(1, *(int(part) for part in self.worker_autoscale.split(",")))


class KubernetesSettings(Value):
    """KubernetesExecutor: ``[kubernetes_executor]``, and the namespace and nodes that its pods get.
    Each task instance has a pod of its own."""

    worker_pods_creation_batch_size: AtLeastOne = 1
    """Pods created in one loop of a scheduler."""
    task_publish_max_retries: Times = 0
    """How often a pod is asked for again, at later loops, after the quota refused it; then the try
    fails. -1: without end."""
    pod_launch_failure_retries: Times = 1
    """How often a pod that died before its task began is replaced, without a try being used up."""
    pod_start_s: Annotated[float, Field(ge=0)] = 10.0
    """From when a pod has a node until its task runs: image, container, Python. Assumed: Airflow
    has no such setting."""
    pod: ExecutorConfig = ExecutorConfig()
    """Requests and limits of pods whose task says nothing (the pod template)."""
    quota_cpus: Amount | None = None
    """ResourceQuota of the namespace: what all its pods may request together. A pod beyond it is
    refused; it does not wait."""
    quota_memory_mb: Amount | None = None
    """Memory that all pods together may request."""
    quota_pods: AtLeastOne | None = None
    """Pods at once."""
    nodes: AtLeastOne | None = None
    """Nodes for the pods. ``None``: there is always room; else pods wait, pending, until one of
    them has room for what they request."""
    node_cpus: Amount | None = None
    """Of each node; ``None``: never short."""
    node_memory_mb: Amount | None = None
    """Memory of one node."""
    kubernetes_queue: str = "kubernetes"
    """The queue whose tasks CeleryKubernetesExecutor and LocalKubernetesExecutor give to pods."""

    def pod_of(self, own: ExecutorConfig | None) -> ExecutorConfig:
        """What the pod of a task with this ``executor_config`` asks for: its own resources take the
        place of all of the template's (``pod_generator.py: reconcile_containers``)."""
        return self.pod if own is None else own


class ConfiguredExecutor(Value):
    """One of ``[core] executor``."""

    name: ExecutorName
    alias: str | None = None
    """A name of the deployment's own, for ``executor=`` of tasks."""
    path: str | None = None
    """The module path that was written, if one was."""

    def is_called(self, name: str) -> bool:
        """Whether ``executor=name`` of a task means this one (``executors/executor_loader.py:
        lookup_executor_name_by_str``)."""
        return name in (self.alias, self.path, self.name)


@lru_cache(maxsize=64)
def configured(text: str) -> tuple[ConfiguredExecutor, ...]:
    """The executors that ``[core] executor`` names, the default one first.

    Raises:
        ValueError: one of them is not known here, or is there twice.
    """
    found = tuple(_one(part.strip()) for part in text.split(",") if part.strip())
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} is there twice")
        if name in HYBRIDS and len(names) > 1:
            both = " and ".join(HYBRIDS[name])
            raise ValueError(f"{name} can't be one of several executors; name {both}")
    if not found:
        raise ValueError("names no executor")
    return found


def _one(text: str) -> ConfiguredExecutor:
    """``Name``, ``module.path.Name``, or either of them after ``alias:``."""
    alias, colon, path = text.rpartition(":")
    name = path.strip().rpartition(".")[2]
    known = {one: one for one in EXECUTORS}
    if name not in known:
        close = difflib.get_close_matches(name, EXECUTORS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(EXECUTORS)}"
        raise ValueError(f"{name!r} is no executor that windtunnel simulates; {hint}")
    full = path.strip() if "." in path else None
    return ConfiguredExecutor(name=known[name], alias=alias.strip() if colon else None, path=full)
