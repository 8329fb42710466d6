"""Settings: sizes of a given cluster and limits of given DAGs, varied."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, get_args

from hypothesis import strategies as st

from windtunnel.errors import InvalidInput
from windtunnel.model import Cluster, Fleet, Pool, WorkerGroup
from windtunnel.strategies.clusters import widest_tasks
from windtunnel.strategies.drawing import Draw, many, one_of

Setting = Literal["pools", "parallelism", "workers", "max_active_runs", "max_active_tasks"]
SETTINGS: tuple[Setting, ...] = get_args(Setting)
MOST = 16
"""Sizes up to this are tried, in the place of one that is larger or unlimited."""
MOST_LIMITS = 3
"""DAGs' limits that are changed at once."""


def check_settings(vary: Collection[str]) -> None:
    """Refuse what can't be varied.

    Raises:
        InvalidInput: there is no such setting.
    """
    if unknown := sorted(set(vary) - set(SETTINGS)):
        raise InvalidInput(f"vary: no such setting {unknown[0]!r}; there are {', '.join(SETTINGS)}")


@st.composite
def varied_clusters(
    draw: Draw, cluster: Cluster, fleet: Fleet, vary: Collection[Setting]
) -> Cluster:
    """The cluster with other sizes; each shrinks to what it was, then to the least on which every
    task can still run."""
    changes: dict[str, Any] = {}
    if "pools" in vary:
        changes |= draw(_pools(cluster, fleet))
    if "parallelism" in vary:
        changes["parallelism"] = draw(_sizes(cluster.parallelism, 1))
    if "workers" in vary and cluster.workers:
        changes["workers"] = tuple(draw(_groups(group)) for group in cluster.workers)
    return cluster.model_copy(update=changes) if changes else cluster


@st.composite
def _pools(draw: Draw, cluster: Cluster, fleet: Fleet) -> dict[str, Any]:
    pools, changes = dict(cluster.pools), dict[str, Any]()
    for name, widest in sorted(widest_tasks(fleet).items()):
        pool = cluster.pool(name)
        if pool is None:
            continue
        slots = draw(_sizes(pool.slots, widest))
        if name in pools:
            pools[name] = Pool(slots=slots, include_deferred=pool.include_deferred)
        else:
            changes["default_pool_slots"] = slots
    return {**changes, "pools": pools}


def _groups(group: WorkerGroup) -> st.SearchStrategy[WorkerGroup]:
    """As many workers, or fewer, with as many slots, or fewer."""
    least = min(1, group.count)
    sizes = st.tuples(_sizes(group.count, least), _sizes(group.slots, 1))
    return sizes.map(lambda size: group.model_copy(update={"count": size[0], "slots": size[1]}))


def _sizes(now: int, least: int) -> st.SearchStrategy[int]:
    """As it is, or from *least* up to `MOST`, or to what it is if that is less."""
    most = max(least, min(now, MOST) if now >= 0 else MOST)
    return st.one_of(st.just(now), st.integers(least, most))


def varied_fleets(fleet: Fleet, vary: Collection[Setting]) -> st.SearchStrategy[Fleet]:
    """The fleet with other limits of a few of its DAGs."""
    limits = [name for name in ("max_active_runs", "max_active_tasks") if name in vary]
    if not limits:
        return st.just(fleet)
    places = [(number, name) for number in range(len(fleet.dags)) for name in limits]
    changes = many(st.tuples(one_of(places), st.integers(1, 4)), MOST_LIMITS)
    return changes.map(lambda found: _limited(fleet, dict(found)))


def _limited(fleet: Fleet, changes: dict[tuple[int, str], int]) -> Fleet:
    dags = list(fleet.dags)
    for (number, name), value in changes.items():
        dags[number] = dags[number].model_copy(update={name: value})
    return fleet.model_copy(update={"dags": tuple(dags)})
