"""Faults of what runs Airflow itself: schedulers, database, API server, broker, triggerers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from windtunnel.model.faults.times import Windowed

Count = Annotated[int, Field(ge=1)]


class SchedulerDown(Windowed):
    """No scheduler runs: nothing is created, scheduled or queued, and no timeout of the scheduler's
    is enforced. Tasks that run go on."""

    type: Literal["scheduler_down"] = "scheduler_down"


class BrokerDown(Windowed):
    """What is queued does not reach the workers."""

    type: Literal["broker_down"] = "broker_down"
    messages_lost: bool = False
    """What lay in it when it went down is gone: those task instances stay queued until
    ``task_queued_timeout``."""


class TriggererDown(Windowed):
    """No trigger fires; those that should have fire when it is back."""

    type: Literal["triggerer_down"] = "triggerer_down"


class DagProcessorDown(Windowed):
    """No DAG file is parsed: what depends on a parse waits for it."""

    type: Literal["dag_processor_down"] = "dag_processor_down"


class LimitNotKept(Windowed):
    """max_active_runs of DAGs is not looked at where runs are created and started, as in releases
    where two schedulers or a mistake let too many start."""

    type: Literal["limit_not_kept"] = "limit_not_kept"
    dags: str
    """Glob over dag_id."""
