"""Workers that die, are taken back, or can't write any more."""

from __future__ import annotations

from typing import Any, Unpack

from windtunnel.faults.making import Length, OfWorkers, made, seconds
from windtunnel.model import DiskFull, SpotLoss, WorkerLost, WorkersDrained
from windtunnel.model.faults.tasks import Noticed


def lose_worker(
    count: int | None = None,
    *,
    noticed: Noticed = "heartbeat",
    results_written: bool = False,
    **which: Unpack[OfWorkers],
) -> WorkerLost:
    """Workers die with all that runs on them; ``for_`` later as many new ones are there.

    ::

        windtunnel.lose_worker(at="+10m", for_="30m")
        windtunnel.lose_worker(share="half", at="02:10")

    Args:
        count: How many; by default one.
        noticed: ``"at once"``: the executor tells, as of a pod that is gone (in 3.x); else the
            heartbeat timeout does.
        results_written: What ran there has just reported success, and only the worker is lost.
        which: ``share`` and ``group`` of the workers; ``at``, ``for_``, ``every``, ``times``.

    Raises:
        InvalidInput: a value can't be used.
    """
    own = {"noticed": noticed, "results_written": results_written}
    return made("lose_worker", WorkerLost, which, OfWorkers, **_number(count), **own)


def lose_spot_worker(
    count: int | None = None,
    *,
    notice: Length = "2m",
    noticed: Noticed = "heartbeat",
    **which: Unpack[OfWorkers],
) -> SpotLoss:
    """The cloud takes machines back: their workers take no new tasks, and die after the notice with
    what still runs on them.

    Args:
        count: How many; by default one.
        notice: From the notice until the machine is gone.
        noticed: As for `lose_worker`.
        which: As for `lose_worker`.

    Raises:
        InvalidInput: a value can't be used.
    """
    own = {"notice_s": seconds(notice), "noticed": noticed}
    return made("lose_spot_worker", SpotLoss, which, OfWorkers, **_number(count), **own)


def drain_worker(count: int | None = None, **which: Unpack[OfWorkers]) -> WorkersDrained:
    """Workers take no new tasks; what runs on them ends as always. Arguments as for
    `lose_worker`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("drain_worker", WorkersDrained, which, OfWorkers, **_number(count))


def fill_disk(count: int | None = None, **which: Unpack[OfWorkers]) -> DiskFull:
    """Workers can't write any more: what runs on them fails, and so does at once what they take.
    Arguments as for `lose_worker`.

    Raises:
        InvalidInput: a value can't be used.
    """
    return made("fill_disk", DiskFull, which, OfWorkers, **_number(count))


def _number(count: int | None) -> dict[str, Any]:
    return {} if count is None else {"count": count}
