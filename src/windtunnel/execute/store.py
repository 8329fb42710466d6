"""Store: XComs in their stored form, as the database would hold them, and the size that fits.

From Airflow: ``models/xcom.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.engine.world import Run, World
from windtunnel.execute.questions import UnknownResultError, Where, XComTooLargeError
from windtunnel.model.xcom import xcom_name
from windtunnel.trace.trace import NotCarried

RETURN_VALUE = "return_value"


@dataclass(frozen=True, slots=True)
class _Stored:
    number: int
    """Later pushes have higher numbers."""
    value: str


class Store:
    """All XComs of a simulation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stored: dict[tuple[int, str], dict[int, dict[str, _Stored]]] = {}
        """(run, task_id) -> map index -> key -> value."""
        self._pushes = 0
        self.unknown: set[tuple[int, str]] = set()
        """(run, task_id) of tasks that were modelled, and whose result nobody declared."""

    def __iter__(self) -> Iterator[tuple[int, str, int, str, str]]:
        """Run, task_id, map index, key and stored form of each XCom."""
        for (run, task_id), of_task in self._stored.items():
            for index, keys in of_task.items():
                for key, stored in keys.items():
                    yield run, task_id, index, key, stored.value

    # -- pushing ------------------------------------------------------------------------------

    def clear(self, ti: int) -> None:
        """A new try begins: what earlier ones pushed is gone."""
        run, task_id, index = self._key(ti)
        self._stored.get((run.index, task_id), {}).pop(index, None)

    def push(self, ti: int, key: str, stored: str, type_name: str) -> None:
        """Store a value.

        Raises:
            XComTooLargeError: it doesn't fit.
        """
        run, task_id, index = self._key(ti)
        backend, column = self._world.cluster.xcom, self._world.profile.xcom_column
        if not backend.takes(len(stored), column):
            self.refuse(ti, key, type_name, size=len(stored))
            name = xcom_name(run.dag.dag_id, task_id, key)
            raise XComTooLargeError(backend.refusal(name, len(stored), column))
        self._pushes += 1
        of_task = self._stored.setdefault((run.index, task_id), {})
        of_task.setdefault(index, {})[key] = _Stored(self._pushes, stored)

    def refuse(
        self,
        ti: int,
        key: str,
        type_name: str,
        *,
        size: int | None = None,
        pushed_by: str | None = None,
    ) -> None:
        """Note that a value isn't carried."""
        run, task_id, index = self._key(ti)
        self._world.trace.not_carried.append(
            NotCarried(
                self._world.now,
                run.dag.dag_id,
                run.name,
                task_id,
                index,
                key,
                type_name,
                size,
                pushed_by,
            )
        )

    def _key(self, ti: int) -> tuple[Run, str, int]:
        world = self._world
        run = world.runs[world.ti_run[ti]]
        return run, run.dag.ids[world.ti_task[ti]], world.ti_map[ti]

    # -- pulling ------------------------------------------------------------------------------

    def result(self, ti: int, task_id: str, key: str) -> tuple[bool, list[str]]:
        """What stands in the arguments of a task for another one's result: of a mapped one the
        list of all, in the same mapped group the one beside it."""
        run, own, index = self._key(ti)
        dag = run.dag
        if task_id not in dag.index:
            return False, []
        task = dag.index[task_id]
        beside = dag.mapped_group[task] is not None and dag.tasks[task].expand is None
        if dag.mapped[task] and not (
            beside and dag.mapped_group[task] == dag.mapped_group[dag.index[own]]
        ):
            return True, list(self._values(run, task_id, key))
        return False, list(self._values(run, task_id, key, [index if dag.mapped[task] else -1]))

    def has(self, ti: int, task_id: str, key: str) -> bool:
        """Whether there is such an XCom in the run of a task instance."""
        run, _, _ = self._key(ti)
        return any(key in keys for keys in self._stored.get((run.index, task_id), {}).values())

    def latest(
        self, ti: int, where: Where, task_id: str, key: str | None, indexes: list[int] | None
    ) -> tuple[bool, list[str]]:
        """Whether the task is mapped, and its XComs by map index in the nearest run that has
        any."""
        for run in self._runs(ti, *where):
            values = list(self._values(run, task_id, key, indexes))
            if values:
                return bool(run.dag.mapped[run.dag.index[task_id]]), values
        return False, []

    def last(self, ti: int, where: Where, key: str | None, indexes: list[int] | None) -> str | None:
        """The last push of any task."""
        found = [
            stored
            for run in self._runs(ti, *where)[:1]
            for (number, _), of_task in self._stored.items()
            if number == run.index
            for index, keys in of_task.items()
            if indexes is None or index in indexes
            for name, stored in keys.items()
            if key in (None, name)
        ]
        newest = max(found, key=lambda stored: stored.number, default=None)
        return None if newest is None else newest.value

    def _runs(self, ti: int, dag_id: str | None, run_id: str | None, prior: bool) -> list[Run]:
        """The runs that are looked at, the nearest first."""
        world = self._world
        own, _, _ = self._key(ti)
        number = own.dag.number if dag_id is None else world.program.number.get(dag_id, -1)
        if number < 0:
            return []
        of_dag = world.runs_of[number]
        name = run_id or own.record.run_id
        found = [run for run in of_dag if run.record.run_id == name]
        if prior:
            earlier = [r for r in of_dag if r.logical_us < own.logical_us and r not in found]
            found += sorted(earlier, key=lambda run: -run.logical_us)
        return found

    def _values(
        self, run: Run, task_id: str, key: str | None, indexes: list[int] | None = None
    ) -> Iterator[str]:
        """Values by map index.

        Raises:
            UnknownResultError: the task was modelled.
        """
        self._check_known(run, task_id)
        of_task = self._stored.get((run.index, task_id), {})
        for index in sorted(of_task) if indexes is None else indexes:
            keys = of_task.get(index, {})
            if key is None:
                yield from (kept.value for kept in keys.values())
            elif key in keys:
                yield keys[key].value

    def _check_known(self, run: Run, task_id: str) -> None:
        if (run.index, task_id) in self.unknown:
            name = f"{run.dag.dag_id}.{task_id}"
            raise UnknownResultError(
                f"what {name} returns is not known: no Python callable of it runs here. Declare it "
                f'with a behavior rule: tasks = "{name}", result = ...'
            )
