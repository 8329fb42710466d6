"""Pending: pods that wait for a node, the oldest first, but the smaller ones past those for which
there is no room."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.engine.executors.pods import Nodes, Pod

Size = tuple[float, float]
"""Processors and MB that a pod requests."""


class Pending:
    """Pods by what they request: where one has no room, others like it have none either."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._pods: dict[int, tuple[int, Pod]] = {}
        self._alike: dict[Size, dict[int, int]] = {}
        """By size: number of each pod by task instance, in order."""
        self._number = 0

    def __bool__(self) -> bool:
        return bool(self._pods)

    def __contains__(self, ti: int) -> bool:
        return ti in self._pods

    def __iter__(self) -> Iterator[int]:
        return iter(self._pods)

    def __len__(self) -> int:
        return len(self._pods)

    def add(self, pod: Pod) -> None:
        """It was created."""
        self._number += 1
        self._pods[pod.ti] = (self._number, pod)
        self._alike.setdefault(_size(pod), {})[pod.ti] = self._number

    def pop(self, ti: int) -> Pod | None:
        """It is not pending any more; returns it, if it was."""
        _, pod = self._pods.pop(ti, (0, None))
        if pod is not None:
            alike = self._alike[_size(pod)]
            del alike[ti]
            if not alike:
                del self._alike[_size(pod)]
        return pod

    def place(self) -> list[Pod]:
        """Give nodes to those for which there is room; returns them, in order."""
        placed: list[Pod] = []
        sizes = set(self._alike)
        while sizes:
            # the oldest of all sizes that may still have room
            ti = min(next(iter(self._alike[size].items()))[::-1] for size in sizes)[1]
            pod = self._pods[ti][1]
            if self._nodes.place(pod):
                self.pop(ti)
                placed.append(pod)
                sizes &= set(self._alike)
            else:
                sizes.discard(_size(pod))
        return placed


def _size(pod: Pod) -> Size:
    return pod.cpus, pod.memory
