"""Which faults kept a run from being made that was due, or that somebody asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from windtunnel.engine.faults.timeline import Window
from windtunnel.engine.program import DagProgram, micros
from windtunnel.model import (
    DagPaused,
    DagProcessorDown,
    DatabaseDown,
    Fault,
    ManualRun,
    OtherSchedule,
    Scenario,
    SchedulerDown,
    SchedulerLost,
    SchedulerPaused,
    Windowed,
)


def kept_back(dag: DagProgram, scenario: Scenario) -> str | None:
    """Why a DAG has no run although one was due in the window or asked for; None: it was not, or no
    fault was in its way."""
    if not scenario.faults:
        return None
    asked = [run for run in scenario.manual_runs if run.dag_id == dag.dag_id]
    return _not_asked(asked, scenario) or _not_created(dag, scenario)


def _not_asked(asked: list[ManualRun], scenario: Scenario) -> str | None:
    for run in asked:
        if any(isinstance(fault, DatabaseDown) for fault in _on(scenario, micros(run.at_s))):
            return "somebody asked for a run, but the database was down"
    return None


def _not_created(dag: DagProgram, scenario: Scenario) -> str | None:
    schedule, start = dag.dag.schedule, scenario.start.astimezone(UTC)
    if schedule is None or isinstance(schedule, OtherSchedule) or dag.max_active_runs == 0:
        return None
    if dag.dag.start_date is None and dag.catchup:
        return None
    due = dag.timetable.next_run(None, start)
    if due is None or due.run_after >= start + timedelta(seconds=scenario.duration_s):
        return None
    cause = _cause(dag.dag_id, scenario, _since(start, due.run_after))
    return None if cause is None else f"a run was due at {_shown(due.run_after)}, but {cause}"


def _cause(dag_id: str, scenario: Scenario, at: int) -> str | None:
    """What kept a run from being created, in words."""
    faults = _on(scenario, at)
    stopped = {f.scheduler for f in faults if isinstance(f, SchedulerLost | SchedulerPaused)}
    all_stopped = stopped >= set(range(1, scenario.cluster.schedulers + 1))
    if any(isinstance(fault, DatabaseDown) for fault in faults):
        return "no scheduler worked: the database was down"
    if all_stopped or any(isinstance(fault, SchedulerDown) for fault in faults):
        return "no scheduler worked"
    if any(isinstance(fault, DagProcessorDown) for fault in faults):
        return "its file was not parsed: no DAG processor worked"
    if any(isinstance(f, DagPaused) and fnmatchcase(dag_id, f.dags) for f in faults):
        return "somebody had paused it"
    return None


def _on(scenario: Scenario, at: int) -> list[Fault]:
    """The faults that are on at a time, in microseconds since the start."""
    return [
        fault
        for fault in scenario.faults
        if isinstance(fault, Windowed) and Window(fault, scenario.start).covers(at)
    ]


def _since(start: datetime, due: datetime) -> int:
    return max(0, micros((due - start).total_seconds()))


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
