"""When a DAG's runs are due: what was written as ``schedule=`` or ``schedule_interval=``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from croniter import croniter
from croniter.croniter import CroniterBadDateError
from pydantic import Field, model_validator

from windtunnel.model.base import Value

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""Airflow's names for cron expressions (``utils/dates.py: cron_presets``)."""

TimetableFamily = Literal["trigger", "interval"]
"""``interval``: a run covers [tick, next tick] and is due at its end (Airflow 2's default).
``trigger``: a run is due at its tick (Airflow 3's default)."""


class Cron(Value):
    """A cron expression of five fields (a sixth, at the end, is seconds) or a preset such as
    ``@daily``."""

    type: Literal["cron"] = "cron"
    expression: str
    timezone: str | None = None
    """IANA name; ``None``: the DAG's own timezone."""
    timetable: TimetableFamily | None = None
    """``None``: the default of the Airflow version profile."""

    @model_validator(mode="after")
    def _ever_ticks(self) -> Self:
        fields = PRESETS.get(self.expression, self.expression)
        if not croniter.is_valid(fields):
            raise ValueError(
                f"schedule {self.expression!r} is no cron expression of five fields, such as "
                "'0 6 * * *'"
            )
        try:
            croniter(fields, start_time=datetime(2000, 1, 1)).get_next(datetime)
        except CroniterBadDateError:
            raise ValueError(
                f"schedule {self.expression!r} names a day that no month has: it would never run"
            ) from None
        return self


class Every(Value):
    """A fixed distance between runs (``timedelta``)."""

    type: Literal["every"] = "every"
    seconds: Annotated[float, Field(gt=0)]
    timetable: TimetableFamily | None = None


class Once(Value):
    """``@once``: a single run."""

    type: Literal["once"] = "once"


class OtherSchedule(Value):
    """A schedule that is kept by name but has no ticks: custom timetables, which make no runs in
    the simulation, and assets, whose runs `Dag.asset_condition` makes."""

    type: Literal["other"] = "other"
    description: str
    timetable: str | None = None
    """Class name of a custom timetable, ``"assets"`` or ``"@continuous"``."""

    @property
    def is_partitioned(self) -> bool:
        """Whether it is one of Airflow's timetables that wait for partitions of assets."""
        return (self.timetable or "").startswith("Partitioned")


class Assets(Value):
    """Assets of which all, or any, must be updated."""

    type: Literal["all", "any"] = "all"
    of: tuple[AssetCondition, ...] = ()


AssetCondition = str | Assets
"""The URI (or the name) of one asset, or several of them joined."""


def assets_in(condition: AssetCondition | None) -> tuple[str, ...]:
    """All assets of a condition, in order."""
    if condition is None:
        return ()
    if isinstance(condition, str):
        return (condition,)
    return tuple(dict.fromkeys(asset for part in condition.of for asset in assets_in(part)))


Schedule = Annotated[Cron | Every | Once | OtherSchedule, Field(discriminator="type")]
