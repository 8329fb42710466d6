"""Bodies: which tasks of an authored DAG have a Python function, and with what arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windtunnel.loaders.standin.operators import MappedOperator, operator_class_of
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


def bodies_of(dag: Any) -> dict[tuple[str, str], Body]:
    """The bodies of a DAG's tasks, by (dag_id, task_id)."""
    found = {(dag.dag_id, task.task_id): _body(task) for task in dag.tasks if _is_callable(task)}
    return {key: body for key, body in found.items() if body is not None}


def _is_callable(task: Any) -> bool:
    """Whether its arguments have the forms that a call needs; Airflow looks only when it runs."""
    held = vars(task)
    args, kwargs = held.get("op_args"), held.get("op_kwargs")
    in_form = isinstance(args, list | tuple | None) and isinstance(kwargs, Mapping | None)
    return in_form or isinstance(task, MappedOperator)


def _body(task: Any) -> Body | None:
    cls = operator_class_of(task)
    names = {c.__name__ for c in cls.__mro__}
    function = vars(task).get("python_callable")
    if not callable(function) or not names & RUN_BY_A_FUNCTION or _has_own_execute(cls):
        return None
    if not getattr(cls, "runs_function", True):
        return None
    args = tuple(freeze(value) for value in _sequence(task.op_args))
    kwargs = {name: freeze(value) for name, value in _mapped_to(task.op_kwargs).items()}
    return Body(
        function=function,
        args=args,
        kwargs=kwargs,
        kind=_kind(names),
        templated=_templated(args, kwargs),
        templates_dict=freeze(task.templates_dict),
        **_mapping(task, decorated=bool(names & {"DecoratedOperator", "DecoratedSensor"})),
    )


def _sequence(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else ()


def _mapped_to(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _has_own_execute(cls: type) -> bool:
    """Whether a class of the repository does something else than call the function."""
    return any(
        ("execute" in vars(c) or "poke" in vars(c))
        for c in cls.__mro__
        if not c.__module__.startswith("windtunnel.")
    )


def _kind(names: set[str]) -> BodyKind:
    if "BranchMixIn" in names:
        return "branch"
    if "ShortCircuitOperator" in names:
        return "short_circuit"
    return "sensor" if "BaseSensorOperator" in names else "python"


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
        return GroupItem(str(value.group.group_id), value.name)
    if type(value) in (list, tuple, set):
        return type(value)(freeze(item) for item in value)
    if type(value) is dict:
        return {key: freeze(item) for key, item in value.items()}
    return value


def _templated(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    named = [name for name, value in kwargs.items() if has_template(value)]
    return (*(str(i) for i, value in enumerate(args) if has_template(value)), *named)


def has_template(value: Any) -> bool:
    """Whether a Jinja template occurs in a value."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, Mapping):
        return any(has_template(item) for item in value.values())
    return isinstance(value, list | tuple | set) and any(has_template(item) for item in value)
