"""Antichain: the heaviest of some tasks of a DAG of which none comes before another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from windtunnel.lint.relatives import Relatives

EXACT = 14
"""So many tasks are looked at in every combination; of more a heavy choice is taken, which may not
be the heaviest."""


def heaviest_at_once(weights: Mapping[str, int], relatives: Relatives) -> list[str]:
    """The ids of tasks that may run at the same time in one run, in the given order."""
    ids = list(weights)
    apart = {
        one: {other for other in ids if other in relatives.before(one)}
        | {other for other in ids if one in relatives.before(other)}
        for one in ids
    }
    if not any(apart.values()):
        return ids
    if len(ids) <= EXACT:
        return _best(ids, weights, apart)
    chosen: list[str] = []
    for one in sorted(ids, key=lambda name: (len(apart[name]), -weights[name])):
        if not apart[one].intersection(chosen):
            chosen.append(one)
    return [one for one in ids if one in chosen]


def _best(
    left: Sequence[str], weights: Mapping[str, int], apart: Mapping[str, set[str]]
) -> list[str]:
    if not left:
        return []
    first, *rest = left
    if not apart[first].intersection(rest):
        return [first, *_best(rest, weights, apart)]
    with_it = [first, *_best([one for one in rest if one not in apart[first]], weights, apart)]
    without = _best(rest, weights, apart)
    heavier = sum(weights[one] for one in with_it) >= sum(weights[one] for one in without)
    return with_it if heavier else without
