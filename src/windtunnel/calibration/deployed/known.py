"""Known: what the database says of the deployment itself: its release and its pools."""

from __future__ import annotations

from pathlib import Path

from windtunnel.calibration.past import Past
from windtunnel.loaders.metadata import is_database, opened, tables_of
from windtunnel.model import Cluster, Pool
from windtunnel.model.cluster import ProfileName

DEFAULT = "default_pool"
"""Always there, with as many slots as the settings say."""
RELEASES: dict[str, ProfileName] = {"2.x": "airflow-2.11", "3.x": "airflow-3.3"}


def as_recorded(cluster: Cluster, past: Past, source: str | Path) -> Cluster:
    """The cluster with the release that wrote the past, and with the pools of its database in the
    place of those that were assumed. Pools in which tasks ran existed, so they are assumed where
    neither says them.

    Raises:
        InvalidInput: the database can't be read.
    """
    assumed = {name for name, pool in cluster.pools.items() if pool.assumed}
    said = {name: pool for name, pool in cluster.pools.items() if name not in assumed}
    pools = {**pools_in(source), **said}
    guess = Pool(slots=cluster.default_pool_slots, assumed=True)
    ran = {one.pool for one in past.tries if one.start and one.pool != DEFAULT}
    missing = {
        name: cluster.pools.get(name, guess) for name in sorted((assumed | ran) - pools.keys())
    }
    return cluster.model_copy(
        update={"profile": RELEASES[past.release], "pools": {**missing, **pools}}
    )


def pools_in(source: str | Path) -> dict[str, Pool]:
    """The pools in a metadata database; none, if it is an export."""
    if not is_database(source):
        return {}
    from sqlalchemy import column, select, table  # noqa: PLC0415 - an extra

    with opened(source, extra="calibrate") as connection:
        if "slot_pool" not in tables_of(connection):
            return {}
        pool = table("slot_pool", *map(column, ("pool", "slots", "include_deferred")))
        rows = connection.execute(select(pool.c.pool, pool.c.slots, pool.c.include_deferred))
        return {
            str(name): Pool(slots=slots, include_deferred=bool(deferred))
            for name, slots, deferred in rows
        }
