"""TaskFlow: ``@task`` and its variants, ``@task_group``, ``@setup``, ``@teardown``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.authoring import TaskGroup, free_id
from windtunnel.loaders.standin.exceptions import AirflowException, AirflowSkipException
from windtunnel.loaders.standin.known import (
    PYTHON_ARGUMENTS,
    PYTHON_TEMPLATES,
    BaseSensorOperator,
    BranchMixIn,
    ShortCircuitOperator,
    new_class,
)
from windtunnel.loaders.standin.operators import BaseOperator, MappedOperator, _check_mappable
from windtunnel.loaders.standin.setup_scopes import add_to_scope, close_scope, open_scope
from windtunnel.loaders.standin.xcomarg import MappedArgument, XComArg


class DecoratedOperator(BaseOperator):
    """A function under ``@task``."""

    _arguments = PYTHON_ARGUMENTS
    template_fields: Any = PYTHON_TEMPLATES
    custom_operator_name = "@task"

    def __init__(
        self, *, task_id: Any = None, kwargs_to_upstream: Any = None, **kwargs: Any
    ) -> None:
        # Classes of repositories call this without having looked for a free id.
        task_id = get_unique_task_id(str(task_id), kwargs.get("dag"), kwargs.get("task_group"))
        super().__init__(task_id=task_id, **{**(kwargs_to_upstream or {}), **kwargs})


class DecoratedSensor(BaseSensorOperator):
    """A function under ``@task.sensor``."""

    _arguments = PYTHON_ARGUMENTS
    template_fields: Any = PYTHON_TEMPLATES
    custom_operator_name = "@task.sensor"


class DecoratedShortCircuit(ShortCircuitOperator):
    """A function under ``@task.short_circuit``."""

    custom_operator_name = "@task.short_circuit"


IN_PROCESS = frozenset(
    (
        "python",
        "virtualenv",
        "external_python",
        "branch",
        "branch_virtualenv",
        "branch_external_python",
        "short_circuit",
        "sensor",
    )
)
"""Variants whose body is the function itself; the others make a command or a container of it."""


@functools.cache
def decorated_class(variant: str) -> Any:
    """The operator class behind ``@task.<variant>``; one that nobody knows is plain work."""
    if variant == "sensor":
        return DecoratedSensor
    if variant == "short_circuit":
        return DecoratedShortCircuit
    if variant == "python":
        return DecoratedOperator
    bases = (
        (DecoratedOperator, BranchMixIn) if variant.startswith("branch") else (DecoratedOperator,)
    )
    return new_class(
        f"Decorated{variant.title().replace('_', '')}Operator",
        bases,
        {
            "custom_operator_name": f"@task.{variant}",
            "runs_function": variant in IN_PROCESS,
            "_templates_unknown": variant not in IN_PROCESS,
            "__module__": __name__,
        },
    )


class TaskDecorator:
    """A function under ``@task``; each call of it makes a task and gives its result."""

    def __init__(
        self,
        variant: str,
        function: Callable[..., Any],
        *,
        decorated_operator_class: Any = None,
        **options: Any,
    ) -> None:
        self.variant = variant
        self.own_class = decorated_operator_class
        self.function = function
        self.options = options
        self.is_setup = False
        self.is_teardown = False
        self.on_failure_fail_dagrun = False
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> XComArg:
        """A task that calls the function with these arguments."""
        task = self.operator_class(
            python_callable=self.function, op_args=args, op_kwargs=kwargs, **self._task_options()
        )
        return self._finish(task)

    @property
    def operator_class(self) -> Any:
        """The class of the tasks that it makes."""
        return self.own_class or decorated_class(self.variant)

    def _finish(self, task: BaseOperator) -> XComArg:
        if self.is_setup:
            task.as_setup()
        if self.is_teardown:
            task.as_teardown(on_failure_fail_dagrun=self.on_failure_fail_dagrun)
        return XComArg(task)

    def _task_options(self) -> dict[str, Any]:
        options = dict(self.options)
        options["task_id"] = get_unique_task_id(
            options.get("task_id") or self.function.__name__,
            options.get("dag"),
            options.get("task_group"),
        )
        return options

    def override(self, **options: Any) -> TaskDecorator:
        """The same function with other task arguments."""
        return self._copy(**{**self.options, **options})

    def partial(self, **kwargs: Any) -> _PartialTask:
        """Function arguments that all instances share."""
        return _PartialTask(self, kwargs)

    def expand(self, **mapped: Any) -> XComArg:
        """One instance for each combination of the values given."""
        return _PartialTask(self, {}).expand(**mapped)

    def expand_kwargs(self, kwargs: Any, **_: Any) -> XComArg:
        """One instance for each set of arguments in a list."""
        return _PartialTask(self, {}).expand_kwargs(kwargs)

    def _copy(self, **options: Any) -> TaskDecorator:
        other = TaskDecorator(
            self.variant, self.function, decorated_operator_class=self.own_class, **options
        )
        other.is_setup, other.is_teardown = self.is_setup, self.is_teardown
        other.on_failure_fail_dagrun = self.on_failure_fail_dagrun
        return other


class _PartialTask:
    """A function under ``@task`` with some of its arguments, about to be mapped."""

    def __init__(self, decorator: TaskDecorator, kwargs: dict[str, Any]) -> None:
        self.decorator = decorator
        self.kwargs = kwargs

    def partial(self, **kwargs: Any) -> _PartialTask:
        """More arguments that all instances share."""
        return _PartialTask(self.decorator, {**self.kwargs, **kwargs})

    def expand(self, **mapped: Any) -> XComArg:
        """One instance for each combination of the values given."""
        if not mapped:
            raise TypeError("no arguments to expand against")
        for name, value in mapped.items():
            _check_mappable(self.decorator.function.__name__, name, value)
        return self._map(mapped)

    def expand_kwargs(self, kwargs: Any, **_: Any) -> XComArg:
        """One instance for each set of arguments in a list."""
        return self._map(kwargs)

    def _map(self, expand_input: Any) -> XComArg:
        decorator = self.decorator
        task = MappedOperator(
            operator_class=decorator.operator_class,
            expand_input=expand_input,
            python_callable=decorator.function,
            op_kwargs=self.kwargs,
            **decorator._task_options(),
        )
        return decorator._finish(task)


def get_unique_task_id(task_id: str, dag: Any = None, task_group: Any = None) -> str:
    """A task id that is free in the DAG: a function may be called several times."""
    now = session.current()
    dag = dag or (now.dag_stack[-1] if now.dag_stack else None)
    if dag is None:
        return task_id
    group = task_group
    if group is None and now.group_stack and now.group_stack[-1].dag is dag:
        group = now.group_stack[-1]
    complete = group.child_id(task_id) if group is not None else task_id
    free = free_id(dag.used_ids, complete)
    return (
        free[len(complete) - len(task_id) :] if free.startswith(complete[: -len(task_id)]) else free
    )


class TaskDecorators:
    """What ``task`` is: a decorator, with one attribute for each variant."""

    def __call__(self, python_callable: Any = None, **options: Any) -> Any:
        """``@task`` itself."""
        return self.python(python_callable, **options)

    def __getattr__(self, variant: str) -> Callable[..., Any]:
        if variant.startswith("__"):
            raise AttributeError(variant)
        return functools.partial(_decorate, variant)


def _decorate(variant: str, python_callable: Any = None, *_: Any, **options: Any) -> Any:
    """``@task.x`` or ``@task.x(...)``."""
    if variant in ("run_if", "skip_if"):
        return functools.partial(_conditional, python_callable, variant == "run_if")
    if isinstance(python_callable, TaskDecorator):
        raise AirflowException("a function can have one @task decorator only")
    if callable(python_callable):
        return TaskDecorator(variant, python_callable, **options)
    return lambda function: TaskDecorator(variant, function, **options)


def _conditional(condition: Any, wanted: bool, decorated: Any) -> Any:
    """``@task.run_if`` and ``@task.skip_if``: before it runs, a task may skip itself."""

    def skip(context: Any) -> None:
        if bool(condition(context)) != wanted:
            raise AirflowSkipException("its condition says so")

    if isinstance(decorated, TaskDecorator):
        decorated.options["pre_execute"] = skip
    return decorated


task = TaskDecorators()


def task_decorator_factory(
    python_callable: Any = None, *, decorated_operator_class: Any, **options: Any
) -> Any:
    """What a provider or a repository makes a ``@task``-like decorator of its own with."""
    variant = str(getattr(decorated_operator_class, "custom_operator_name", None) or "python")

    def make(function: Callable[..., Any]) -> TaskDecorator:
        return TaskDecorator(
            variant.removeprefix("@task."),
            function,
            decorated_operator_class=decorated_operator_class,
            **options,
        )

    return make(python_callable) if python_callable is not None else make


def setup(function: Any) -> Any:
    """``@setup``: a task that prepares something for others."""
    decorator = (
        function if isinstance(function, TaskDecorator) else TaskDecorator("python", function)
    )
    decorator.is_setup = True
    return decorator


def teardown(function: Any = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """``@teardown``: a task that cleans up after others."""
    if function is None:
        return functools.partial(teardown, on_failure_fail_dagrun=on_failure_fail_dagrun)
    decorator = (
        function if isinstance(function, TaskDecorator) else TaskDecorator("python", function)
    )
    decorator.is_teardown = True
    decorator.on_failure_fail_dagrun = on_failure_fail_dagrun
    return decorator


class TaskGroupDecorator:
    """A function under ``@task_group``; each call of it makes a task group."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self.function = function
        self.options = options
        self.shared: dict[str, Any] = {}
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A group of the tasks that the function makes."""
        return self._make(None, args, kwargs)

    def override(self, **options: Any) -> TaskGroupDecorator:
        """The same function with other group arguments."""
        return TaskGroupDecorator(self.function, {**self.options, **options})

    def partial(self, **kwargs: Any) -> TaskGroupDecorator:
        """Function arguments that all instances share."""
        other = TaskGroupDecorator(self.function, self.options)
        other.shared = {**self.shared, **kwargs}
        return other

    def expand(self, **mapped: Any) -> Any:
        """One instance of the group for each combination of the values given."""
        if not mapped:
            raise TypeError("no arguments to expand against")
        return self._make(mapped, (), {})

    def expand_kwargs(self, kwargs: Any) -> Any:
        """One instance of the group for each set of arguments in a list."""
        return self._make(kwargs, (), {})

    def _make(self, expand_input: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        options = {"group_id": self.function.__name__, **self.options}
        group = TaskGroup(add_suffix_on_collision=True, **options)
        group.expand_input = expand_input
        with group:
            given = {**self.shared, **self._mapped_arguments(group, expand_input), **kwargs}
            result = self.function(*args, **given)
        return group if result is None else result

    def _mapped_arguments(self, group: TaskGroup, expand_input: Any) -> dict[str, Any]:
        if expand_input is None:
            return {}
        if isinstance(expand_input, dict):
            return {n: MappedArgument(group, n, v) for n, v in expand_input.items()}
        names = [n for n in inspect.signature(self.function).parameters if n not in self.shared]
        return {name: MappedArgument(group, name, expand_input) for name in names}


def task_group(group_id: Any = None, **options: Any) -> Any:
    """The ``@task_group`` decorator."""
    if callable(group_id):
        return TaskGroupDecorator(group_id, options)
    if group_id is not None:
        options["group_id"] = group_id
    return lambda function: TaskGroupDecorator(function, options)


class ContextWrapper(list[Any]):
    """Several setup and teardown tasks as one ``with`` block."""

    def __init__(self, tasks: Any) -> None:
        super().__init__(tasks)

    def __enter__(self) -> ContextWrapper:
        open_scope([inner for task in self for inner in task.leaves])
        return self

    def __exit__(self, *exc: object) -> None:
        close_scope()

    def add_task(self, *tasks: Any) -> None:
        """Put tasks that were created outside into the block."""
        add_to_scope(*tasks)
