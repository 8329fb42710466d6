"""Known operators: Airflow's classes whose arguments matter to scheduling or to running bodies."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.operators import BaseOperator, OperatorMeta
from windtunnel.loaders.standin.placeholder import Placeholder
from windtunnel.loaders.standin.providers import defaults_of

PYTHON_ARGUMENTS: dict[str, Any] = {
    "python_callable": None,
    "op_args": None,
    "op_kwargs": None,
    "templates_dict": None,
    "show_return_value_in_logs": True,
}
PYTHON_TEMPLATES = ("templates_dict", "op_args", "op_kwargs")


class BaseSensorOperator(BaseOperator):
    """A sensor: waits until something holds."""

    _arguments: ClassVar[dict[str, Any]] = {
        "poke_interval": timedelta(seconds=60),
        "timeout": timedelta(days=7),
        "soft_fail": False,
        "mode": "poke",
        "exponential_backoff": False,
        "max_wait": None,
        "silent_fail": False,
        "never_fail": False,
        "deferrable": False,
    }


class PokeReturnValue:
    """What a poke may return instead of a truth value."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done = is_done
        self.xcom_value = xcom_value

    def __bool__(self) -> bool:
        return bool(self.is_done)


class EmptyOperator(BaseOperator):
    """Does nothing."""


class DummyOperator(EmptyOperator):
    """EmptyOperator by its old name."""


class BashOperator(BaseOperator):
    """Runs a shell command."""

    _arguments: ClassVar[dict[str, Any]] = {"bash_command": None, "env": None, "cwd": None}
    template_fields = ("bash_command", "env", "cwd")


class PythonOperator(BaseOperator):
    """Calls a Python function."""

    _arguments: ClassVar[dict[str, Any]] = PYTHON_ARGUMENTS
    template_fields = PYTHON_TEMPLATES


class PythonVirtualenvOperator(PythonOperator):
    """Calls a Python function in a virtual environment made for it."""


class ExternalPythonOperator(PythonOperator):
    """Calls a Python function with another interpreter."""


class SkipMixin:
    """Skips downstream tasks."""


class BranchMixIn(SkipMixin):
    """Follows some downstream tasks and skips the others."""


class BaseBranchOperator(BaseOperator, BranchMixIn):
    """A branch whose choice a subclass makes."""


class BranchPythonOperator(PythonOperator, BranchMixIn):
    """A branch whose choice a Python function makes."""


class BranchPythonVirtualenvOperator(PythonVirtualenvOperator, BranchMixIn):
    """A branch whose choice a Python function in a virtual environment makes."""


class BranchExternalPythonOperator(ExternalPythonOperator, BranchMixIn):
    """A branch whose choice a Python function in another interpreter makes."""


class ShortCircuitOperator(PythonOperator, SkipMixin):
    """Skips what lies downstream unless a Python function returns something true."""

    _arguments: ClassVar[dict[str, Any]] = {"ignore_downstream_trigger_rules": True}


class LatestOnlyOperator(BaseBranchOperator):
    """Skips its direct downstream tasks in every run but the latest."""


class PythonSensor(BaseSensorOperator):
    """Waits until a Python function returns something true."""

    _arguments: ClassVar[dict[str, Any]] = PYTHON_ARGUMENTS
    template_fields = PYTHON_TEMPLATES


class ExternalTaskSensor(BaseSensorOperator):
    """Waits for a run, or tasks of a run, of another DAG."""

    _arguments: ClassVar[dict[str, Any]] = {
        "external_dag_id": None,
        "external_task_id": None,
        "external_task_ids": None,
        "external_task_group_id": None,
        "allowed_states": None,
        "failed_states": None,
        "skipped_states": None,
        "execution_delta": None,
        "execution_date_fn": None,
        "check_existence": False,
    }
    template_fields = ("external_dag_id", "external_task_id", "external_task_ids")


class ExternalTaskMarker(EmptyOperator):
    """Names a task of another DAG that depends on this one."""

    _arguments: ClassVar[dict[str, Any]] = {"external_dag_id": None, "external_task_id": None}
    template_fields = ("external_dag_id", "external_task_id")


class TriggerDagRunOperator(BaseOperator):
    """Creates a run of another DAG."""

    _arguments: ClassVar[dict[str, Any]] = {
        "trigger_dag_id": None,
        "trigger_run_id": None,
        "conf": None,
        "logical_date": None,
        "execution_date": None,
        "reset_dag_run": False,
        "skip_when_already_exists": False,
        "fail_when_dag_is_paused": False,
        "wait_for_completion": False,
        "poke_interval": 60,
        "allowed_states": None,
        "failed_states": None,
        "deferrable": False,
    }
    template_fields = ("trigger_dag_id", "trigger_run_id", "logical_date", "conf")


class SubDagOperator(BaseOperator):
    """Runs another DAG as one task (Airflow 1 and 2)."""

    _arguments: ClassVar[dict[str, Any]] = {
        "subdag": None,
        "mode": "poke",
        "poke_interval": 60,
        "timeout": None,
    }


class GenericOperator(BaseOperator):
    """An operator of a provider that isn't installed: its arguments are kept as they are."""

    _takes_all_default_args = True
    _templates_unknown = True

    def __getattr__(self, name: str) -> Any:
        return _unknown_member(self, name)


class GenericSensor(BaseSensorOperator):
    """A sensor of a provider that isn't installed."""

    _takes_all_default_args = True
    _templates_unknown = True

    def __getattr__(self, name: str) -> Any:
        return _unknown_member(self, name)


OURS = frozenset(("_dag", "_defaults", "_ready", "_arguments", "_is_stub"))
"""Names that tasks have, or haven't, by us."""


def _unknown_member(task: BaseOperator, name: str) -> Any:
    """What an unknown class offers under a name; nothing of ours, nothing that Python asks for."""
    if name.startswith("__") or name in OURS:
        raise AttributeError(name)
    return Placeholder(f"{type(task).__name__}.{name}")


def new_class(name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
    """An operator class that is made while DAG files load."""
    made: type = OperatorMeta(name, bases, namespace)
    return made


def generic_class(name: str, module: str) -> type:
    """A class for an operator or sensor that nobody knows, under its own name."""
    waits = name.endswith(("Sensor", "SensorAsync", "SensorOperator", "SensorOperatorAsync"))
    base = GenericSensor if waits else GenericOperator
    bases: tuple[type, ...] = (base, BranchMixIn) if "Branch" in name else (base,)
    namespace = {
        "__module__": module,
        "__doc__": None,
        "_arguments": defaults_of(name, session.current().profile),
    }
    return new_class(name, bases, namespace)


def task_of_call(called: str, kwargs: dict[str, Any]) -> BaseOperator | None:
    """The task that a call of something unknown makes: one that gives it a task_id, for a DAG.

    Repositories keep functions that make tasks in packages that are installed beside Airflow."""
    task_id, dag = kwargs.get("task_id"), kwargs.get("dag")
    if not isinstance(task_id, str) or not (session.current().dag_stack or hasattr(dag, "tasks")):
        return None
    module, _, name = called.rpartition(".")
    session.current().assume(called, "can't be called without its module: it makes one task")
    made: BaseOperator = _unknown_class(name or called, module)(**kwargs)
    return made


@functools.cache
def _unknown_class(name: str, module: str) -> Any:
    return generic_class(name, module)


Placeholder.task_of_call = staticmethod(task_of_call)


def apply_defaults(function: Callable[..., Any]) -> Callable[..., Any]:
    """The old decorator of constructors; every constructor takes default_args anyway."""
    return function
