"""Kinds: what a task is to the scheduler, told from a record's class names and arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from windtunnel.model import (
    Branch,
    Deferrable,
    Empty,
    ExternalTaskSensor,
    Kind,
    LatestOnly,
    Sensor,
    ShortCircuit,
    TriggerDagRun,
    Work,
)

Record = Mapping[str, Any]
EMPTY = frozenset(("EmptyOperator", "DummyOperator"))
BRANCHES = frozenset(
    (
        "BranchMixIn",
        "BaseBranchOperator",
        # Up to 2.9 these came from SkipMixin, as much else does.
        "BranchPythonOperator",
        "BranchPythonVirtualenvOperator",
        "BranchExternalPythonOperator",
        "BranchPythonDecoratedOperator",
        "_BranchPythonDecoratedOperator",
        "_BranchPythonVirtualenvDecoratedOperator",
        "_BranchExternalPythonDecoratedOperator",
        "BranchSQLOperator",
    )
)
STATES = ("allowed_states", "failed_states", "skipped_states")


def kind_of(task: Record, subject: str, profile: str, assume: Callable[[str, str], None]) -> Kind:
    """The kind of a task; the names of its class and of all its bases decide."""
    names, arguments = set(task["bases"]), task["arguments"]
    if "SubDagOperator" in names and "subdag" in arguments:
        return _subdag(arguments, subject, assume)
    if "ExternalTaskSensor" in names:
        return _external(task, subject, assume)
    if "BaseSensorOperator" in names:
        return Sensor(**_waiting(task))
    if "TriggerDagRunOperator" in names:
        return _trigger(arguments, subject, assume)
    if "LatestOnlyOperator" in names:
        return LatestOnly()
    if "ShortCircuitOperator" in names:
        follows_rules = bool(arguments.get("ignore_downstream_trigger_rules", True))
        return ShortCircuit(ignore_downstream_trigger_rules=follows_rules)
    if names & BRANCHES:
        return Branch()
    if names & EMPTY:
        return Work() if _empty_does_something(task, profile) else Empty()
    if arguments.get("deferrable") is True or _always_defers(task):
        return Deferrable(timeout_s=task["execution_timeout"])
    return Work()


def _empty_does_something(task: Record, profile: str) -> bool:
    """Whether the scheduler can't just set it to success."""
    told = {"on_execute_callback", "on_success_callback"} & set(task["callbacks"])
    return bool(told or task["outlets"] or (task["inlets"] and profile != "airflow-2.11"))


def _always_defers(task: Record) -> bool:
    """Operators and sensors called ``...Async`` have no other mode."""
    return bool(task["bases"]) and str(task["bases"][0]).endswith("Async")


def _waiting(task: Record) -> dict[str, Any]:
    """The arguments that all sensors share; what isn't said is Airflow's default."""
    arguments = task["arguments"]
    kept = {
        "mode": arguments.get("mode"),
        "poke_interval_s": arguments.get("poke_interval"),
        "timeout_s": arguments.get("timeout"),
        "soft_fail": arguments.get("soft_fail"),
        "exponential_backoff": arguments.get("exponential_backoff"),
        "max_wait_s": arguments.get("max_wait"),
        "deferrable": _always_defers(task) or arguments.get("deferrable") is True,
    }
    return {name: value for name, value in kept.items() if value is not None}


def _states(arguments: Record, wanted: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: tuple(map(str, arguments[name]))
        for name in wanted
        if isinstance(arguments.get(name), list) and (arguments[name] or name != "allowed_states")
    }


def _external(task: Record, subject: str, assume: Callable[[str, str], None]) -> Kind:
    arguments = task["arguments"]
    dag_id = arguments.get("external_dag_id")
    if not isinstance(dag_id, str):
        assume(subject, "which DAG it waits for is known only at run time: a plain sensor")
        return Sensor(**_waiting(task))
    group = arguments.get("external_task_group_id")
    deltas = _deltas(arguments, subject, assume)
    return ExternalTaskSensor(
        external_dag_id=dag_id,
        external_task_ids=_external_tasks(arguments, subject, assume),
        external_task_group_id=group,
        execution_delta_s=deltas[0],
        other_deltas_s=deltas[1:],
        execution_date_fn="execution_date_fn" in arguments,
        check_existence=bool(arguments.get("check_existence", False)),
        **_states(arguments, STATES),
        **_waiting(task),
    )


def _deltas(
    arguments: Record, subject: str, assume: Callable[[str, str], None]
) -> tuple[float, ...]:
    """Seconds from the logical dates of the awaited runs to the sensor's own."""
    told = arguments.get("execution_date_fn")
    if told is None:
        return (arguments.get("execution_delta") or 0.0,)
    why = "gives different distances for different dates"
    if "error" in told:
        why = f"fails when it is tried ({told['error']})"
    elif told["deltas"][0] and all(one == told["deltas"][0] for one in told["deltas"]):
        return tuple(told["deltas"][0])
    assume(subject, f"its execution_date_fn {why}: it waits for the run of the same logical date")
    return (0.0,)


def _external_tasks(
    arguments: Record, subject: str, assume: Callable[[str, str], None]
) -> tuple[str, ...]:
    several = arguments.get("external_task_ids")
    if several is None:
        several = arguments.get("external_task_id")
    if several is None:
        return ()
    if isinstance(several, str):
        return (several,)
    if not isinstance(several, list):
        assume(subject, "which tasks it waits for is known at run time: the whole run")
        return ()
    return tuple(map(str, several))


def _trigger(arguments: Record, subject: str, assume: Callable[[str, str], None]) -> Kind:
    dag_id = arguments.get("trigger_dag_id")
    if not isinstance(dag_id, str):
        assume(subject, "which DAG it triggers is known only at run time: ordinary work")
        return Work()
    interval = arguments.get("poke_interval")
    run_id = arguments.get("trigger_run_id")
    date = arguments.get("logical_date", arguments.get("execution_date"))
    return TriggerDagRun(
        trigger_dag_id=dag_id,
        trigger_run_id=None if run_id is None else str(run_id),
        logical_date=None if date is None else str(date),
        reset_dag_run=bool(arguments.get("reset_dag_run", False)),
        skip_when_already_exists=bool(arguments.get("skip_when_already_exists", False)),
        fail_when_dag_is_paused=bool(arguments.get("fail_when_dag_is_paused", False)),
        wait_for_completion=bool(arguments.get("wait_for_completion", False)),
        deferrable=arguments.get("deferrable") is True,
        **({} if interval is None else {"poke_interval_s": interval}),
        **_states(arguments, STATES[:2]),
    )


def _subdag(arguments: Record, subject: str, assume: Callable[[str, str], None]) -> Kind:
    dag_id = arguments["subdag"]
    assume(subject, f"subdag {dag_id} is triggered and waited for, as TriggerDagRun does")
    return TriggerDagRun(
        trigger_dag_id=dag_id,
        wait_for_completion=True,
        poke_interval_s=arguments.get("poke_interval") or 60.0,
    )
