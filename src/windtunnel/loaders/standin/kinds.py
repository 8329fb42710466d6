"""Kinds: what a task is to the scheduler, told from its class, its bases and its arguments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from windtunnel.loaders.standin.awaited import deltas_of
from windtunnel.loaders.standin.operators import MappedOperator, operator_class_of
from windtunnel.loaders.standin.placeholder import Survivor
from windtunnel.loaders.standin.session import current
from windtunnel.loaders.standin.timing import UnusableError, seconds
from windtunnel.loaders.standin.xcomarg import Reference
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

EMPTY = frozenset(("EmptyOperator", "DummyOperator"))
BRANCHES = frozenset(("BranchMixIn", "BaseBranchOperator"))


def kind_of(task: Any, subject: str, profile: str) -> Kind:
    """The kind of a task.

    Raises:
        UnusableError: an argument that decides the kind can't be used.
    """
    names = {cls.__name__ for cls in operator_class_of(task).__mro__}
    if "ExternalTaskSensor" in names:
        return _external(task, subject)
    if "BaseSensorOperator" in names:
        return _sensor(task)
    if names & {"TriggerDagRunOperator", "TriggerDagRunLink"}:
        return _trigger(task, subject)
    if "LatestOnlyOperator" in names:
        return LatestOnly()
    if "ShortCircuitOperator" in names:
        follows_rules = bool(_value(task, "ignore_downstream_trigger_rules", True))
        return ShortCircuit(ignore_downstream_trigger_rules=follows_rules)
    if names & BRANCHES:
        return Branch()
    if names & EMPTY:
        return Work() if _empty_does_something(task, profile) else Empty()
    if "SubDagOperator" in names:
        return _subdag(task, subject)
    if _value(task, "deferrable", False) is True:
        timeout = seconds(_value(task, "execution_timeout"), "execution_timeout")
        return Deferrable(timeout_s=timeout)
    return Work()


def _value(task: Any, name: str, default: Any = None) -> Any:
    """An argument as the task holds it; a class attribute counts too, a method doesn't."""
    value = vars(task).get(name)
    if value is None and not isinstance(task, MappedOperator):
        value = getattr(type(task), name, None)
        value = None if callable(value) or isinstance(value, property) else value
    return default if value is None else value


def _empty_does_something(task: Any, profile: str) -> bool:
    """Whether the scheduler can't just set it to success."""
    told = ["on_execute_callback", "on_success_callback", "outlets"]
    if profile != "airflow-2.11":
        told.append("inlets")
    return any(vars(task).get(name) for name in told)


def _mode(task: Any) -> str:
    """How a sensor waits; a class of the repository may use the name for something else."""
    mode = _value(task, "mode", "poke")
    if mode in ("poke", "reschedule"):
        return str(mode)
    if "__init__" in vars(operator_class_of(task)):
        current().assume(f"task {task.dag_id}.{task.task_id}", f"mode={mode!r} is taken as 'poke'")
        return "poke"
    raise UnusableError(f"mode={mode!r} is not a sensor mode; give 'poke' or 'reschedule'")


def _waiting(task: Any) -> dict[str, Any]:
    """The arguments that all sensors share."""
    asynchronous = operator_class_of(task).__name__.endswith("Async")
    return {
        "mode": _mode(task),
        "poke_interval_s": seconds(_value(task, "poke_interval", 60), "poke_interval"),
        "timeout_s": seconds(_value(task, "timeout", 7 * 86400), "timeout"),
        "soft_fail": bool(_value(task, "soft_fail", False)),
        "exponential_backoff": bool(_value(task, "exponential_backoff", False)),
        "max_wait_s": seconds(_value(task, "max_wait"), "max_wait"),
        "deferrable": asynchronous or _value(task, "deferrable", False) is True,
    }


def _sensor(task: Any) -> Sensor:
    return Sensor(**_waiting(task))


def _external(task: Any, subject: str) -> Kind:
    dag_id = _value(task, "external_dag_id")
    if not isinstance(dag_id, str):
        current().assume(
            subject, "which DAG it waits for is known only at run time: a plain sensor"
        )
        return _sensor(task)
    function = _value(task, "execution_date_fn")
    group = _value(task, "external_task_group_id")
    deltas = deltas_of(function, subject) if function is not None else _delta(task)
    return ExternalTaskSensor(
        external_dag_id=str(dag_id),
        external_task_ids=_external_tasks(task, subject),
        external_task_group_id=None if group is None else str(group),
        execution_delta_s=deltas[0],
        other_deltas_s=deltas[1:],
        execution_date_fn=function is not None,
        check_existence=bool(_value(task, "check_existence", False)),
        **_states(task, ("allowed_states", "failed_states", "skipped_states"), subject),
        **_waiting(task),
    )


def _external_tasks(task: Any, subject: str) -> tuple[str, ...]:
    one = _value(task, "external_task_id")
    several = _value(task, "external_task_ids")
    if several is None and one is not None:
        several = [one]
    if isinstance(several, str):
        several = [several]
    if several is None:
        return ()
    if isinstance(several, Reference):
        current().assume(subject, "which tasks it waits for is known at run time: the whole run")
        return ()
    return tuple(str(task_id) for task_id in several)


UNKNOWN_FAILED = ("failed", "skipped", "upstream_failed")
"""What a ``failed_states`` that can't be known is taken for: whoever gives one wants no endless
wait."""


def _states(task: Any, names: Iterable[str], subject: str) -> dict[str, Any]:
    """State arguments that were given; what wasn't keeps Airflow's default."""
    found = {name: _value(task, name) for name in names}
    if isinstance(found.get("failed_states"), Survivor):
        current().assume(subject, f"failed_states is unknown: {', '.join(UNKNOWN_FAILED)}")
        found["failed_states"] = UNKNOWN_FAILED
    return {
        name: tuple(str(getattr(s, "value", s)) for s in value)
        for name, value in found.items()
        if isinstance(value, list | tuple | set | frozenset) and (value or name != "allowed_states")
    }


def _trigger(task: Any, subject: str) -> Kind:
    dag_id = _value(task, "trigger_dag_id")
    if not isinstance(dag_id, str):
        current().assume(subject, "which DAG it triggers is known only at run time: ordinary work")
        return Work()
    return TriggerDagRun(
        trigger_dag_id=str(dag_id),
        wait_for_completion=bool(_value(task, "wait_for_completion", False)),
        deferrable=_value(task, "deferrable", False) is True,
        poke_interval_s=seconds(_value(task, "poke_interval", 60), "poke_interval"),
        trigger_run_id=_text(_value(task, "trigger_run_id")),
        logical_date=_text(_value(task, "logical_date", _value(task, "execution_date"))),
        reset_dag_run=bool(_value(task, "reset_dag_run", False)),
        skip_when_already_exists=bool(_value(task, "skip_when_already_exists", False)),
        fail_when_dag_is_paused=bool(_value(task, "fail_when_dag_is_paused", False)),
        **_states(task, ("allowed_states", "failed_states"), subject),
    )


def _text(value: Any) -> str | None:
    """An argument as it was written; a date as ISO 8601."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _delta(task: Any) -> tuple[float, ...]:
    return (seconds(_value(task, "execution_delta", 0), "execution_delta") or 0.0,)


def _subdag(task: Any, subject: str) -> Kind:
    subdag = _value(task, "subdag")
    dag_id = getattr(subdag, "dag_id", None)
    if not isinstance(dag_id, str):
        current().assume(subject, "its subdag is known only at run time: ordinary work")
        return Work()
    current().assume(subject, f"subdag {dag_id} is triggered and waited for, as TriggerDagRun does")
    return TriggerDagRun(
        trigger_dag_id=dag_id,
        wait_for_completion=True,
        poke_interval_s=seconds(_value(task, "poke_interval", 60), "poke_interval"),
    )
