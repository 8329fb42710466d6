"""What somebody does by hand, in the UI or with a command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypedDict, Unpack

from windtunnel.faults.making import Beside, Instant, Once, When, made
from windtunnel.model import (
    Cleared,
    DagChanged,
    DagPaused,
    DagUnpaused,
    PoolDeleted,
    PoolResized,
    RunMarked,
    TaskMarked,
)
from windtunnel.model.faults.people import TaskStateName


class _At(TypedDict, total=False):
    at: Instant


class _OfRun(Once, total=False):
    run: str


def resize_pool(pool: str, slots: int, **when: Unpack[When]) -> PoolResized:
    """Somebody gives a pool another number of slots; the old one is back after ``for_``.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("resize_pool", PoolResized, when, When, pool=pool, slots=slots)


def delete_pool(pool: str, **when: Unpack[When]) -> PoolDeleted:
    """Somebody deletes a pool: what is scheduled in it waits until it is there again.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("delete_pool", PoolDeleted, when, When, pool=pool)


def pause_dag(dags: str, **when: Unpack[When]) -> DagPaused:
    """Somebody pauses the DAGs of a glob over dag_id, and unpauses them after ``for_``.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("pause_dag", DagPaused, when, When, dags=dags)


def unpause_dag(dags: str, **when: Unpack[When]) -> DagUnpaused:
    """Somebody unpauses the DAGs of a glob over dag_id, and pauses them again after ``for_``.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("unpause_dag", DagUnpaused, when, When, dags=dags)


def clear(
    tasks: str, *, states: Iterable[TaskStateName] | None = None, **where: Unpack[Beside]
) -> Cleared:
    """Somebody clears task instances, and so starts their runs anew.

    ::

        windtunnel.clear("etl.load", at="+2h", downstream=True)

    Args:
        tasks: Glob over ``dag_id.task_id``, or such as ``tag:nightly``.
        states: Of the task instances that are cleared; by default failed and upstream_failed; none
            named: any.
        where: ``at``; ``run``, ``upstream``, ``downstream``, ``past``, ``future``; ``every``,
            ``times``.

    Raises:
        InvalidInput: a value can't be used.
    """
    of = None if states is None else tuple(states)
    return made("clear", Cleared, where, Beside, tasks=tasks, states=of)


def mark_task(
    tasks: str, state: Literal["success", "failed", "skipped"], **where: Unpack[Beside]
) -> TaskMarked:
    """Somebody marks task instances as success, failed or skipped; arguments as for `clear`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("mark_task", TaskMarked, where, Beside, tasks=tasks, state=state)


def mark_run(dags: str, state: Literal["success", "failed"], **where: Unpack[_OfRun]) -> RunMarked:
    """Somebody marks runs of the DAGs of a glob as success or failed: the one of the run_id
    ``run``, or all that are not over.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("mark_run", RunMarked, where, _OfRun, dags=dags, state=state)


def change_dag(
    dag_id: str,
    *,
    without: str | Iterable[str] = (),
    folder: str | None = None,
    pinned: bool = False,
    **when: Unpack[_At],
) -> DagChanged:
    """Somebody deploys another version of a DAG while its runs are in flight.

    Args:
        dag_id: The DAG.
        without: Ids of tasks that the new version lacks.
        folder: A folder of DAG files with the new version.
        pinned: 3.x with a versioned bundle: runs keep the version with which they were created.
        when: ``at``.

    Raises:
        InvalidInput: a value can't be used.
    """
    names = (without,) if isinstance(without, str) else tuple(without)
    own = {"dag_id": dag_id, "without": names, "folder": folder, "pinned": pinned}
    return made("change_dag", DagChanged, when, _At, **own)
