"""Faults of workers: machines that die, are taken back, or can't write any more."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds
from windtunnel.model.faults.tasks import Noticed
from windtunnel.model.faults.times import Windowed


class OfWorkers(Windowed):
    """Something that strikes some of the workers: those with the most running tries."""

    count: Annotated[int, Field(ge=1)] = 1
    """How many workers."""
    of: int | None = None
    """How many workers there are, as the author believes; checked."""
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    """In the place of ``count``: of the workers that are there then, at least one."""
    group: str | None = None
    """Name of the worker group; None: of any group."""

    @model_validator(mode="after")
    def _counts_once(self) -> Self:
        if self.share is not None and {"count", "of"} & self.model_fields_set and self.count != 1:
            raise ValueError("it strikes a number of workers or a share of them, not both")
        return self

    def number(self, there: int) -> int:
        """How many it strikes of so many."""
        return self.count if self.share is None else max(1, round(self.share * there))


class WorkerLost(OfWorkers):
    """Workers die with all that runs on them; ``for_s`` later as many new ones are there."""

    type: Literal["worker_lost"] = "worker_lost"
    noticed: Noticed = "heartbeat"
    """``at once``: the executor tells (a pod that is gone); else the heartbeat timeout does. In 2.x
    the executor may tell what it likes: a running try is found by its heartbeat."""
    results_written: bool = False
    """What runs there has just reported success: nothing of it is lost but the worker."""


class SpotLoss(OfWorkers):
    """The cloud takes machines back: their workers take no new tasks, and die after the notice with
    what still runs on them; ``for_s`` after the notice was given as many new ones are there."""

    type: Literal["spot_loss"] = "spot_loss"
    notice_s: Seconds = 120.0
    """From the notice until the machine is gone; on AWS two minutes."""
    noticed: Noticed = "heartbeat"
    """As of workers that are lost."""


class WorkersDrained(OfWorkers):
    """Workers take no new tasks; what runs on them ends as always."""

    type: Literal["workers_drained"] = "workers_drained"


class DiskFull(OfWorkers):
    """Workers can't write any more: what runs on them fails, and so does at once what they take,
    while it lasts. They take more than ever: their slots are free."""

    type: Literal["disk_full"] = "disk_full"
