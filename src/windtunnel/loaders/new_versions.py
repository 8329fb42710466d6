"""New versions of DAGs that faults deploy: loaded from the folder that they name, and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders.forms import one_of
from windtunnel.loaders.source import load
from windtunnel.model import Cluster, DagChanged, Fault, Fleet


def with_new_versions(
    faults: Sequence[Fault], base: Path, cluster: Cluster, names: Sequence[str]
) -> tuple[Fault, ...]:
    """The faults, with the DAGs that lie in folders; a relative folder is one of *base*. *names*
    say which fault a message speaks of.

    Raises:
        InvalidInput: there is no such folder, or not that DAG in it.
    """
    return tuple(
        _loaded(fault, base, cluster, name)
        if isinstance(fault, DagChanged) and fault.folder is not None and fault.dag is None
        else fault
        for fault, name in zip(faults, names, strict=True)
    )


def _loaded(fault: DagChanged, base: Path, cluster: Cluster, name: str) -> DagChanged:
    assert fault.folder is not None
    place = base / fault.folder
    try:
        fleet = load(place, profile=cluster.profile).fleet
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None
    dags = {dag.dag_id: dag for dag in fleet.dags}
    if fault.dag_id not in dags:
        why = "".join(f" {problem}" for problem in fleet.problems)
        raise InvalidInput(
            f"{name}: {place} has no DAG {fault.dag_id!r}; "
            f"{one_of(fault.dag_id, sorted(dags))}{why}"
        )
    return fault.model_copy(update={"dag": dags[fault.dag_id]})


def wrong_change(fault: DagChanged, fleet: Fleet, cluster: Cluster) -> Iterator[str]:
    """What is wrong with a new version."""
    dags = {dag.dag_id: dag for dag in fleet.dags}
    before = dags.get(fault.dag_id)
    if before is None:
        yield f"there is no DAG {fault.dag_id!r}; {one_of(fault.dag_id, sorted(dags))}"
        return
    if fault.dag is None and not fault.without:
        yield "nothing is said of the new version: which tasks it is without, or where it lies"
    if fault.dag is not None and fault.dag.dag_id != fault.dag_id:
        yield f"the new version has another dag_id: {fault.dag.dag_id!r}"
    known = {task.task_id for task in (fault.dag or before).tasks}
    for name in fault.without:
        if name not in known:
            yield f"{fault.dag_id} has no task {name!r}; {one_of(name, sorted(known))}"
    if fault.every_s is not None:
        yield "a version is deployed once; leave 'every' out"
    if fault.pinned and not cluster.airflow.has_dag_versions:
        yield "Airflow 2 pins no run to a version; leave 'pinned' out"
