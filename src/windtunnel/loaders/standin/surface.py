"""Surface: which names the pretend ``airflow`` offers, and what stands for names nobody knows."""

from __future__ import annotations

import enum
import functools
import importlib
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from windtunnel.loaders.standin import (
    authoring,
    dates,
    edges,
    exceptions,
    known,
    operators,
    schedules,
    session,
    taskflow,
    values,
    xcomarg,
)
from windtunnel.loaders.standin.placeholder import Placeholder, inert_class, member
from windtunnel.loaders.standin.providers import defaults_of
from windtunnel.model import TriggerRule, WeightRule

VERSIONS = {"airflow-3.3": "3.3.2", "airflow-2.11": "2.11.2"}
"""What ``airflow.__version__`` says under each profile."""


class TaskInstanceState(enum.StrEnum):
    """States of a task instance."""

    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"


class DagRunState(enum.StrEnum):
    """States of a DAG run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class WeekDay(enum.IntEnum):
    """Days of the week, Monday first."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


class State:
    """States of task instances and runs by name."""

    NONE = None
    finished = frozenset(("success", "failed", "skipped", "upstream_failed", "removed"))


for _state in TaskInstanceState:
    setattr(State, _state.name, _state.value)


class AirflowTriggerRule(str):
    """Trigger rules by name, also by the names that Airflow 2 had for some of them."""

    __slots__ = ()

    DUMMY = "dummy"
    NONE_FAILED_OR_SKIPPED = "none_failed_or_skipped"


for _rule in TriggerRule:
    setattr(AirflowTriggerRule, _rule.name, _rule.value)


def _same(function: Any = None, *_: Any, **__: Any) -> Any:
    """A decorator that changes nothing, with or without arguments."""
    return function if callable(function) else lambda decorated: decorated


def _exceptions() -> dict[str, Any]:
    found = vars(exceptions).values()
    return {e.__name__: e for e in found if isinstance(e, type) and issubclass(e, BaseException)}


@functools.cache
def names() -> dict[str, Any]:
    """Every name that is known, whichever airflow module it is asked from.

    Airflow has moved most of these from module to module over the years, and never used one name
    for two things that a DAG file could confuse: so one table serves all releases.
    """
    return {
        **_exceptions(),
        **_public_classes(known, operators, schedules),
        "apply_defaults": known.apply_defaults,
        "DAG": authoring.DAG,
        "dag": authoring.dag,
        "TaskGroup": authoring.TaskGroup,
        "NOTSET": authoring.NOT_GIVEN,
        "task": taskflow.task,
        "task_group": taskflow.task_group,
        "task_decorator_factory": taskflow.task_decorator_factory,
        "get_unique_task_id": taskflow.get_unique_task_id,
        "DecoratedOperator": taskflow.DecoratedOperator,
        "TaskDecorator": taskflow.TaskDecorator,
        "setup": taskflow.setup,
        "teardown": taskflow.teardown,
        "context_wrapper": taskflow.ContextWrapper,
        "ContextWrapper": taskflow.ContextWrapper,
        "XComArg": xcomarg.XComArg,
        "PlainXComArg": xcomarg.XComArg,
        "XCOM_RETURN_KEY": xcomarg.RETURN_VALUE,
        "Label": edges.Label,
        "EdgeModifier": edges.EdgeModifier,
        "chain": edges.chain,
        "chain_linear": edges.chain_linear,
        "cross_downstream": edges.cross_downstream,
        "asset": schedules.asset,
        "DatasetAlias": schedules.AssetAlias,
        "DatasetAll": schedules.AssetAll,
        "DatasetAny": schedules.AssetAny,
        "TriggerRule": AirflowTriggerRule,
        "WeightRule": WeightRule,
        "State": State,
        "TaskInstanceState": TaskInstanceState,
        "DagRunState": DagRunState,
        "WeekDay": WeekDay,
        "Variable": values.Variable,
        "BaseXCom": values.BaseXCom,
        "Connection": values.Connection,
        "BaseHook": values.BaseHook,
        "Param": values.Param,
        "DagParam": values.Param,
        "ParamsDict": values.ParamsDict,
        "conf": values.Settings(),
        "get_current_context": values.get_current_context,
        "days_ago": dates.days_ago,
        "provide_session": _same,
        "literal": lambda value: value,
        "is_venv_installed": values.is_venv_installed,
        "Context": dict,
    }


def _public_classes(*modules: ModuleType) -> dict[str, Any]:
    found = {}
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ == module.__name__ and name[0] != "_":
                found[name] = value
    return found


SUBMODULE_NAMES: dict[str, dict[str, Any]] = {
    "airflow.utils.timezone": dates.TIMEZONE_NAMES,
    "airflow.sdk.timezone": dates.TIMEZONE_NAMES,
    "airflow.models": {
        "XCom": values.BaseXCom,
        "ImportError": inert_class("ImportError", "airflow.models.errors"),
    },
    "airflow.utils.dates": {"timedelta": timedelta, "datetime": datetime},
}
"""Names that mean this only in one module."""

SUBMODULES = frozenset(("timezone", "macros", "datasets", "models", "settings", "operators"))
"""Lower-case names that are modules even where they are asked from another module."""


def _setting(name: str) -> Any:
    """What ``airflow.settings`` holds, as far as it is known here; else a placeholder."""
    now = session.current()
    home = now.folder.parent if now.folder.name == "dags" else now.folder
    known = {
        "TIMEZONE": dates.zone(),
        "AIRFLOW_HOME": str(home),
        "DAGS_FOLDER": str(now.folder),
        "PLUGINS_FOLDER": str(home / "plugins"),
    }
    return known.get(name, Placeholder(f"airflow.settings.{name}"))


def offer(module: str, name: str) -> Any:
    """What the pretend module offers under this name.

    Raises:
        AttributeError: a dunder name.
    """
    if name == "__version__" or (module == "airflow.version" and name == "version"):
        return VERSIONS.get(session.current().profile, "3.3.2")
    if name.startswith("__"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if module == "airflow.settings" and name.isupper():
        return _setting(name)
    if name in SUBMODULE_NAMES.get(module, {}):
        return SUBMODULE_NAMES[module][name]
    if name in names():
        return names()[name]
    if name[:1].islower():
        home = "airflow.utils" if name == "timezone" and module.count(".") else module
        return importlib.import_module(f"{home}.{name}")
    return unknown(module, name)


OPERATOR_ENDINGS = ("Operator", "OperatorAsync", "Sensor", "SensorAsync")


def unknown(module: str, name: str) -> Any:
    """What a module offers under a name that nobody knows: a class that fits its ending, always
    the same in one session."""
    made = session.current().classes
    if (module, name) not in made:
        made[module, name] = _fitting(module, name)
    return made[module, name]


def _fitting(module: str, name: str) -> Any:
    if name.endswith("Async") and name.removesuffix("Async") in names():
        base = names()[name.removesuffix("Async")]
        namespace = {
            "__module__": module,
            "_arguments": defaults_of(name, session.current().profile),
        }
        return type(base)(name, (base,), namespace)
    if name.endswith(OPERATOR_ENDINGS):
        return known.generic_class(name, module)
    if name.endswith("Hook"):
        return type(name, (values.BaseHook,), {"__module__": module})
    if name.endswith("Timetable"):
        return type(name, (schedules.Timetable,), {"__module__": module})
    if name.endswith("TaskGroup"):
        return type(name, (authoring.TaskGroup,), {"__module__": module})
    if name.endswith(("Exception", "Error")):
        return type(name, (exceptions.AirflowException,), {"__module__": module})
    if name.isupper():
        return Placeholder(f"{module}.{name}")
    return inert_class(name, module)


def third_party(module: str, name: str) -> Any:
    """What a missing module outside Airflow offers: its operators and sensors are still tasks."""
    if name[:1].isupper() and name.endswith((*OPERATOR_ENDINGS, "TaskGroup")):
        return unknown(module, name)
    return member(f"{module}.{name}")
