"""What runs Airflow itself stops, stands still or dies."""

from __future__ import annotations

from typing import Unpack

from windtunnel.faults.making import Length, Once, When, made, seconds
from windtunnel.model import (
    ApiServerDown,
    BrokerDown,
    ClockJump,
    DagProcessorDown,
    DatabaseDown,
    DatabaseSlow,
    ExecutorSlotsLeaked,
    LimitNotKept,
    SchedulerDown,
    SchedulerLost,
    SchedulerPaused,
    TriggererDown,
    TriggererLost,
)


def stop_scheduler(**when: Unpack[When]) -> SchedulerDown:
    """No scheduler runs: nothing is created, scheduled or queued; what runs goes on.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_scheduler", SchedulerDown, when, When)


def pause_scheduler(scheduler: int = 1, **when: Unpack[When]) -> SchedulerPaused:
    """One scheduler stands still; others take over what it had queued.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("pause_scheduler", SchedulerPaused, when, When, scheduler=scheduler)


def lose_scheduler(scheduler: int = 1, **when: Unpack[When]) -> SchedulerLost:
    """One scheduler dies, and its executor's memory with it; ``for_`` later a new one is there.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("lose_scheduler", SchedulerLost, when, When, scheduler=scheduler)


def stop_database(**when: Unpack[When]) -> DatabaseDown:
    """Nobody reaches the metadata database.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_database", DatabaseDown, when, When)


def slow_database(
    factor: float = 1.0, *, by: Length | None = None, **when: Unpack[When]
) -> DatabaseSlow:
    """The schedulers' loops take *factor* times as long, and each start and report of a try takes
    *by* more.

    Raises:
        InvalidInput: a value can't be used, or nothing is slow.
    """
    by_s = 0.0 if by is None else seconds(by)
    return made("slow_database", DatabaseSlow, when, When, factor=factor, by_s=by_s)


def stop_api_server(**when: Unpack[When]) -> ApiServerDown:
    """Workers can't reach the API server (3.x): no try begins or reports.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_api_server", ApiServerDown, when, When)


def stop_broker(*, messages_lost: bool = False, **when: Unpack[When]) -> BrokerDown:
    """What is queued does not reach the workers; with *messages_lost* what lay in the broker is
    gone.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_broker", BrokerDown, when, When, messages_lost=messages_lost)


def stop_triggerer(**when: Unpack[When]) -> TriggererDown:
    """No trigger fires; those that should have fire when it is back.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_triggerer", TriggererDown, when, When)


def lose_triggerer(triggerer: int = 1, **when: Unpack[When]) -> TriggererLost:
    """One triggerer dies; ``for_`` later a new one is there.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("lose_triggerer", TriggererLost, when, When, triggerer=triggerer)


def stop_dag_processor(**when: Unpack[When]) -> DagProcessorDown:
    """No DAG file is parsed: what depends on a parse waits for it.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("stop_dag_processor", DagProcessorDown, when, When)


def leak_executor_slots(
    slots: int, *, scheduler: int = 1, **when: Unpack[Once]
) -> ExecutorSlotsLeaked:
    """The executor of a scheduler counts slots as taken that nothing occupies.

    Raises:
        InvalidInput: a value can't be used.
    """
    own = {"slots": slots, "scheduler": scheduler}
    return made("leak_executor_slots", ExecutorSlotsLeaked, when, Once, **own)


def jump_clock(by: Length, *, backwards: bool = False, **when: Unpack[When]) -> ClockJump:
    """The clock of the schedulers jumps ahead (or back), and jumps back after ``for_``.

    Raises:
        InvalidInput: a value can't be used.
    """
    far = seconds(by)
    return made("jump_clock", ClockJump, when, When, by_s=-far if backwards else far)


def ignore_max_active_runs(dags: str, **when: Unpack[When]) -> LimitNotKept:
    """max_active_runs of the DAGs of a glob is not looked at, as in releases where a mistake lets
    too many runs start.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("ignore_max_active_runs", LimitNotKept, when, When, dags=dags)
