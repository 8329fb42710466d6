"""Questions: what a running callable may ask of the simulation, and tell it.

Whatever crosses here can be said in JSON, so that a callable may run in another process. Values of
XComs cross in their stored form.
"""

from __future__ import annotations

from typing import Any, Protocol

from windtunnel.execute.facts import RunFacts, TryFacts

Where = tuple[str | None, str | None, bool]
"""Whose XComs: the DAG and the run (``None``: one's own), and whether earlier runs count, too."""


class UnknownResultError(LookupError):
    """A callable wants the result of a task that only a running Airflow would have."""


class XComTooLargeError(ValueError):
    """A value that the database of the cluster doesn't take."""


class Questions(Protocol):
    """The simulation, as a callable that runs sees it; ``ti`` is the number of a task instance,
    ``run`` that of a run."""

    def state(self, ti: int) -> str:
        """The state of a task instance now."""
        ...

    def run_state(self, run: int) -> str:
        """The state of a run now."""
        ...

    def instances(self, run: int) -> list[TryFacts]:
        """All task instances of a run."""
        ...

    def previous(self, run: int, state: str | None) -> RunFacts | None:
        """The run of the same DAG before this one, in this state if one is given."""
        ...

    def skips(self, ti: int, follow: list[str] | None) -> bool:
        """Whether a branch that follows these tasks skips anything directly downstream;
        ``None``: it follows nothing, as a short circuit that is false."""
        ...

    def strangers(self, ti: int, names: list[str]) -> list[str]:
        """Those names that are of no task or task group of the task instance's DAG."""
        ...

    def hand_conf(self, ti: int, conf: dict[str, Any]) -> None:
        """The run that a task instance will trigger gets this ``conf``."""
        ...

    # -- XComs --------------------------------------------------------------------------------

    def push(self, ti: int, key: str, stored: str, type_name: str) -> None:
        """Store a value.

        Raises:
            XComTooLargeError: it doesn't fit.
        """
        ...

    def refuse(self, ti: int, key: str, type_name: str, pushed_by: str | None) -> None:
        """A value could not be carried; or, if it says who pushed it, not be made again."""
        ...

    def result(self, ti: int, task_id: str, key: str) -> tuple[bool, list[str]]:
        """What stands in arguments for another task's result: whether it is a list, and the values.

        Raises:
            UnknownResultError: the task was modelled.
        """
        ...

    def has(self, ti: int, task_id: str, key: str) -> bool:
        """Whether any instance of a task in the same run pushed this key."""
        ...

    def latest(
        self, ti: int, where: Where, task_id: str, key: str | None, indexes: list[int] | None
    ) -> tuple[bool, list[str]]:
        """Whether the task is mapped, and its XComs by map index in the nearest run that has any.

        Raises:
            UnknownResultError: the task was modelled.
        """
        ...

    def last(self, ti: int, where: Where, key: str | None, indexes: list[int] | None) -> str | None:
        """The last push of any task."""
        ...

    # -- what tasks keep ----------------------------------------------------------------------

    def kept(self, owner: str) -> dict[str, str]:
        """What a task or an asset keeps in its state store."""
        ...

    def keep(self, owner: str, values: dict[str, str]) -> None:
        """It keeps these from now on, and nothing else."""
        ...

    def set_variable(self, key: str, value: str | None) -> None:
        """A Variable has another value from now on; ``None``: it is gone."""
        ...
