"""Effective priority weights, against counting by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel.engine.scheduler.weights import effective_weights
from windtunnel.model import Task, WeightRule


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 12))
    ups = [draw(st.sets(st.integers(0, i - 1), max_size=4)) if i else set() for i in range(size)]
    order = draw(st.permutations(range(size)))
    place = {old: new for new, old in enumerate(order)}
    upstream = [()] * size
    for old, parents in enumerate(ups):
        upstream[place[old]] = tuple(sorted(place[p] for p in parents))
    tasks = [
        Task(
            task_id=f"t{i}",
            priority_weight=draw(st.integers(-3, 5)),
            weight_rule=draw(st.sampled_from(WeightRule)),
        )
        for i in range(size)
    ]
    downstream = [tuple(d for d in range(size) if i in upstream[d]) for i in range(size)]
    return tasks, upstream, downstream


def relatives(start, edges):
    found, stack = set(), list(edges[start])
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(edges[node])
    return found


@examples(200)
@given(graphs())
def test_every_relative_counts_once(graph):
    tasks, upstream, downstream = graph
    edges = {WeightRule.DOWNSTREAM: downstream, WeightRule.UPSTREAM: upstream}
    for i, weight in enumerate(effective_weights(tasks, upstream, downstream)):
        counted = relatives(i, edges[tasks[i].weight_rule]) if tasks[i].weight_rule in edges else ()
        assert weight == sum(tasks[j].priority_weight for j in {i, *counted})


def test_a_deep_dag_of_many_tasks_is_no_trouble():
    """Every task of a layer below every task of the layer above: 20 million pairs of relatives."""
    width, depth = 20, 320
    size = width * depth
    layers = [tuple(range(at, at + width)) for at in range(0, size, width)]
    upstream = [layers[i // width - 1] if i >= width else () for i in range(size)]
    downstream = [layers[i // width + 1] if i < size - width else () for i in range(size)]
    tasks = [Task(task_id=f"t{i}") for i in range(size)]
    weights = effective_weights(tasks, upstream, downstream)
    assert [weights[i] for i in (0, width, size - 1)] == [1 + size - width, 1 + size - 2 * width, 1]
