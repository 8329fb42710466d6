"""Pods: what they request, the quota of their namespace, and the nodes that have room for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from windtunnel.engine.executors.machines import renamed, too_much
from windtunnel.model import ExecutorConfig, KubernetesSettings

MARGIN = 1e-9
"""Sums of fractions of a processor are not exact."""


@dataclass(slots=True, eq=False)
class Pod:
    """The pod of one task instance."""

    ti: int
    """Less than 0: it goes on after its try was given up."""
    cpus: float
    memory: float
    """MB that it requests."""
    limit: float | None
    """MB that it may take."""
    node: Node | None = None


@dataclass(slots=True, eq=False)
class Node:
    """A machine for pods."""

    number: int
    cpus: float
    memory: float
    """Free of them, for requests."""
    pods: dict[int, Pod] = field(default_factory=dict)
    used: dict[int, float] = field(default_factory=dict)
    """MB of each try that said how much it needs, in order of their start."""
    alive: bool = True
    cordoned: bool = False
    """It takes no new pods."""

    @property
    def running(self) -> Collection[int]:
        """Task instances whose pods are here."""
        return self.pods.keys()


class Quota:
    """ResourceQuota: what all pods of the namespace may request together."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._cpus = settings.quota_cpus
        self._memory = settings.quota_memory_mb
        self._pods = settings.quota_pods
        self._used = [0.0, 0.0, 0]

    def admits(self, pod: Pod) -> bool:
        """Whether one more pod may be created."""
        cpus, memory, pods = self._used
        return (
            (self._cpus is None or cpus + pod.cpus <= self._cpus + MARGIN)
            and (self._memory is None or memory + pod.memory <= self._memory + MARGIN)
            and (self._pods is None or pods < self._pods)
        )

    def use(self, pod: Pod, sign: int) -> None:
        """A pod is there, or (-1) not any more."""
        self._used[0] += sign * pod.cpus
        self._used[1] += sign * pod.memory
        self._used[2] += sign


class Nodes:
    """The machines of the cluster. Without a number of them each pod has one for itself."""

    def __init__(self, settings: KubernetesSettings) -> None:
        self._each = (settings.node_cpus, settings.node_memory_mb)
        self.limited = settings.nodes is not None
        self._nodes: dict[int, Node] = {}
        self._number = 0
        for _ in range(settings.nodes or 0):
            self._add()

    def _add(self) -> Node:
        cpus, memory = (float("inf") if free is None else free for free in self._each)
        node = self._nodes[self._number] = Node(self._number, cpus, memory)
        self._number += 1
        return node

    def place(self, pod: Pod) -> bool:
        """Give a pod the node with the most room, of those that have enough; returns whether there
        was one."""
        if self.limited:
            pod.node = max((n for n in self._able() if _fits(pod, n)), key=_room, default=None)
        else:
            pod.node = self._add()
        if pod.node is None:
            return False
        pod.node.cpus -= pod.cpus
        pod.node.memory -= pod.memory
        pod.node.pods[pod.ti] = pod
        return True

    def could_hold(self, pod: Pod) -> bool:
        """Whether an empty node would have room for it."""
        return not self.limited or all(
            most is None or wanted <= most + MARGIN
            for wanted, most in zip((pod.cpus, pod.memory), self._each, strict=True)
        )

    def leave(self, pod: Pod) -> None:
        """A pod is gone from its node."""
        node = pod.node
        if node is None or node.pods.pop(pod.ti, None) is None:
            return
        node.used.pop(pod.ti, None)
        node.cpus += pod.cpus
        node.memory += pod.memory
        if not self.limited:
            node.alive = False
            self._nodes.pop(node.number, None)

    def rename(self, pod: Pod, name: int) -> None:
        """A pod belongs to no task instance any more."""
        if pod.node is not None:
            pod.node.pods[name] = pod.node.pods.pop(pod.ti)
            pod.node.used = renamed(pod.node.used, pod.ti, name)
        pod.ti = name

    def load(self, pod: Pod, memory: float) -> list[int]:
        """A try takes memory; returns what is killed for it."""
        if pod.limit is not None and memory > pod.limit:
            return [pod.ti]
        most = self._each[1] if self.limited else None
        if most is None or pod.node is None:
            return []
        pod.node.used[pod.ti] = memory
        return too_much(pod.node.used, most)

    def _able(self) -> list[Node]:
        return [node for node in self._nodes.values() if node.alive and not node.cordoned]

    def busiest(self) -> list[Node]:
        """Nodes that take pods, those with the most of them first."""
        return sorted(self._able(), key=lambda node: (-len(node.pods), node.number))

    def lose(self, number: int) -> list[Pod]:
        """A node is gone; returns its pods."""
        node = self._nodes.pop(number, None)
        if node is None:
            return []
        node.alive = False
        return list(node.pods.values())

    def replace(self, count: int) -> None:
        """So many new nodes."""
        for _ in range(count if self.limited else 0):
            self._add()

    def cordon(self, number: int, *, cordoned: bool) -> None:
        """A node takes no new pods, or takes them again."""
        node = self._nodes.get(number)
        if node is not None:
            node.cordoned = cordoned

    def has(self, machine: object) -> bool:
        """Whether a machine is one of these, or was."""
        return isinstance(machine, Node)


def _fits(pod: Pod, node: Node) -> bool:
    return pod.cpus <= node.cpus + MARGIN and pod.memory <= node.memory + MARGIN


def _room(node: Node) -> tuple[float, float, int, int]:
    return (node.cpus, node.memory, -len(node.pods), -node.number)


def pod_of(ti: int, asked: ExecutorConfig) -> Pod:
    """The pod of a task instance that asks for this."""
    return Pod(ti, asked.cpus, asked.memory_mb, asked.limit_memory_mb)
