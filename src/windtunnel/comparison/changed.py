"""Changed: what is said otherwise in the second of two scenarios: the cluster, DAGs, tasks, and how
tasks behave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from windtunnel.model import Dag, Scenario, WorkerGroup
from windtunnel.model.base import Value

UNSEEN = frozenset({"file", "line", "doc", "assumed"})
"""Where a thing stands in a file, which moves when something else is written above it, and whether
anybody said it at all."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is said otherwise."""

    subject: str
    """``cluster``, ``pool db``, a dag_id, ``dag_id.task_id``, ``behavior``."""
    field: str
    """Empty: the subject itself is new, or gone."""
    before: Any
    """As plain data; None: it was not said."""
    after: Any


def changes(before: Scenario, after: Scenario) -> Iterator[Change]:
    """The cluster first, then DAGs by dag_id with their tasks, then the rest."""
    yield from _pools(before, after)
    yield from _workers(before, after)
    yield from _fields("cluster", before.cluster, after.cluster, {"pools", "workers"})
    yield from _dags(before, after)
    yield from _fields("behavior", before.behavior, after.behavior)
    for name in ("resources", "faults", "manual_runs", "backfills", "asset_updates"):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield Change("scenario", name, _plain(was), _plain(now))


def _pools(before: Scenario, after: Scenario) -> Iterator[Change]:
    one, other = before.cluster.pools, after.cluster.pools
    for name in sorted({*one, *other}):
        yield from _pair(f"pool {name}", one.get(name), other.get(name))


def _workers(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Groups of workers, by name; the one without a name, where there is one, is `workers`."""
    one, other = (
        {group.name: group for group in side.cluster.workers or ()} for side in (before, after)
    )
    for name in dict.fromkeys([*one, *other]):
        alone = name == WorkerGroup.model_fields["name"].default
        yield from _pair("workers" if alone else f"workers {name}", one.get(name), other.get(name))


def _dags(before: Scenario, after: Scenario) -> Iterator[Change]:
    one = {dag.dag_id: dag for dag in before.fleet.dags}
    other = {dag.dag_id: dag for dag in after.fleet.dags}
    for dag_id in sorted({*one, *other}):
        was, now = one.get(dag_id), other.get(dag_id)
        yield from _pair(dag_id, was, now, {"tasks"})
        if was is not None and now is not None:
            yield from _tasks(was, now)


def _tasks(was: Dag, now: Dag) -> Iterator[Change]:
    one = {task.task_id: task for task in was.tasks}
    other = {task.task_id: task for task in now.tasks}
    for task_id in dict.fromkeys([*one, *other]):
        name = f"{now.dag_id}.{task_id}"
        yield from _pair(name, one.get(task_id), other.get(task_id))


def _pair(
    subject: str, was: Value | None, now: Value | None, without: set[str] | None = None
) -> Iterator[Change]:
    if was is None or now is None:
        if was is not now:
            there, gone = ("there", None) if now is None else (None, "there")
            yield Change(subject, "", there, gone)
        return
    yield from _fields(subject, was, now, without)


def _fields(
    subject: str, was: Value, now: Value, without: set[str] | None = None
) -> Iterator[Change]:
    for name in type(now).model_fields:
        if name in UNSEEN or name in (without or ()):
            continue
        one, other = getattr(was, name, None), getattr(now, name)
        if one != other:
            yield Change(subject, name, _plain(one), _plain(other))


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Value):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
