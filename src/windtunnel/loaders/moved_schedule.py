"""A schedule some minutes later: the cron expression that somebody would write for it."""

from __future__ import annotations

from windtunnel.errors import InvalidInput
from windtunnel.model import Cron, Dag
from windtunnel.model.schedule import PRESETS

DAY = 24 * 60


def moved(dag: Dag, minutes: int) -> Cron:
    """The schedule of a DAG, so many minutes later.

    Raises:
        InvalidInput: it has none that can be moved so: no cron expression, one with several
            minutes, or one that would come to lie on another day of the week or month.
    """
    schedule = dag.schedule
    if not isinstance(schedule, Cron):
        raise InvalidInput(
            f"vary offset of {dag.dag_id}: its schedule is no cron expression, so no minute can be "
            "added to it"
        )
    written = PRESETS.get(schedule.expression, schedule.expression)
    minute, hours, *days = written.split()
    said = f"vary offset of {dag.dag_id}: {written!r} moved by {minutes} min"
    if not minute.isdigit():
        raise InvalidInput(f"{said}: only a schedule with one minute in its hour can be moved")
    if hours == "*":
        return _with(schedule, [str((int(minute) + minutes) % 60), hours, *days])
    if not all(hour.isdigit() for hour in hours.split(",")):
        raise InvalidInput(f"{said}: write its hours one by one, as in '0 6,12,18 * * *'")
    at = [int(hour) * 60 + int(minute) + minutes for hour in hours.split(",")]
    if any(one >= DAY for one in at) and set(days[:3]) != {"*"}:
        raise InvalidInput(f"{said}: it would come to lie on another day")
    later = sorted({one % DAY // 60 for one in at})
    return _with(schedule, [str(at[0] % 60), ",".join(map(str, later)), *days])


def _with(schedule: Cron, fields: list[str]) -> Cron:
    return schedule.model_copy(update={"expression": " ".join(fields)})
