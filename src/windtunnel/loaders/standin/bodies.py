"""Bodies: what each task of an authored DAG runs, and with what arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from windtunnel.loaders.standin.operators import (
    BaseOperator,
    MappedOperator,
    operator_class_of,
)
from windtunnel.loaders.standin.xcomarg import (
    RETURN_VALUE,
    ConcatXComArg,
    MappedArgument,
    MapXComArg,
    XComArg,
    ZipXComArg,
)
from windtunnel.model.body import (
    Body,
    BodyKind,
    GroupItem,
    JoinedItems,
    MappedItems,
    ResultOf,
    ZippedItems,
)

RUN_BY_A_FUNCTION = frozenset(
    ("PythonOperator", "PythonSensor", "DecoratedOperator", "DecoratedSensor")
)
PLAIN_BASES = frozenset(("BaseOperator", "BaseSensorOperator", "BaseBranchOperator"))
"""Classes of Airflow's that do nothing of their own: what a repository builds on them is all."""
ENTRANCES = ("execute", "poke", "choose_branch")
"""Methods by which the classes of a repository say what a task does."""


def bodies_of(dag: Any) -> dict[tuple[str, str], Body]:
    """The bodies of a DAG's tasks, by (dag_id, task_id)."""
    return {(dag.dag_id, task.task_id): _body(task) for task in dag.tasks}


def _body(task: Any) -> Body:
    cls = operator_class_of(task)
    names = {c.__name__ for c in cls.__mro__}
    function = vars(task).get("python_callable")
    if "TriggerDagRunOperator" in names:
        return _of_operator(task, cls, "trigger")
    if _is_all_its_own(cls):
        return _of_operator(task, cls, _kind(names))
    runs = getattr(cls, "runs_function", True) and not _own_methods(cls)
    runs = runs and bool(names & RUN_BY_A_FUNCTION) and _is_callable(task)
    if not callable(function) or not runs:
        return Body(kind="none", task=task)
    decorated = bool(names & {"DecoratedOperator", "DecoratedSensor", "DecoratedShortCircuit"})
    return Body(
        function=function,
        args=tuple(freeze(value) for value in _sequence(task.op_args)),
        kwargs={
            **{name: freeze(value) for name, value in _mapped_to(task.op_kwargs).items()},
            **_asset_arguments(task, function),
        },
        kind=_kind(names),
        templates_dict=freeze(task.templates_dict),
        multiple_outputs=_has_multiple_outputs(task, function, decorated=decorated),
        task=task,
        **_mapping(task, decorated=decorated),
    )


def _asset_arguments(task: Any, function: Callable[..., Any]) -> dict[str, Any]:
    """What a function under ``@asset`` is called with: its asset, others by name, the context
    (``sdk/definitions/asset/decorators.py: _AssetMainOperator``)."""
    known = vars(task).get("asset_arguments", {})
    asked = inspect.signature(function).parameters if known else {}
    return {
        name: known[name]
        for name, parameter in asked.items()
        if name in known and parameter.default is parameter.empty
    }


def _is_callable(task: Any) -> bool:
    """Whether its arguments have the forms that a call needs; Airflow looks only when it runs."""
    held = vars(task)
    args, kwargs = held.get("op_args"), held.get("op_kwargs")
    in_form = isinstance(args, list | tuple | None) and isinstance(kwargs, Mapping | None)
    return in_form or isinstance(task, MappedOperator)


def _sequence(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else ()


def _mapped_to(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _of_operator(task: Any, cls: type, kind: BodyKind) -> Body:
    """A task that its own class runs."""
    return Body(
        kind=kind,
        fields={name: freeze(getattr(task, name, None)) for name in _template_fields(cls)},
        multiple_outputs=bool(task.multiple_outputs),
        task=task,
        **_mapping(task, decorated=False),
    )


def _template_fields(cls: Any) -> tuple[str, ...]:
    fields = cls.template_fields
    return (fields,) if isinstance(fields, str) else tuple(str(name) for name in fields)


def _own_methods(cls: type) -> set[str]:
    """What classes of the repository say of how the task runs."""
    return {
        name
        for name in ENTRANCES
        for c in cls.__mro__
        if name in vars(c) and not c.__module__.startswith("windtunnel.")
    }


def _is_all_its_own(cls: type) -> bool:
    """Whether all that the task does is written in the repository."""
    operators = {c for c in cls.__mro__ if issubclass(c, BaseOperator)}
    ours = {c.__name__ for c in operators if c.__module__.startswith("windtunnel.")}
    foreign = [c for c in cls.__mro__ if c.__module__.partition(".")[0] == "airflow"]
    plain = ours <= PLAIN_BASES and not foreign
    return plain and bool(_own_methods(cls)) and not _defers(cls)


def _defers(cls: type) -> bool:
    """Whether it hands over to the triggerer: no trigger can run here."""
    codes = [getattr(getattr(cls, name, None), "__code__", None) for name in ENTRANCES]
    return any(code and {"defer", "TaskDeferred"} & {*code.co_names} for code in codes)


def _kind(names: set[str]) -> BodyKind:
    if "BranchMixIn" in names:
        return "branch"
    if "ShortCircuitOperator" in names:
        return "short_circuit"
    return "sensor" if "BaseSensorOperator" in names else "python"


def _has_multiple_outputs(task: Any, function: Callable[..., Any], *, decorated: bool) -> bool:
    """As it was asked for; under ``@task`` also if the function says that it returns a mapping
    (``sdk/bases/decorator.py: _infer_multiple_outputs``)."""
    if task.multiple_outputs is not None or not decorated:
        return bool(task.multiple_outputs)
    try:
        returned = typing.get_type_hints(function).get("return")
    except Exception:  # an annotation may be any expression, and fail in any way
        return False
    origin = typing.get_origin(returned) or returned
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _mapping(task: Any, *, decorated: bool) -> dict[str, Any]:
    """What a mapped task is mapped over: a function under ``@task`` by arguments of its own, an
    operator by the operator's, such as ``op_args``."""
    if not isinstance(task, MappedOperator):
        return {}
    source = task.expand_input
    if not isinstance(source, Mapping):
        return {"expand_kwargs": freeze(source), "expands_operator": not decorated}
    expand = {name: freeze(value) for name, value in source.items()}
    return {"expand": expand, "expands_operator": not decorated}


def freeze(value: Any) -> Any:
    """A value with plain stand-ins for everything that is known only at run time."""
    if isinstance(value, MapXComArg):
        return MappedItems(freeze(value.parts[0]), value.function)
    if isinstance(value, ZipXComArg):
        return ZippedItems(tuple(freeze(part) for part in value.parts), value.fillvalue)
    if isinstance(value, ConcatXComArg):
        return JoinedItems(tuple(freeze(part) for part in value.parts))
    if isinstance(value, XComArg):
        return ResultOf(value.operator.task_id, None if value.key == RETURN_VALUE else value.key)
    if isinstance(value, MappedArgument):
        group = value.group
        return GroupItem(str(group.group_id), value.name, freeze(group.expand_input))
    if type(value) in (list, tuple, set):
        return type(value)(freeze(item) for item in value)
    if type(value) is dict:
        return {key: freeze(item) for key, item in value.items()}
    return value
