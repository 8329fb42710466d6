"""XComs of one try: what it pushes is stored as the database would hold it; what it pulls is new.

From Airflow: ``sdk/execution_time/task_runner.py: xcom_pull`` and ``sdk/bases/xcom.py`` (3.x),
``models/taskinstance.py: _xcom_pull`` and ``models/xcom.py`` (2.x).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from windtunnel.execute.backend import DECLARED, OwnBackend, PlainBackend
from windtunnel.execute.facts import TryFacts
from windtunnel.execute.questions import Questions, Where
from windtunnel.execute.serde import NotCarriedError, type_name
from windtunnel.execute.store import RETURN_VALUE
from windtunnel.model import Profile
from windtunnel.model.xcom import xcom_name

UNSET: Any = type("Unset", (), {"__repr__": lambda _: "NOTSET"})()


class XComRefusedError(TypeError):
    """A value that can't be made into what XComs are stored as."""


class XComs:
    """The XComs that a task instance sees.

    Args:
        ask: the simulation.
        backend: how values become their stored form, and come out of it.
        facts: the task instance.
        profile: the release.
    """

    def __init__(
        self,
        ask: Questions,
        backend: OwnBackend | PlainBackend,
        facts: TryFacts,
        profile: Profile,
    ) -> None:
        self._ask, self._backend, self._facts, self._profile = ask, backend, facts, profile

    def push(self, key: str, value: Any) -> None:
        """Store a value.

        Raises:
            XComRefusedError: it can't be carried.
            XComTooLargeError: it doesn't fit.
        """
        ti = self._facts.number
        try:
            stored = self._backend.encode(value, key, self._facts)
        except NotCarriedError as error:
            self._ask.refuse(ti, key, error.type_name, None)
            name = xcom_name(self._facts.run.dag_id, self._facts.task_id, key)
            raise XComRefusedError(
                f"{name} can't be carried: {error}. Hand over plain values (dict, "
                "list, text, number), a dataclass, or the path under which the value is stored"
            ) from None
        self._ask.push(ti, key, stored.decode("latin-1"), type_name(value))

    def result(self, task_id: str, key: str | None) -> Any:
        """What stands in the arguments of a task for another one's result."""
        name = key or RETURN_VALUE
        many, values = self._ask.result(self._facts.number, task_id, name)
        found = [self._made(value, task_id, name) for value in values]
        return found if many else (found[0] if found else None)

    def has(self, task_id: str, key: str) -> bool:
        """Whether there is such an XCom in the run of the task instance."""
        return self._ask.has(self._facts.number, task_id, key)

    def pull(
        self,
        task_ids: str | Iterable[str] | None,
        *,
        where: Where,
        key: str | None,
        map_indexes: Any,
        default: Any,
    ) -> Any:
        """What ``ti.xcom_pull`` gives."""
        if self._profile.xcom_pull_means_own_task:
            names = self._facts.task_id if task_ids is None else task_ids
            name = key or RETURN_VALUE
            return self._pull_new(where, names, name, map_indexes=map_indexes, default=default)
        return self._pull_old(where, task_ids, key, map_indexes=map_indexes, default=default)

    def _pull_new(
        self, where: Where, task_ids: Any, key: str, *, map_indexes: Any, default: Any
    ) -> Any:
        single = isinstance(task_ids, str)
        names = [task_ids] if single else list(task_ids)
        found: list[Any] = []
        if map_indexes is UNSET:
            for name in names:
                found += self._latest(where, name, key)[1] or [None]
            return found[0] if single and len(found) == 1 else found
        one = map_indexes is None or isinstance(map_indexes, int)
        for name in names:
            for index in [map_indexes] if one else map_indexes:
                wanted = [-1 if index is None else int(index)]
                found += self._latest(where, name, key, wanted)[1] or [default]
        return found[0] if single and one else found

    def _pull_old(
        self,
        where: Where,
        task_ids: Any,
        key: str | None,
        *,
        map_indexes: Any,
        default: Any,
    ) -> Any:
        indexes = None if map_indexes in (UNSET, None) else map_indexes
        one = isinstance(indexes, int)
        wanted = None if indexes is None else [indexes] if one else [int(i) for i in indexes]
        if task_ids is None:
            last = self._ask.last(self._facts.number, where, key, wanted)
            return default if last is None else self._made(last, "a task", key)
        if not isinstance(task_ids, str):
            every = (self._latest(where, name, key, wanted)[1] for name in task_ids)
            return [value for values in every for value in values]
        mapped, values = self._latest(where, task_ids, key, wanted)
        if indexes is not None and not one:
            return values
        return (values if mapped and not one else values[0]) if values else default

    def _latest(
        self, where: Where, task_id: Any, key: str | None, indexes: list[int] | None = None
    ) -> tuple[bool, list[Any]]:
        ti, name = self._facts.number, str(task_id)
        mapped, values = self._ask.latest(ti, where, name, key, indexes)
        return mapped, [self._made(value, name, key) for value in values]

    def _made(self, stored: str, task_id: str, key: str | None) -> Any:
        """The value that another task pushed; what its class raises now is raised, with a note."""
        if stored.startswith(DECLARED):
            return json.loads(stored.removeprefix(DECLARED))
        try:
            return self._backend.decode(stored.encode("latin-1"), key)
        except Exception as error:
            name = key or RETURN_VALUE
            self._ask.refuse(self._facts.number, name, class_in(stored), task_id)
            error.add_note(
                f"XCom {name!r} of {task_id} can't be made again by who pulls it: its class is "
                "missing, not allowed, or another one than when it was pushed. Hand over plain "
                "values, or keep the class where both tasks import it and change both at once"
            )
            raise


def class_in(stored: str) -> str:
    """The full name of the first class that a stored form names, as far as one can see."""
    found = re.search(r'"__classname__": "([^"]+)"', stored)
    if found:
        return found[1]
    found = re.search(r"\x8c.([A-Za-z_][\w.]*)\x94\x8c.([A-Za-z_]\w*)\x94\x93", stored)
    return f"{found[1]}.{found[2]}" if found else "value"
