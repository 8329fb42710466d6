"""Records: a serialized DAG, whichever of its versions, in the form of `windtunnel.loaders.real`.

Version 1 is that of Airflow 2, 2 of 3.0, 3 of later ones. What has its default is not written, and
some of what decides how a task waits never is: then Airflow's defaults hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from windtunnel.loaders.serialized.decode import assets, expansion, plain, timetable

Record = Mapping[str, Any]
VERSIONS = (1, 2, 3)

TASK_DEFAULTS: dict[str, Any] = {
    "trigger_rule": "all_success",
    "pool": "default_pool",
    "pool_slots": 1,
    "priority_weight": 1,
    "queue": "default",
    "executor": None,
    "executor_config": None,
    "retries": 0,
    "retry_delay": 300.0,
    "retry_exponential_backoff": 0,
    "max_retry_delay": None,
    "execution_timeout": None,
    "sla": None,
    "depends_on_past": False,
    "wait_for_downstream": False,
    "ignore_first_depends_on_past": None,
    "max_active_tis_per_dag": None,
    "max_active_tis_per_dagrun": None,
    "is_setup": False,
    "is_teardown": False,
    "on_failure_fail_dagrun": False,
    "start_date": None,
    "end_date": None,
}
"""What a task has that says nothing (``serialization/schema.json``)."""

DAG_LIMITS = ("catchup", "max_active_runs", "max_active_tasks")
ARGUMENTS = (
    "external_dag_id",
    "external_task_id",
    "external_task_ids",
    "external_task_group_id",
    "trigger_dag_id",
    "trigger_run_id",
    "execution_date",
    "logical_date",
    "wait_for_completion",
    "reset_dag_run",
    "skip_when_already_exists",
    "allowed_states",
    "failed_states",
    "skipped_states",
)
"""Arguments that are in serialized DAGs because they are templated."""
NOT_SET = "NOTSET"
"""How Airflow 3 writes an argument that wasn't given, where None means something else."""
CALLBACKS = ("on_execute_callback", "on_success_callback", "on_failure_callback")


def dags_in(data: Record) -> Iterator[dict[str, Any]]:
    """The DAG of ``{"__version": ..., "dag": ...}``, then its subdags (Airflow 2).

    Raises:
        ValueError: it is of a version that is not known.
    """
    if data.get("__version") not in VERSIONS:
        raise ValueError(f"version {data.get('__version')!r} of serialized DAGs is not known")
    defaults = data.get("client_defaults") or {}
    yield from _with_subdags(data["dag"], defaults.get("tasks") or {})


def _with_subdags(
    dag: Record, defaults: Record, *, is_subdag: bool = False
) -> Iterator[dict[str, Any]]:
    yield {**_dag(dag, defaults), "is_subdag": is_subdag}
    for task in map(_unwrapped, dag["tasks"]):
        if isinstance(task.get("subdag"), Mapping):
            yield from _with_subdags(_unwrapped(task["subdag"]), defaults, is_subdag=True)


def _unwrapped(value: Any) -> Record:
    inner = value.get("__var") if "__type" in value else None
    return inner if isinstance(inner, Mapping) else value


def _dag(dag: Record, defaults: Record) -> dict[str, Any]:
    tasks = [_unwrapped(task) for task in dag["tasks"]]
    group = dag.get("task_group", dag.get("_task_group")) or {"children": {}}
    homes: dict[str, str | None] = {}
    groups = list(_groups(_unwrapped(group), homes))
    upstream: dict[str, list[str]] = {}
    for task in tasks:
        for below in task.get("downstream_task_ids", ()):
            upstream.setdefault(below, []).append(task["task_id"])
    limits = {
        "catchup": dag.get("catchup"),
        "max_active_runs": dag.get("max_active_runs"),
        "max_active_tasks": dag.get("max_active_tasks", dag.get("_max_active_tasks")),
    }
    if limits["max_active_tasks"] is None:
        limits["max_active_tasks"] = dag.get("_concurrency")
    written, made = _schedule(dag)
    return {
        "max_consecutive_failed_dag_runs": dag.get("max_consecutive_failed_dag_runs"),
        "dag_id": dag.get("dag_id", dag.get("_dag_id")),
        "line": None,
        "fileloc": dag.get("relative_fileloc") or dag.get("fileloc"),
        "given": [name for name, value in limits.items() if value is not None],
        **limits,
        "schedule": written,
        "timetable": made,
        "timezone": str(dag.get("timezone", "UTC")),
        "start_date": plain(dag.get("start_date")),
        "end_date": plain(dag.get("end_date")),
        "dagrun_timeout": plain(dag.get("dagrun_timeout")),
        "fail_fast": bool(dag.get("fail_fast", dag.get("fail_stop", False))),
        "is_paused": bool(dag.get("is_paused_upon_creation")),
        "tags": sorted(map(str, plain(dag.get("tags")) or ())),
        "groups": groups,
        "tasks": [
            _task(task, defaults, upstream.get(task["task_id"], []), homes.get(task["task_id"]))
            for task in tasks
        ],
    }


def _schedule(dag: Record) -> tuple[Any, dict[str, Any]]:
    """(what was written as the schedule, if that is known; the timetable).

    Airflow 2 writes either the argument or a timetable."""
    triggers = dag.get("dataset_triggers")  # up to 2.9, beside the timetable
    if triggers or dag.get("timetable") is not None:
        made = timetable(dag.get("timetable") or {"__type": "DatasetTriggeredTimetable"})
        return None, {**made, "assets": assets(triggers) if triggers else made["assets"]}
    written = plain(dag.get("schedule_interval", 86400.0))
    if written == "@once":
        return None, timetable({"__type": "OnceTimetable"})
    if written == "@continuous":
        return None, timetable({"__type": "ContinuousTimetable"})
    if isinstance(written, str):
        return written, timetable({"__type": "CronDataIntervalTimetable"})
    if written is None:
        return None, timetable(None)
    var = {"delta": dag.get("schedule_interval", 86400.0)}
    return written, timetable({"__type": "DeltaDataIntervalTimetable", "__var": var})


def _groups(
    group: Record, homes: dict[str, str | None], own: str | None = None
) -> Iterator[dict[str, Any]]:
    """All groups below the one whose complete id is `own`; `homes` becomes each task's group."""
    for name, (kind, child) in group["children"].items():
        if kind == "operator":
            homes[name] = own
            continue
        inner = _unwrapped(child)
        mapped = expansion(inner.get("expand_input")) if inner.get("is_mapped") else None
        yield {"group_id": name, "parent": own, "expand": mapped}
        yield from _groups(inner, homes, name)


def _task(task: Record, defaults: Record, upstream: list[str], group: str | None) -> dict[str, Any]:
    mapped = bool(task.get("_is_mapped"))
    # A mapped task has its own arguments in `partial_kwargs`.
    said = {**task, **task.get("partial_kwargs", {})} if mapped else task
    values = {
        name: plain(said.get(name, defaults.get(name, default)))
        for name, default in TASK_DEFAULTS.items()
    }
    arguments = {
        name: plain(said[name]) for name in ARGUMENTS if said.get(name) not in (None, NOT_SET)
    }
    if "reschedule" in said:
        arguments["mode"] = "reschedule" if said["reschedule"] else "poke"
    elif said.get("mode") is not None:
        arguments["mode"] = said["mode"]
    operator = str(task.get("task_type", task.get("_task_type", "BaseOperator")))
    if isinstance(task.get("subdag"), Mapping):
        inner = _unwrapped(task["subdag"])
        arguments["subdag"] = inner.get("dag_id", inner.get("_dag_id"))
    return {
        **values,
        "task_id": task["task_id"],
        "operator": str(task.get("_operator_name") or operator),
        "bases": _bases(task, operator, arguments),
        "line": None,
        "upstream": upstream,
        "group": group,
        "weight_rule": _weight_rule(said.get("weight_rule", defaults.get("weight_rule"))),
        "expand": expansion(task.get(task.get("_expand_input_attr", ""))) if mapped else None,
        "callbacks": [name for name in CALLBACKS if said.get(f"has_{name}")],
        "inlets": [assets(a) for a in said.get("inlets") or ()],
        "outlets": [assets(a) for a in said.get("outlets") or ()],
        "arguments": arguments,
    }


def _bases(task: Record, operator: str, arguments: Record) -> list[str]:
    """Names of classes that a task must come from.

    Only its own class is written; flags, templated arguments and names tell the rest."""
    found = [operator]
    if task.get("_is_empty"):
        return [*found, "EmptyOperator"]
    is_sensor = task.get("_is_sensor") or ("reschedule" in task and "subdag" not in task)
    if is_sensor or operator.endswith(("Sensor", "SensorAsync", "SensorOperator")):
        external = "external_dag_id" in arguments
        found += ["ExternalTaskSensor"] if external else []
        return [*found, "BaseSensorOperator"]
    if "trigger_dag_id" in arguments:
        found.append("TriggerDagRunOperator")
    elif "ShortCircuit" in operator:
        found.append("ShortCircuitOperator")
    elif "Branch" in operator:
        found.append("BranchMixIn")
    return found


def _weight_rule(value: Any) -> str:
    """A weight rule's name; since 2.9 a custom one is written with its class."""
    if isinstance(value, Mapping):
        value = value.get("__type")
    if value is None:
        return "downstream"
    return f"{value.rsplit('.', 1)[-1]} (custom)" if "." in value else str(value)
