"""What goes wrong in tries, and with what is known of them."""

from __future__ import annotations

from typing import TypedDict, Unpack

from windtunnel.faults.making import Length, OfTries, made, seconds
from windtunnel.model import (
    HeartbeatLost,
    LateData,
    OutOfMemory,
    ResultLost,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
)
from windtunnel.model.faults.tasks import Noticed


class _Nothing(TypedDict):
    pass


def fail(
    tasks: str,
    *,
    raising: str | None = None,
    after: Length | None = None,
    retryable: bool = True,
    **when: Unpack[OfTries],
) -> TaskFails:
    """Tries of some tasks fail.

    ::

        windtunnel.fail("etl.load", tries=1)
        windtunnel.fail("etl.*", probability="10%", at="02:00", for_="1h")

    Args:
        tasks: Glob over ``dag_id.task_id``, or such as ``tag:nightly``.
        raising: Class of the exception; it decides what Airflow does: AirflowSkipException skips,
            after AirflowFailException no retry follows.
        after: They fail so long after their start, if they have not ended before; by default at
            their end.
        retryable: False: as with AirflowFailException.
        when: Which tries: ``tries``, ``probability``, and ``at``, ``for_``, ``every``, ``times``.

    Raises:
        InvalidInput: a value can't be used.
    """
    after_s = None if after is None else seconds(after)
    own = {"tasks": tasks, "raising": raising, "after_s": after_s, "retryable": retryable}
    return made("fail", TaskFails, when, OfTries, **own)


def time_out(
    tasks: str, *, after: Length | None = None, **when: Unpack[OfTries]
) -> TaskFails | TaskHangs:
    """Tries of some tasks time out.

    Args:
        tasks: As for `fail`.
        after: They fail with AirflowTaskTimeout so long after their start. By default they go on
            until a limit of the DAG ends them (``execution_timeout``, ``dagrun_timeout``, a
            sensor's ``timeout``): of a task that has none, they never end.
        when: As for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    if after is None:
        return made("time_out", TaskHangs, when, OfTries, tasks=tasks)
    own = {"tasks": tasks, "raising": "AirflowTaskTimeout", "after_s": seconds(after)}
    return made("time_out", TaskFails, when, OfTries, **own)


def hang(tasks: str, **when: Unpack[OfTries]) -> TaskHangs:
    """Tries of some tasks never end of themselves; execution_timeout or dagrun_timeout may end
    them. Arguments as for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("hang", TaskHangs, when, OfTries, tasks=tasks)


def slow_down(tasks: str, factor: float, **when: Unpack[OfTries]) -> TaskIsSlow:
    """Tries of some tasks take so many times as long; the other arguments as for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("slow_down", TaskIsSlow, when, OfTries, tasks=tasks, factor=factor)


def run_out_of_memory(
    tasks: str, *, after: Length | None = None, **when: Unpack[OfTries]
) -> OutOfMemory:
    """The kernel kills tries of some tasks: exit code -9, a failure that may be retried. Arguments
    as for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    after_s = None if after is None else seconds(after)
    return made("run_out_of_memory", OutOfMemory, when, OfTries, tasks=tasks, after_s=after_s)


def lose_heartbeat(tasks: str, **when: Unpack[OfTries]) -> HeartbeatLost:
    """Nobody hears of some tries any more while they go on working: after
    ``task_instance_heartbeat_timeout`` they count as failed. Arguments as for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("lose_heartbeat", HeartbeatLost, when, OfTries, tasks=tasks)


def lose_result(
    tasks: str, *, noticed: Noticed | None = None, **when: Unpack[OfTries]
) -> ResultLost:
    """The work of some tries is done, and their report is lost: they count as failed, and the retry
    does the work again.

    Args:
        tasks: As for `fail`.
        noticed: ``"at once"`` or by the ``"heartbeat"``; by default as the release does.
        when: As for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("lose_result", ResultLost, when, OfTries, tasks=tasks, noticed=noticed)


def lose_in_executor(tasks: str, **when: Unpack[OfTries]) -> TaskLostByExecutor:
    """The executor accepts task instances that no worker ever gets: they stay queued. Arguments as
    for `fail`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("lose_in_executor", TaskLostByExecutor, when, OfTries, tasks=tasks)


def delay_data(tasks: str, by: Length) -> LateData:
    """What some sensors wait for comes later.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("delay_data", LateData, {}, _Nothing, tasks=tasks, by_s=seconds(by))
