"""Records what real Airflow makes of this corpus: record.py OUT.json, with Airflow's own Python.

    AIRFLOW_HOME=... airflow db migrate
    AIRFLOW_HOME=... PYTHON tests/loaders/corpus/record.py tests/loaders/corpus/airflow-2.11.2.json

It writes only what `ground_truth.wanted` reads. It needs nothing of windtunnel.
"""

import json
import sys
import tempfile
from datetime import timedelta
from enum import Enum
from pathlib import Path

import airflow

HERE = Path(__file__).parent
MAJOR = int(airflow.__version__.split(".", maxsplit=1)[0])
PLAIN = (
    "pool",
    "pool_slots",
    "retries",
    "priority_weight",
    "depends_on_past",
    "wait_for_downstream",
    "ignore_first_depends_on_past",
    "queue",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
    "retry_exponential_backoff",
    "is_setup",
    "is_teardown",
    "on_failure_fail_dagrun",
)
SENSOR = ("mode", "poke_interval", "timeout", "soft_fail", "exponential_backoff", "max_wait")
EXTERNAL = (
    "external_dag_id",
    "external_task_id",
    "external_task_ids",
    "external_task_group_id",
    "allowed_states",
    "failed_states",
    "skipped_states",
    "check_existence",
)
TRIGGER = (
    "trigger_dag_id",
    "wait_for_completion",
    "poke_interval",
    "reset_dag_run",
    "allowed_states",
    "failed_states",
    "deferrable",
    "skip_when_already_exists",
)


def bag_of(file):
    """The DAGs of one file."""
    if MAJOR >= 3:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - 3.x only
    else:
        from airflow.models.dagbag import DagBag  # noqa: PLC0415 - 2.x only
    with tempfile.TemporaryDirectory() as empty:
        bag = DagBag(dag_folder=empty, include_examples=False) if MAJOR < 3 else DagBag(empty)
        bag.process_file(str(file))
    if bag.import_errors:
        raise SystemExit(f"{file}: {bag.import_errors}")
    return bag.dags


def plain(value):
    """A value as JSON has it: durations in seconds, enums by value."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def assets(value):
    """An asset by its URI or name, several by the class that joins them."""
    if value is None:
        return None
    if getattr(value, "uri", None) is not None:
        return str(value.uri)
    if getattr(value, "objects", None) is not None:
        return {type(value).__name__: [assets(one) for one in value.objects]}
    return str(getattr(value, "name", value))


def argument(task, name):
    """An argument; of a mapped task what all its instances share."""
    held = getattr(task, "partial_kwargs", None)
    return held.get(name) if held is not None else getattr(task, name, None)


def arguments(task, names):
    """Several arguments by their names."""
    return {name: plain(argument(task, name)) for name in names}


def weight_rule(task):
    """The rule by its name; a custom one by its class."""
    rule = task.weight_rule
    if isinstance(rule, (str, Enum)):
        return plain(rule)
    name = type(rule).__name__.lstrip("_")
    return name.removesuffix("PriorityWeightStrategy").lower()


def total(task):
    """``priority_weight_total``, which 3.x leaves to the serialized DAG."""
    rule = weight_rule(task)
    if rule == "absolute":
        return task.priority_weight
    others = task.get_flat_relative_ids(upstream=rule == "upstream")
    return task.priority_weight + sum(task.dag.get_task(i).priority_weight for i in others)


def expansion(task):
    """What a mapped task is mapped over, by lengths."""
    given = task._get_specified_expand_input()
    value = given.value
    if not isinstance(value, dict):
        return {"kind": type(given).__name__, "lengths": None}
    sized = (list, tuple, dict)
    lengths = {k: len(v) if isinstance(v, sized) else "xcom" for k, v in value.items()}
    return {"kind": type(given).__name__, "lengths": lengths}


def task_of(task):
    """One task."""
    mapped = hasattr(task, "partial_kwargs")
    kind = task.operator_class if mapped else type(task)
    bases = [cls.__name__ for cls in kind.__mro__[1:] if cls is not object][:6]
    told = {name: plain(getattr(task, name, None)) for name in PLAIN}
    for name in ("retry_delay", "max_retry_delay", "execution_timeout", "sla"):
        told[name] = plain(getattr(task, name, None))
    told |= {
        "task_type": task.task_type,
        "bases": bases,
        "stub": False,
        "upstream": sorted(task.upstream_task_ids),
        "trigger_rule": plain(task.trigger_rule),
        "weight_rule": weight_rule(task),
        "priority_weight_total": total(task),
        "task_group": getattr(task.task_group, "group_id", None),
        "mapped": mapped,
        "inlets": [assets(one) for one in task.inlets or []],
        "outlets": [assets(one) for one in task.outlets or []],
    }
    if mapped:
        told["expand"] = expansion(task)
    if "BaseSensorOperator" in (cls.__name__ for cls in kind.__mro__):
        told["sensor"] = arguments(task, (*SENSOR, "deferrable"))
        if argument(task, "external_dag_id") is not None:
            told["external"] = arguments(task, EXTERNAL)
            told["external"]["execution_delta"] = plain(argument(task, "execution_delta"))
            function = argument(task, "execution_date_fn")
            told["external"]["execution_date_fn"] = function is not None
    elif argument(task, "trigger_dag_id") is not None:
        told["trigger"] = arguments(task, TRIGGER)
    return told


def groups_of(group):
    """Groups below a group, by their ids."""
    found = {}
    for child in group.children.values():
        if hasattr(child, "children"):
            found[child.group_id] = {"type": type(child).__name__, "parent": group.group_id}
            found |= groups_of(child)
    return found


def dag_of(dag, file):
    """One DAG."""
    timetable = dag.timetable
    written = getattr(dag, "schedule_interval", None) if MAJOR < 3 else dag.schedule
    condition = getattr(timetable, "asset_condition", None)
    condition = condition or getattr(timetable, "dataset_condition", None)
    return {
        "file": file,
        "timetable": type(timetable).__name__,
        "schedule_arg": plain(written),
        "expression": getattr(timetable, "_expression", None)
        or getattr(timetable, "expression", None),
        "assets": assets(condition) if condition else None,
        "timezone": getattr(dag.timezone, "name", str(dag.timezone)),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "max_active_tasks": dag.max_active_tasks,
        "dagrun_timeout": plain(dag.dagrun_timeout),
        "fail_fast": getattr(dag, "fail_fast", None),
        "fail_stop": getattr(dag, "fail_stop", None),
        "is_paused_upon_creation": dag.is_paused_upon_creation,
        "tags": sorted(dag.tags),
        "task_groups": groups_of(dag.task_group),
        "tasks": {task.task_id: task_of(task) for task in dag.tasks},
    }


def main():
    """Record every file of this corpus that the installed release reads."""
    told = {"meta": {"airflow": airflow.__version__}, "files": {}, "dags": {}}
    for part in ("both", f"airflow{MAJOR}"):
        for file in sorted((HERE / part).glob("*.py")):
            dags = bag_of(file)
            told["files"][file.name] = {"ok": True, "dags": sorted(dags)}
            told["dags"] |= {dag_id: dag_of(dag, file.name) for dag_id, dag in dags.items()}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
