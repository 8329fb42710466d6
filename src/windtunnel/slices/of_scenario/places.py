"""Where tasks run: queues with their worker slots, for the executors of a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from windtunnel.model import Cluster, Task
from windtunnel.model.cluster import WorkerGroup

FREE = ""
"""The queue of tasks that never wait for a worker."""


@dataclass
class Places:
    """Queues of a cluster, as far as it has workers that can be too few."""

    cluster: Cluster
    slots: dict[str, int] = field(default_factory=dict)
    """Queue -> tasks that surely run at once before one has to wait."""
    inexact: set[str] = field(default_factory=set)
    """Queues of which more may run at once."""

    def queue_of(self, task: Task) -> str:
        """The queue of a task.

        Raises:
            Uncovered: where it runs is not covered.
        """
        cluster = self.cluster
        if cluster.executor is None:
            return FREE if cluster.workers is None else self._of_workers(task.queue, prefetch=False)
        name = cluster.executor_for(task.executor, task.queue)
        if name == "CeleryExecutor":
            return self._of_workers(task.queue, prefetch=True)
        if name in ("LocalExecutor", "SequentialExecutor"):
            most = cluster.parallelism if name == "LocalExecutor" else 1
            self.slots[name] = most
            self.inexact.add(name)
            return name
        if name == "KubernetesExecutor":
            return self._of_pods()
        raise UncoveredError(f"executor {task.executor} is none of the cluster's")

    def _of_pods(self) -> str:
        pods = self.cluster.kubernetes_executor
        quota = pods.quota_cpus or pods.quota_memory_mb or pods.quota_pods
        if pods.nodes is not None or quota:
            raise UncoveredError("pods that wait for nodes or are refused by a quota")
        return FREE

    def _of_workers(self, queue: str, *, prefetch: bool) -> str:
        groups = [one for one in self.cluster.workers or () if queue in one.queues]
        if queue not in self.slots:
            shared = any(len(one.queues) > 1 for one in groups)
            elastic = any(one.elastic is not None for one in groups)
            if prefetch:
                # A worker keeps tasks that it has taken, also where another one would have room.
                self.slots[queue] = min((one.slots for one in groups), default=0)
            else:
                self.slots[queue] = sum(one.slots * max(1, one.count) for one in groups)
            if prefetch or shared or elastic:
                self.inexact.add(queue)
        return queue


class UncoveredError(Exception):
    """Something that can't be carried over; its text is the reason."""


def may_be_killed(cluster: Cluster) -> bool:
    """Whether tries can be killed because memory is short."""
    groups: tuple[WorkerGroup, ...] = cluster.workers or ()
    pods = cluster.kubernetes_executor.pod
    return (
        any(one.memory_mb is not None for one in groups)
        or cluster.local_executor.memory_mb is not None
        or pods.limit_memory_mb is not None
    )
