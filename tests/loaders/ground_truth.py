"""Ground truth: what real Airflow made of a DAG, and what windtunnel made of it, in the same words.

A view is a flat mapping from a field's name to its value: of the DAG under the field alone, of a
task under ``(task_id, field)``. Two DAGs are equal when their views are. What the dump can't say of
a task is left out of both views, see `unsaid`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from windtunnel.model import PROFILES, Dag, Profile, Task

Json = Mapping[str, Any]
Key = str | tuple[str, str]

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
DEFAULT_LIMIT = 16
"""``max_active_runs`` and ``max_active_tasks`` under Airflow's default settings."""
UNSAID: Any = type("Unsaid", (), {"__repr__": lambda _: "unsaid"})()
"""Stands in the wanted view for what the dump leaves open."""


def profile_of(meta: Json) -> str:
    """The profile nearest to the Airflow release that made a dump.

    The newest one that isn't newer, else the oldest of the same major version."""
    made_with = _release(str(meta["airflow"]))
    known = {name: _release(name.removeprefix("airflow-")) for name in PROFILES}
    same = {n: r for n, r in known.items() if r[0] == made_with[0]} or known
    older = {n: r for n, r in same.items() if r <= made_with}
    if older:
        return max(older, key=older.__getitem__)
    return min(same, key=same.__getitem__)


def _release(text: str) -> tuple[int, int]:
    major, minor = re.findall(r"\d+", text)[:2]
    return int(major), int(minor)


def wanted(dag: Json) -> dict[Key, Any]:
    """The view of a DAG in a dump."""
    view: dict[Key, Any] = {
        "schedule": _wanted_schedule(dag),
        "assets": _asset_view(dag["assets"]),
        "timezone": _zone(dag["timezone"]),
        "catchup": dag["catchup"],
        "max_active_runs": dag["max_active_runs"],
        "max_active_tasks": dag["max_active_tasks"],
        "dagrun_timeout": dag["dagrun_timeout"],
        "fail_fast": bool(dag.get("fail_fast") or dag.get("fail_stop")),
        "is_paused_upon_creation": bool(dag["is_paused_upon_creation"]),
        "tags": sorted(dag["tags"]),
        "task_ids": sorted(dag["tasks"]),
        "groups": {
            name: (group["parent"], group["type"] == "MappedTaskGroup")
            for name, group in dag["task_groups"].items()
        },
    }
    for task_id, task in dag["tasks"].items():
        view |= {(task_id, field): value for field, value in _wanted_task(task).items()}
    return view


def _wanted_schedule(dag: Json) -> Any:
    name, argument = dag["timetable"], dag["schedule_arg"]
    if name == "NullTimetable":
        return None
    if name == "OnceTimetable":
        return "@once"
    if name == "ContinuousTimetable":
        return "@continuous"
    family = "trigger" if "Trigger" in name else "interval"
    if name in ("CronDataIntervalTimetable", "CronTriggerTimetable"):
        text = dag["expression"] or argument
        return (PRESETS.get(text, text), family)
    if name in ("DeltaDataIntervalTimetable", "DeltaTriggerTimetable"):
        return (argument, family) if isinstance(argument, int | float) else (UNSAID, family)
    if name in ("DatasetTriggeredTimetable", "AssetTriggeredTimetable"):
        return "assets"
    if name in ("DatasetOrTimeSchedule", "AssetOrTimeSchedule"):
        return UNSAID
    return name


def _asset_view(value: Any) -> Any:
    """An asset expression without the names that releases give its parts, in order of the text."""
    if isinstance(value, Mapping):
        ((joint, parts),) = value.items()
        if "Alias" in joint:
            return UNSAID
        return _joined("any" if joint.endswith("Any") else "all", map(_asset_view, parts))
    if isinstance(value, list):  # Airflow 2.7 holds a plain list
        return _joined("all", map(_asset_view, value))
    listed = re.findall(r"Dataset\(uri='(.*?)'", value or "")
    return _joined("all", listed) if listed else value


def _joined(joint: str, parts: Iterable[Any]) -> Any:
    """Assets joined; one alone is itself."""
    listed = sorted(parts, key=repr)
    return listed[0] if len(listed) == 1 else (joint, *listed)


def _is_stand_in(value: Any) -> bool:
    """Whether the dump shows its own stand-in for a value of a module that it didn't find."""
    return isinstance(value, str) and value.startswith("<Stub")


def _zone(text: str) -> str:
    found = re.fullmatch(r"Timezone\('(.*)'\)", text)
    name = found.group(1) if found else text
    return "UTC" if name in ("+00:00", "UTC", "Etc/UTC") else name


def _wanted_task(task: Json) -> dict[str, Any]:
    plain = (
        "pool",
        "pool_slots",
        "retries",
        "retry_delay",
        "max_retry_delay",
        "priority_weight",
        "depends_on_past",
        "wait_for_downstream",
        "ignore_first_depends_on_past",
        "queue",
        "max_active_tis_per_dag",
        "max_active_tis_per_dagrun",
        "execution_timeout",
        "sla",
        "is_setup",
        "is_teardown",
        "trigger_rule",
    )
    view = {name: UNSAID if _is_stand_in(task[name]) else task[name] for name in plain}
    own = {"downstream", "upstream", "absolute"}
    custom = task["weight_rule"] not in own
    return view | {
        "upstream": set(task["upstream"]),
        "group": task["task_group"],
        "retry_exponential_backoff": _backoff(task["retry_exponential_backoff"]),
        "on_failure_fail_dagrun": bool(task["on_failure_fail_dagrun"]),
        "weight_rule": UNSAID if custom else task["weight_rule"],
        "priority_weight_total": UNSAID
        if not isinstance(task["priority_weight_total"], int)
        else task["priority_weight_total"],
        "expand": _wanted_expansion(task),
        "inlets": task["inlets"],
        "outlets": task["outlets"],
        "kind": _wanted_kind(task),
        **_wanted_waiting(task),
    }


def _backoff(value: Any) -> float:
    return 2.0 if value is True else float(value or 0)


def _wanted_expansion(task: Json) -> Any:
    if not task["mapped"]:
        return None
    lengths = task.get("expand", {}).get("lengths")
    if lengths is None:
        return UNSAID
    return sorted(("run time" if n in ("xcom", None) else n for n in lengths.values()), key=str)


BY_NAME = {
    "LatestOnlyOperator": "latest_only",
    "ShortCircuitOperator": "short_circuit",
    "BaseBranchOperator": "branch",
    "BranchMixIn": "branch",
}


def _wanted_kind(task: Json) -> Any:
    """What the dump shows of a task's kind: its class, the six classes below it, what it holds."""
    names = [task["task_type"], *task["bases"]]
    if "SubDagOperator" in names:
        return UNSAID
    if "external" in task and any(name.startswith("ExternalTaskSensor") for name in names):
        return "external_task_sensor"
    if "sensor" in task:
        return UNSAID if task["mapped"] else "sensor"
    if "trigger" in task:
        return "trigger_dag_run"
    found = [BY_NAME[name] for name in names if name in BY_NAME]
    if found:
        return found[0]
    # The dump holds six bases of a class: a mixin behind them can't be seen.
    return UNSAID if "Branch" in names[0] else "other"


def _wanted_waiting(task: Json) -> dict[str, Any]:
    """What a sensor waits for and how, and what is triggered."""
    view: dict[str, Any] = {}
    names = (task["task_type"], *task["bases"])
    sensor, external, trigger = (task.get(n) or {} for n in ("sensor", "external", "trigger"))
    if "SubDagOperator" in names:
        sensor = {}
    if not any(name.startswith("ExternalTaskSensor") for name in names):
        external = {}
    for name in ("mode", "poke_interval", "timeout", "soft_fail", "max_wait", "deferrable"):
        view[name] = sensor.get(name)
    if sensor:
        view["exponential_backoff"] = sensor["exponential_backoff"] or None
    for name in ("external_dag_id", "external_task_group_id", "check_existence"):
        view[name] = external.get(name)
    view["execution_delta"] = external.get("execution_delta")
    view["execution_date_fn"] = external.get("execution_date_fn") or None
    ids = external.get("external_task_ids") or external.get("external_task_id")
    view["external_task_ids"] = [ids] if isinstance(ids, str) else ids
    for name in ("trigger_dag_id", "wait_for_completion", "reset_dag_run"):
        view[name] = trigger.get(name)
    view["skip_when_already_exists"] = trigger.get("skip_when_already_exists")
    for states in ("allowed_states", "failed_states", "skipped_states"):
        value = external.get(states, trigger.get(states))
        view[states] = None if value is None else sorted(map(str, value))
    if trigger:
        view["trigger poke_interval"] = trigger.get("poke_interval")
        view["trigger deferrable"] = trigger.get("deferrable")
    elif not sensor:
        view["operator deferrable"] = True if task.get("deferrable") else None
    # In a dump, null means that an argument wasn't passed or that the class has none.
    return {name: UNSAID if value is None else value for name, value in view.items()}


def unsaid(task: Json) -> frozenset[str]:
    """Fields of a task that a dump can't tell.

    A stand-in class of the dump had only BaseOperator's arguments: results in its own arguments
    made no edges, and its own defaults are missing. A class that ends in ``Async`` defers whatever
    its ``deferrable`` says."""
    fields: set[str] = set()
    if task["stub"]:
        fields |= {"more upstream", "kind", "mode", "poke_interval", "timeout", "deferrable"}
        fields |= {"priority_weight_total"}
    if task["task_type"].endswith("Async"):
        fields |= {"deferrable", "operator deferrable", "kind"}
    return frozenset(fields)


class Found:
    """The view of a DAG that windtunnel loaded."""

    def __init__(self, dag: Dag, profile: Profile) -> None:
        self.dag = dag
        self.profile = profile

    def view(self) -> dict[Key, Any]:
        """The same fields as `wanted`."""
        dag = self.dag
        catchup = self.profile.catchup_default if dag.catchup is None else dag.catchup
        view: dict[Key, Any] = {
            "schedule": self._schedule(),
            "assets": _fleet_assets(dag.asset_condition),
            "timezone": "UTC" if dag.timezone == "Etc/UTC" else dag.timezone,
            "catchup": catchup,
            "max_active_runs": DEFAULT_LIMIT
            if dag.max_active_runs is None
            else dag.max_active_runs,
            "max_active_tasks": DEFAULT_LIMIT
            if dag.max_active_tasks is None
            else dag.max_active_tasks,
            "dagrun_timeout": dag.dagrun_timeout_s,
            "fail_fast": dag.fail_fast,
            "is_paused_upon_creation": dag.is_paused,
            "tags": sorted(dag.tags),
            "task_ids": sorted(task.task_id for task in dag.tasks),
            "groups": {g.group_id: (g.parent, g.expand is not None) for g in dag.groups},
        }
        for task in dag.tasks:
            view |= {(task.task_id, name): value for name, value in self._task(task).items()}
        return view

    def _schedule(self) -> Any:
        schedule = self.dag.schedule
        if schedule is None:
            return None
        if schedule.type == "once":
            return "@once"
        if schedule.type == "other":
            return schedule.timetable or schedule.description
        family = schedule.timetable or self.profile.timetable_default
        if schedule.type == "every":
            return (schedule.seconds, family)
        return (PRESETS.get(schedule.expression, schedule.expression), family)

    def _task(self, task: Task) -> dict[str, Any]:
        ignores = task.ignore_first_depends_on_past
        return {
            "pool": task.pool,
            "pool_slots": task.pool_slots,
            "retries": task.retries,
            "retry_delay": task.retry_delay_s,
            "max_retry_delay": task.max_retry_delay_s,
            "priority_weight": task.priority_weight,
            "depends_on_past": task.depends_on_past,
            "wait_for_downstream": task.wait_for_downstream,
            "ignore_first_depends_on_past": self.profile.ignore_first_depends_on_past
            if ignores is None
            else ignores,
            "queue": task.queue,
            "max_active_tis_per_dag": task.max_active_tis_per_dag,
            "max_active_tis_per_dagrun": task.max_active_tis_per_dagrun,
            "execution_timeout": task.execution_timeout_s,
            "sla": task.sla_s,
            "is_setup": task.is_setup,
            "is_teardown": task.is_teardown,
            "trigger_rule": str(task.trigger_rule),
            "upstream": set(task.upstream),
            "group": task.group,
            "retry_exponential_backoff": task.retry_exponential_backoff,
            "on_failure_fail_dagrun": task.on_failure_fail_dagrun,
            "weight_rule": str(task.weight_rule),
            "priority_weight_total": self._total(task),
            "expand": self._expansion(task),
            "inlets": list(task.inlets),
            "outlets": list(task.outlets),
            "kind": self._kind(task),
            **self._waiting(task),
        }

    def _expansion(self, task: Task) -> Any:
        if task.expand is None:
            return None
        return sorted(("run time" if isinstance(n, str) else n for n in task.expand), key=str)

    def _kind(self, task: Task) -> str:
        told = ("external_task_sensor", "sensor", "trigger_dag_run", "latest_only")
        told += ("short_circuit", "branch")
        return task.kind.type if task.kind.type in told else "other"

    def _waiting(self, task: Task) -> dict[str, Any]:
        kind, view = task.kind, dict[str, Any]()
        if kind.type in ("sensor", "external_task_sensor"):
            view = {
                "mode": kind.mode,
                "poke_interval": kind.poke_interval_s,
                "timeout": kind.timeout_s,
                "soft_fail": kind.soft_fail,
                "exponential_backoff": kind.exponential_backoff,
                "max_wait": kind.max_wait_s,
                "deferrable": kind.deferrable,
            }
        if kind.type == "external_task_sensor":
            view |= {
                "external_dag_id": kind.external_dag_id,
                "external_task_ids": list(kind.external_task_ids),
                "external_task_group_id": kind.external_task_group_id,
                "check_existence": kind.check_existence,
                "execution_delta": kind.execution_delta_s,
                "execution_date_fn": kind.execution_date_fn,
            }
        if kind.type == "trigger_dag_run":
            view |= {
                "trigger_dag_id": kind.trigger_dag_id,
                "wait_for_completion": kind.wait_for_completion,
                "reset_dag_run": kind.reset_dag_run,
                "skip_when_already_exists": kind.skip_when_already_exists,
                "trigger poke_interval": kind.poke_interval_s,
                "trigger deferrable": kind.deferrable,
            }
        for states in ("allowed_states", "failed_states", "skipped_states"):
            if hasattr(kind, states):
                view[states] = sorted(getattr(kind, states))
        view["operator deferrable"] = kind.type == "deferrable"
        return view

    @functools.cached_property
    def _neighbours(self) -> dict[str, dict[str, set[str]]]:
        up = {task.task_id: set(task.upstream) for task in self.dag.tasks}
        down: dict[str, set[str]] = {task_id: set() for task_id in up}
        for task_id, ups in up.items():
            for other in ups:
                down[other].add(task_id)
        return {"downstream": down, "upstream": up}

    def _total(self, task: Task) -> int:
        """``priority_weight_total`` as Airflow adds it up."""
        if task.weight_rule == "absolute":
            return task.priority_weight
        weights = {t.task_id: t.priority_weight for t in self.dag.tasks}
        graph = self._neighbours[str(task.weight_rule)]
        reached: set[str] = set()
        waiting = [task.task_id]
        while waiting:
            new = graph[waiting.pop()] - reached
            reached |= new
            waiting += new
        return task.priority_weight + sum(weights[i] for i in reached)


def _fleet_assets(condition: Any) -> Any:
    if condition is None or isinstance(condition, str):
        return condition
    return _joined(condition.type, map(_fleet_assets, condition.of))


def differences(
    dag: Json, found: Dag, profile: Profile, *, is_subdag: bool = False
) -> Iterator[tuple[str, str, Any, Any]]:
    """(field, task or ``""``, wanted, found) for everything in which two DAGs differ."""
    ours = Found(found, profile).view()
    open_fields = {task_id: unsaid(task) for task_id, task in dag["tasks"].items()}
    for key, value in wanted(dag).items():
        task_id, field = ("", key) if isinstance(key, str) else key
        skipped = open_fields.get(task_id, frozenset())
        other = ours.get(key, "missing")
        # The scheduler never looks at a subdag's own schedule, which real Airflow leaves as it was.
        if field == "schedule" and is_subdag:
            continue
        if field in skipped or (task_id and (task_id, "pool") not in ours):
            continue
        if field == "upstream" and "more upstream" in skipped and value <= other:
            continue
        if not _same(value, other):
            yield field, task_id, value, other


def _is_one_file(value: str, other: str) -> bool:
    """Whether both are the URI of one file of the repository, which lies elsewhere here."""
    scheme, slash, path = other.partition(":/")
    if not slash or not value.startswith(f"{scheme}:"):
        return False
    parts = value.removeprefix(f"{scheme}:").lstrip("/").split("/")
    return any(path.endswith("/".join(parts[start:])) for start in range(min(2, len(parts) - 1)))


def _same(value: Any, other: Any) -> bool:
    if value is UNSAID or (type(value) is type(other) and value == other):
        return True
    if isinstance(value, str) and isinstance(other, str):
        return _is_one_file(value, other)
    if isinstance(value, tuple) and isinstance(other, tuple) and len(value) == len(other):
        return all(map(_same, value, other))
    if isinstance(value, set | list) and isinstance(other, set | list):
        return len(value) == len(other) and all(any(_same(v, o) for o in other) for v in value)
    if isinstance(value, int | float) and isinstance(other, int | float):
        return abs(value - other) < 1e-6
    return bool(value == other)
