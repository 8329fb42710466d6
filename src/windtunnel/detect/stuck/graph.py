"""Directed graphs as {node: targets}: components, shortest cycles, what leads where."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

Edges = Mapping[int, tuple[int, ...]]


def knots(edges: Edges) -> list[list[int]]:
    """The strongly connected components in which every node waits for itself in the end, each
    sorted, in order of their first node."""
    found = [sorted(c) for c in _components(edges) if len(c) > 1 or c[0] in edges[c[0]]]
    return sorted(found)


def shortest_cycle(candidates: Iterable[int], edges: Edges) -> list[int]:
    """A shortest cycle through one of the candidates (the first of equals), as its nodes in turn;
    empty if there is none."""
    best: list[int] = []
    for start in candidates:
        path = _way_back(start, edges)
        if path and (not best or len(path) < len(best)):
            best = path
    return best


def leads_to(targets: Iterable[int], edges: Edges) -> set[int]:
    """The nodes from which a target can be reached, the targets themselves included."""
    sources: dict[int, list[int]] = {}
    for node, following in edges.items():
        for target in following:
            sources.setdefault(target, []).append(node)
    reached = set(targets)
    queue = deque(reached)
    while queue:
        for node in sources.get(queue.popleft(), ()):
            if node not in reached:
                reached.add(node)
                queue.append(node)
    return reached


def reached_from(sources: Iterable[int], edges: Edges) -> set[int]:
    """The nodes that can be reached from a source, the sources themselves included."""
    reached = set(sources)
    queue = deque(reached)
    while queue:
        for node in edges.get(queue.popleft(), ()):
            if node not in reached:
                reached.add(node)
                queue.append(node)
    return reached


def _way_back(start: int, edges: Edges) -> list[int]:
    before: dict[int, int] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in edges.get(node, ()):
            if target == start:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if target not in before:
                before[target] = node
                queue.append(target)
    return []


def _components(edges: Edges) -> list[list[int]]:
    """Strongly connected components (Tarjan's, without recursion), in order of discovery."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in edges:
        if root in number:
            continue
        work: list[tuple[int, int]] = [(root, 0)]
        while work:
            node, step = work.pop()
            if step == 0:
                number[node] = low[node] = len(number)
                stack.append(node)
                on_stack.add(node)
            targets = edges[node]
            if step > 0:
                low[node] = min(low[node], low[targets[step - 1]])
            for later in range(step, len(targets)):
                target = targets[later]
                if target not in number:
                    work.append((node, later + 1))
                    work.append((target, 0))
                    break
                if target in on_stack:
                    low[node] = min(low[node], number[target])
            else:
                if low[node] == number[node]:
                    at = stack.index(node)
                    found.append(stack[at:])
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
    return found
