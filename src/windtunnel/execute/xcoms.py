"""XComs: what tasks push is stored as the database would hold it; who pulls gets a new object.

From Airflow: ``sdk/execution_time/task_runner.py: xcom_pull`` and ``sdk/bases/xcom.py`` (3.x),
``models/taskinstance.py: _xcom_pull`` and ``models/xcom.py`` (2.x).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from windtunnel.engine.world import Run, World
from windtunnel.execute.serde import NotCarriedError, Serde, type_name
from windtunnel.trace.trace import NotCarried

RETURN_VALUE = "return_value"
UNSET: Any = type("Unset", (), {"__repr__": lambda _: "NOTSET"})()


class UnknownResultError(LookupError):
    """A callable wants the result of a task that only a running Airflow would have."""


class XComTooLargeError(ValueError):
    """A value that the database of the cluster doesn't take."""


class XComRefusedError(TypeError):
    """A value that can't be made into what XComs are stored as."""


@dataclass(frozen=True, slots=True)
class _Stored:
    number: int
    """Later pushes have higher numbers."""
    value: bytes


class XComs:
    """All XComs of a simulation."""

    def __init__(self, world: World) -> None:
        backend, profile = world.cluster.xcom, world.profile
        self._world = world
        self._backend = backend
        self._serde = Serde(
            nested_tuples_kept=profile.xcom_nested_tuples_kept,
            allowed=backend.allowed_deserialization_classes,
            pickling=backend.pickling and profile.xcom_column == "blob",
            pydantic=profile.xcom_carries_pydantic,
        )
        self._stored: dict[tuple[int, str], dict[int, dict[str, _Stored]]] = {}
        """(run, task_id) -> map index -> key -> value."""
        self._pushes = 0
        self.unknown: set[tuple[int, str]] = set()
        """(run, task_id) of tasks that were modelled, and whose result nobody declared."""

    # -- pushing ------------------------------------------------------------------------------

    def clear(self, ti: int) -> None:
        """A new try begins: what earlier ones pushed is gone."""
        run, task_id, index = self._key(ti)
        self._stored.get((run.index, task_id), {}).pop(index, None)

    def push(self, ti: int, key: str, value: Any) -> None:
        """Store a value.

        Raises:
            XComRefusedError: it can't be carried.
            XComTooLargeError: it doesn't fit.
        """
        run, task_id, index = self._key(ti)
        try:
            stored = self._serde.encode(value)
        except NotCarriedError as error:
            self._refuse(ti, key, error.type_name, None)
            raise XComRefusedError(
                f"{self._name(ti, key)} can't be carried: {error}. Hand over plain values (dict, "
                "list, text, number), a dataclass, or the path under which the value is stored"
            ) from None
        self._check_size(ti, key, value, len(stored))
        self._pushes += 1
        of_task = self._stored.setdefault((run.index, task_id), {})
        of_task.setdefault(index, {})[key] = _Stored(self._pushes, stored)

    def _check_size(self, ti: int, key: str, value: Any, size: int) -> None:
        backend, column = self._backend, self._world.profile.xcom_column
        limit = backend.largest(column)
        elsewhere = 0 <= backend.objectstorage_threshold <= size
        if size > limit and not elsewhere:
            self._refuse(ti, key, type_name(value), size)
            raise XComTooLargeError(
                f"{self._name(ti, key)} has {size:,} bytes, and {backend.database} takes "
                f"{limit:,}. Store the value elsewhere and hand over its path, or use the object "
                "storage backend"
            )

    def _refuse(self, ti: int, key: str, type_: str, size: int | None) -> None:
        run, task_id, index = self._key(ti)
        self._world.trace.not_carried.append(
            NotCarried(self._world.now, run.dag.dag_id, run.name, task_id, index, key, type_, size)
        )

    def _name(self, ti: int, key: str) -> str:
        run, task_id, _ = self._key(ti)
        return f"XCom {key!r} of {run.dag.dag_id}.{task_id}"

    def _key(self, ti: int) -> tuple[Run, str, int]:
        world = self._world
        run = world.runs[world.ti_run[ti]]
        return run, run.dag.ids[world.ti_task[ti]], world.ti_map[ti]

    # -- pulling ------------------------------------------------------------------------------

    def result(self, ti: int, task_id: str, key: str | None) -> Any:
        """What stands in the arguments of a task for another one's result: of a mapped one the
        list of all, in the same mapped group the one beside it."""
        run, own, index = self._key(ti)
        dag = run.dag
        if task_id not in dag.index:
            return None
        task = dag.index[task_id]
        name = key or RETURN_VALUE
        beside = dag.mapped_group[task] is not None and dag.tasks[task].expand is None
        if dag.mapped[task] and not (
            beside and dag.mapped_group[task] == dag.mapped_group[dag.index[own]]
        ):
            return list(self._values(run, task_id, name))
        found = list(self._values(run, task_id, name, [index if dag.mapped[task] else -1]))
        return found[0] if found else None

    def has(self, ti: int, task_id: str, key: str) -> bool:
        """Whether there is such an XCom in the run of a task instance."""
        run, _, _ = self._key(ti)
        return any(key in keys for keys in self._stored.get((run.index, task_id), {}).values())

    def pull(
        self,
        ti: int,
        task_ids: str | Iterable[str] | None,
        *,
        dag_id: str | None,
        key: str | None,
        include_prior_dates: bool,
        map_indexes: Any,
        default: Any,
        run_id: str | None,
    ) -> Any:
        """What ``ti.xcom_pull`` gives."""
        runs = self._runs(ti, dag_id, run_id, include_prior_dates=include_prior_dates)
        if self._world.profile.xcom_pull_means_own_task:
            own = self._key(ti)[1] if task_ids is None else task_ids
            return self._pull_new(runs, own, key or RETURN_VALUE, map_indexes, default)
        return self._pull_old(runs, task_ids, key, map_indexes, default)

    def _pull_new(
        self, runs: list[Run], task_ids: Any, key: str, map_indexes: Any, default: Any
    ) -> Any:
        single = isinstance(task_ids, str)
        names = [task_ids] if single else list(task_ids)
        found: list[Any] = []
        if map_indexes is UNSET:
            for name in names:
                found += self._latest(runs, name, key) or [None]
            return found[0] if single and len(found) == 1 else found
        one = map_indexes is None or isinstance(map_indexes, int)
        for name in names:
            for index in [map_indexes] if one else map_indexes:
                values = self._latest(runs, name, key, [-1 if index is None else index])
                found += values or [default]
        return found[0] if single and one else found

    def _pull_old(
        self, runs: list[Run], task_ids: Any, key: str | None, map_indexes: Any, default: Any
    ) -> Any:
        indexes = None if map_indexes in (UNSET, None) else map_indexes
        one = isinstance(indexes, int)
        wanted = None if indexes is None else [indexes] if one else list(indexes)
        if task_ids is None:
            last = self._last(runs, key, wanted)
            return default if last is None else self._serde.decode(last.value)
        if not isinstance(task_ids, str):
            return [v for name in task_ids for v in self._latest(runs, name, key, wanted)]
        values = self._latest(runs, task_ids, key, wanted)
        mapped = any(run.dag.mapped[run.dag.index[task_ids]] for run in runs if values)
        if indexes is not None and not one:
            return values
        return (values if mapped and not one else values[0]) if values else default

    def _runs(
        self, ti: int, dag_id: str | None, run_id: str | None, *, include_prior_dates: bool
    ) -> list[Run]:
        """The runs that are looked at, the nearest first."""
        world = self._world
        own, _, _ = self._key(ti)
        number = own.dag.number if dag_id is None else world.program.number.get(dag_id, -1)
        if number < 0:
            return []
        of_dag = world.runs_of[number]
        name = run_id or own.record.run_id
        found = [run for run in of_dag if run.record.run_id == name]
        if include_prior_dates:
            earlier = [r for r in of_dag if r.logical_us < own.logical_us and r not in found]
            found += sorted(earlier, key=lambda run: -run.logical_us)
        return found

    def _latest(
        self, runs: list[Run], task_id: str, key: str | None, indexes: list[int] | None = None
    ) -> list[Any]:
        for run in runs:
            values = list(self._values(run, task_id, key, indexes))
            if values:
                return values
        return []

    def _values(
        self, run: Run, task_id: str, key: str | None, indexes: list[int] | None = None
    ) -> Iterator[Any]:
        """Values by map index.

        Raises:
            UnknownResultError: the task was modelled.
        """
        self._check_known(run, task_id)
        of_task = self._stored.get((run.index, task_id), {})
        for index in sorted(of_task) if indexes is None else indexes:
            keys = of_task.get(index, {})
            if key is None:
                yield from (self._serde.decode(kept.value) for kept in keys.values())
            elif key in keys:
                yield self._serde.decode(keys[key].value)

    def _last(self, runs: list[Run], key: str | None, indexes: list[int] | None) -> _Stored | None:
        """The last push of any task."""
        found = [
            stored
            for run in runs[:1]
            for (number, _), of_task in self._stored.items()
            if number == run.index
            for index, keys in of_task.items()
            if indexes is None or index in indexes
            for name, stored in keys.items()
            if key in (None, name)
        ]
        return max(found, key=lambda stored: stored.number, default=None)

    def _check_known(self, run: Run, task_id: str) -> None:
        if (run.index, task_id) in self.unknown:
            name = f"{run.dag.dag_id}.{task_id}"
            raise UnknownResultError(
                f"what {name} returns is not known: no Python callable of it runs here. Declare it "
                f'with a behavior rule: tasks = "{name}", result = ...'
            )
