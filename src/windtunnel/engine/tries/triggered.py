"""Triggered: the run that a TriggerDagRunOperator asks for, new or there already.

From Airflow: the standard provider's ``operators/trigger_dagrun.py`` and, in 3.x,
``sdk/execution_time/task_runner.py: _handle_trigger_dag_run``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from windtunnel.engine.dag_runs.creation import triggered_run
from windtunnel.engine.world import Run, World
from windtunnel.model import TriggerDagRun

EXPRESSION = re.compile(r"\{\{\s*(.*?)\s*\}\}")
UNKNOWN = "\0"
"""What stands for an expression whose value is not known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """No run was made, and the try ends with this."""

    outcome: str
    """``fail``, ``fail_no_retry`` or ``skip``."""
    why: str
    twin: Run | None = None
    """The run that exists in its place."""


@dataclass(frozen=True, slots=True)
class Found:
    """A run to wait for."""

    run: Run
    to_clear: bool = False
    """It was there already, and ``reset_dag_run`` clears it."""


def ask_for_run(world: World, own: Run, kind: TriggerDagRun, dag: int) -> Found | Refusal:
    """Make the run that a task of the run ``own`` triggers, or find it."""
    name = kind.trigger_dag_id
    if kind.fail_when_dag_is_paused and world.paused[dag]:
        return Refusal("fail", f"DAG {name} is paused")
    logical = _logical_date(world, own, kind.logical_date)
    if logical is None:
        return Refusal("fail", f"logical_date {kind.logical_date!r} is no date")
    run_id = None if kind.trigger_run_id is None else _run_id(own, kind.trigger_run_id)
    twin = None if run_id is None else world.run_ids[dag].get(run_id)
    same_date = None
    if kind.logical_date is not None:
        same_date = world.run_at(dag, world.us_at(logical))
        if world.profile.existing_date_is_existing_run:
            twin = twin or same_date
    if twin is not None:
        return _existing(world, kind, twin)
    if same_date is not None:
        why = f"{name} has a run of {logical.isoformat()} already"
        return Refusal("fail", why, same_date)
    run_type = "operator_triggered" if world.profile.creation_flag else "manual"
    program = world.program.dags[dag]
    return Found(triggered_run(world, program, run_type, run_id, logical))


def _existing(world: World, kind: TriggerDagRun, run: Run) -> Found | Refusal:
    if kind.reset_dag_run:
        return Found(run, to_clear=True)
    why = f"run {run.record.run_id} of {kind.trigger_dag_id} exists already"
    if kind.skip_when_already_exists:
        return Refusal("skip", why, run)
    return Refusal("fail_no_retry" if world.profile.existing_run_is_final else "fail", why, run)


def _run_id(own: Run, text: str) -> str:
    """What an expression stands for that isn't known is the same within a run, and another in the
    next."""
    return _filled(own, text).replace(UNKNOWN, own.record.run_id)


def _logical_date(world: World, own: Run, text: str | None) -> datetime | None:
    """Now, where nothing is written, or an expression whose value isn't known; None for what is no
    date."""
    now = world.datetime_at(world.now).astimezone(UTC)
    if text is None:
        return now
    filled = _filled(own, text)
    if UNKNOWN in filled:
        return now
    try:
        date = datetime.fromisoformat(filled)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def _filled(own: Run, text: str) -> str:
    """A template with the values of the run, as far as they are known."""
    values = _values(own)
    return EXPRESSION.sub(lambda found: values.get(found[1], UNKNOWN), text)


def _values(own: Run) -> dict[str, str]:
    record = own.record
    values = {"run_id": record.run_id, "dag_run.run_id": record.run_id}
    dates = {"dag_run.run_after": record.run_after}
    if own.logical is not None:
        day = own.logical.strftime("%Y-%m-%d")
        ts = own.logical.isoformat()
        plain = own.logical.strftime("%Y%m%dT%H%M%S")
        values |= {"ds": day, "ds_nodash": day.replace("-", ""), "ts": ts, "ts_nodash": plain}
        for name in ("logical_date", "execution_date", "dag_run.logical_date"):
            dates[name] = own.logical
    if own.interval is not None:
        dates["data_interval_start"], dates["data_interval_end"] = own.interval
    for name, date in dates.items():
        values[name] = str(date)
        values[f"{name}.isoformat()"] = date.isoformat()
        values[f"{name} | ts"] = date.isoformat()
        values[f"{name} | ds"] = date.strftime("%Y-%m-%d")
    return values
