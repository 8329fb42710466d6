"""Effective priority weights: what each weight rule makes of a task's place in its DAG.

From Airflow: ``task/priority_strategy.py`` and ``sdk/bases/operator.py: priority_weight_total``.
Every relative counts once, over however many paths it is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter

from windtunnel.model import Task, WeightRule

Edges = Sequence[tuple[int, ...]]


def effective_weights(tasks: Sequence[Task], upstream: Edges, downstream: Edges) -> list[int]:
    """The weight by which the scheduler orders each task.

    ``downstream`` is the task's own weight and that of all its descendants, ``upstream`` that of
    all its ancestors, ``absolute`` its own.
    """
    own = [task.priority_weight for task in tasks]
    weights = list(own)
    for rule, edges, back in (
        (WeightRule.DOWNSTREAM, downstream, upstream),
        (WeightRule.UPSTREAM, upstream, downstream),
    ):
        asking = [i for i, task in enumerate(tasks) if task.weight_rule is rule]
        if asking:
            sums = _sums_of_relatives(own, edges, back)
            for i in asking:
                weights[i] += sums[i]
    return weights


def _sums_of_relatives(own: list[int], edges: Edges, back: Edges) -> list[int]:
    """For each task the weights of all that it reaches over ``edges``.

    Sets of relatives are the bits of one integer each, so that a union is one operation, and each
    is kept only as long as somebody still needs it.
    """
    masks: dict[int, int] = {}
    for task, weight in enumerate(own):
        masks[weight] = masks.get(weight, 0) | 1 << task
    reached: dict[int, int] = {}
    needed = [len(others) for others in back]
    sums = [0] * len(own)
    for task in TopologicalSorter(dict(enumerate(edges))).static_order():
        relatives = 0
        for other in edges[task]:
            relatives |= reached[other] | 1 << other
            needed[other] -= 1
            if not needed[other]:
                del reached[other]
        if needed[task]:
            reached[task] = relatives
        if len(masks) == 1:
            sums[task] = relatives.bit_count() * own[task]
        else:
            sums[task] = sum(w * (relatives & mask).bit_count() for w, mask in masks.items())
    return sums
