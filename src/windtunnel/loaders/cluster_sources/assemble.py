"""Assemble: layers of what sources say become one cluster, and what was assumed is said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.executors import put_together
from windtunnel.loaders.cluster_sources.layer import HALVES, SETTINGS, Layer, Said
from windtunnel.model import Assumption, Cluster, Fleet, Pool

UNLIMITED = 1_000_000
"""Stands for a ``parallelism`` of 0, which some executors of Airflow 2 take as no limit."""


@dataclass(frozen=True)
class ReadCluster:
    """A cluster, where each of its values comes from, and what had to be assumed."""

    cluster: Cluster
    origins: Mapping[str, str] = field(default_factory=dict)
    """Field of the cluster -> where its value stands; a field that nobody said has a default."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Field of the cluster -> the file or other source in which that place is."""
    assumptions: tuple[Assumption, ...] = ()
    task_settings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By section and key: defaults of tasks' arguments, for whoever loads the DAG files."""

    @property
    def said(self) -> tuple[Assumption, ...]:
        """All of it for the report: where the cluster was read, then what was assumed."""
        usual = Cluster()
        by_source: dict[str, list[str]] = {}
        for name, source in self.sources.items():
            told = by_source.setdefault(source, [])
            if getattr(self.cluster, name) != getattr(usual, name):
                told.append(_shown(name, getattr(self.cluster, name)))
        read = (
            Assumption(
                subject=f"cluster, from {source}", assumed=", ".join(told) or "Airflow's defaults"
            )
            for source, told in by_source.items()
        )
        return (*read, *self.assumptions)


def assemble(layers: Sequence[Layer]) -> ReadCluster:
    """One cluster of several layers; what a later one says wins.

    Raises:
        InvalidInput: a value is out of bounds.
    """
    said: dict[str, Said] = {}
    for layer in layers:
        said |= layer.values
    whole = {name: one for name, one in said.items() if name not in HALVES}
    assumptions: list[Assumption] = []
    _unlimited(whole)
    put_together(said, whole, assumptions)
    settings = {name: text for layer in layers for name, text in layer.task_settings.items()}
    return ReadCluster(
        _cluster(whole),
        {name: one.where for name, one in whole.items()},
        {name: one.source for name, one in whole.items()},
        tuple(assumptions),
        settings,
    )


def _unlimited(whole: dict[str, Said]) -> None:
    """A ``parallelism`` of 0 is no limit."""
    own = whole.get("parallelism")
    if own is not None and own.value == 0:
        whole["parallelism"] = replace(own, value=UNLIMITED)


def _cluster(whole: Mapping[str, Said]) -> Cluster:
    try:
        return Cluster.model_validate({name: one.value for name, one in whole.items()})
    except ValidationError as error:
        detail = error.errors()[0]
        name = str(detail["loc"][0]) if detail["loc"] else ""
        where = whole[name].where if name in whole else name
        said = str(detail["msg"]).replace("Input should be", "must be")
        raise InvalidInput(f"{where} = {detail['input']!r}: {said}") from None


def _shown(name: str, value: Any) -> str:
    """A value as people write it."""
    if name in SETTINGS:
        said = {key.removesuffix("_s"): getattr(value, key) for key in value.model_fields_set}
        return ", ".join(f"{key} {one}" for key, one in sorted(said.items()))
    if name == "workers":
        return ", ".join(f"{g.count} workers with {g.slots} slots" for g in value or ())
    if name == "pools":
        return ", ".join(f"pool {pool} {about.slots}" for pool, about in sorted(value.items()))
    return f"{name.removesuffix('_s')} {value:g}" if isinstance(value, float) else f"{name} {value}"


def assume_pools(cluster: Cluster, fleet: Fleet) -> tuple[Cluster, tuple[Assumption, ...]]:
    """A cluster with every pool that the fleet's tasks name.

    For when nobody said which pools there are. Each that is added has as many slots as
    ``default_pool``, and is said to be assumed."""
    named = Counter(task.pool for dag in fleet.dags for task in dag.tasks)
    unknown = {n: number for n, number in named.items() if cluster.pool(n) is None}
    slots = cluster.default_pool_slots
    added = {name: Pool(slots=slots, assumed=True) for name in sorted(unknown)}
    pools = {**cluster.pools, **added}
    assumptions = (
        Assumption(
            subject=f"pool {name} (named by {number} task{'' if number == 1 else 's'}, size "
            "unknown)",
            assumed=f"{slots} slots" if slots >= 0 else "unlimited",
        )
        for name, number in sorted(unknown.items())
    )
    return cluster.model_copy(update={"pools": pools}), tuple(assumptions)


def assume_queues(cluster: Cluster, fleet: Fleet) -> tuple[Cluster, tuple[Assumption, ...]]:
    """A cluster whose workers serve every queue that the fleet's tasks name.

    For when the workers are known, but not which queues they were started with."""
    if cluster.workers is None:
        return cluster, ()
    served = {queue for group in cluster.workers for queue in group.queues}
    named = Counter(task.queue for dag in fleet.dags for task in dag.tasks)
    unknown = {queue: number for queue, number in sorted(named.items()) if queue not in served}
    workers = tuple(
        group.model_copy(update={"queues": (*group.queues, *unknown)}) for group in cluster.workers
    )
    assumptions = (
        Assumption(
            subject=f"queue {queue} (named by {number} task{'' if number == 1 else 's'})",
            assumed="served by all workers",
        )
        for queue, number in unknown.items()
    )
    return cluster.model_copy(update={"workers": workers}), tuple(assumptions)


def complete(found: ReadCluster, fleet: Fleet) -> tuple[Cluster, tuple[Assumption, ...]]:
    """A cluster that was read, with the pools and queues that its sources can't know.

    A ``cluster.toml`` is taken by its word: a pool or queue that isn't in it doesn't exist."""
    cluster, said = found.cluster, found.said
    if any(source.endswith(".toml") for source in found.sources.values()):
        return cluster, said
    if "pools" not in found.origins:
        cluster, pools = assume_pools(cluster, fleet)
        said += pools
    cluster, queues = assume_queues(cluster, fleet)
    return cluster, said + queues
