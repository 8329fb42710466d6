"""Operators: BaseOperator, its arguments, and how ``partial`` and ``expand`` map it."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.edges import Node, link
from windtunnel.loaders.standin.exceptions import AirflowException, DagInvalid
from windtunnel.loaders.standin.placeholder import InertMeta
from windtunnel.loaders.standin.setup_scopes import close_scope, note_created, open_scope
from windtunnel.loaders.standin.xcomarg import XComArg, references

AnyOperator = TypeVar("AnyOperator", bound="BaseOperator")
MAPPABLE_ARGUMENTS = ("task_id", "dag", "task_group", "default_args")

TASK_ARGUMENTS: dict[str, Any] = {
    "owner": "airflow",
    "email": None,
    "email_on_retry": True,
    "email_on_failure": True,
    "retries": 0,
    "retry_delay": timedelta(seconds=300),
    "retry_exponential_backoff": 0,
    "max_retry_delay": None,
    "retry_policy": None,
    "start_date": None,
    "end_date": None,
    "depends_on_past": False,
    "ignore_first_depends_on_past": None,
    "wait_for_downstream": False,
    "wait_for_past_depends_before_skipping": False,
    "params": None,
    "priority_weight": 1,
    "weight_rule": "downstream",
    "queue": "default",
    "pool": None,
    "pool_slots": 1,
    "sla": None,
    "execution_timeout": None,
    "on_execute_callback": None,
    "on_failure_callback": None,
    "on_success_callback": None,
    "on_retry_callback": None,
    "on_skipped_callback": None,
    "trigger_rule": "all_success",
    "run_as_user": None,
    "task_concurrency": None,
    "max_active_tis_per_dag": None,
    "max_active_tis_per_dagrun": None,
    "executor": None,
    "executor_config": None,
    "do_xcom_push": True,
    "multiple_outputs": None,
    "inlets": None,
    "pre_execute": None,
    "post_execute": None,
    "outlets": None,
    "map_index_template": None,
    "task_display_name": None,
    "doc": None,
    "doc_md": None,
    "doc_json": None,
    "doc_yaml": None,
    "doc_rst": None,
}
"""Arguments that every operator takes, with Airflow's defaults."""


def _with_default_args(init: Callable[..., None]) -> Callable[..., None]:
    """Give a constructor the default_args that it has arguments for.

    Airflow does so at each level of a class hierarchy."""
    parameters = list(inspect.signature(init).parameters.values())[1:]
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)

    @functools.wraps(init)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        outermost = "_defaults" not in vars(self)
        if outermost:
            vars(self)["_defaults"] = _defaults_for(kwargs)
        defaults = vars(self)["_defaults"]
        given = {*kwargs, *named[: len(args)]}
        for name in named:
            if name in defaults and name not in given:
                kwargs[name] = defaults[name]
        if not takes_any and "default_args" not in named:
            kwargs.pop("default_args", None)
        init(self, *args, **kwargs)
        if outermost:
            self._created()

    return wrapped


def _defaults_for(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """default_args that hold for a task created here: the DAG's, then its groups', then its own."""
    dag = kwargs.get("dag") or _innermost(session.current().dag_stack)
    group = kwargs.get("task_group") or _open_group(dag)
    merged = dict(getattr(dag, "default_args", None) or {})
    if dag is not None and group is not None:
        merged |= group.default_args
    merged |= kwargs.get("default_args") or {}
    return merged


def _innermost(stack: Sequence[Any]) -> Any:
    return stack[-1] if stack else None


def _open_group(dag: Any) -> Any:
    """The task group whose ``with`` block is open, if it is one of this DAG."""
    group = _innermost(session.current().group_stack)
    return group if group is not None and group.dag is dag else None


class OperatorMeta(InertMeta):
    """Wraps the constructor of every operator class, so that default_args are applied by name."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kw: Any
    ) -> Any:
        """A class whose own constructor, if it has one, takes default_args."""
        if "__init__" in namespace:
            namespace["__init__"] = _with_default_args(namespace["__init__"])
        made: Any = super().__new__(mcs, name, bases, namespace, **kw)
        # Kept, because thousands of tasks ask.
        made._all_arguments = _merged_arguments(made)
        made._properties = frozenset(
            key
            for cls in made.__mro__
            for key, value in vars(cls).items()
            if hasattr(value, "__set__")
        )
        return made


def _merged_arguments(operator_class: type) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for cls in reversed(operator_class.__mro__):
        merged |= vars(cls).get("_arguments", {})
    return merged


def arguments_of(operator_class: Any) -> dict[str, Any]:
    """Every argument that an operator class declares, with its default."""
    found: dict[str, Any] = operator_class._all_arguments
    return found


class LoggingMixin:
    """Gives a class its logger; in Airflow the last base of operators and hooks."""

    @property
    def log(self) -> Any:
        """The logger of its class."""
        return logging.getLogger(f"airflow.task.operators.{type(self).__name__}")


class BaseOperator(Node, LoggingMixin, metaclass=OperatorMeta):
    """A task: what every operator is, with the arguments that decide when it runs."""

    _arguments: ClassVar[dict[str, Any]] = TASK_ARGUMENTS
    _all_arguments: ClassVar[dict[str, Any]]
    """Its arguments and those of its bases."""
    _properties: ClassVar[frozenset[str]]
    """Names that are set by more than being stored."""
    _takes_all_default_args = False
    """An unknown operator: which of the default_args it has arguments for can't be told."""
    _templates_unknown = False
    """Results in any of its arguments make edges, because its template fields can't be told."""
    template_fields: Any = ()
    template_ext: Any = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {}
    custom_operator_name: str | None = None
    ui_color = "#fff"
    ui_fgcolor = "#000"
    operator_extra_links: Any = ()
    is_setup = False
    is_teardown = False
    on_failure_fail_dagrun = False

    def __init__(self, task_id: Any = None, *_: Any, **kwargs: Any) -> None:
        if task_id is None:
            raise AirflowException(f"{type(self).__name__} needs a task_id")
        dag = kwargs.pop("dag", None) or _innermost(session.current().dag_stack)
        group = kwargs.pop("task_group", None) or _open_group(dag)
        kwargs.pop("default_args", None)
        defaults = vars(self).get("_defaults", {})
        if self._takes_all_default_args:
            kwargs = {**defaults, **kwargs}
        self._dag: Any = None
        self.upstream_task_ids: set[str] = set()
        self.downstream_task_ids: set[str] = set()
        self.line = session.current().line()
        own, properties = vars(self), type(self)._properties
        for name, default in self._declared_arguments().items():
            value = kwargs.pop(name, defaults.get(name, default))
            if name in properties:
                self._set(name, value)
            else:
                own[name] = value
        for name, value in kwargs.items():
            if name.isidentifier() and not hasattr(type(self), name):
                self._set(name, value)
        self.task_group: Any = group
        self.label = str(task_id)
        self.task_id = group.child_id(self.label) if group is not None else self.label
        if group is not None:
            group.add(self)
        if dag is not None:
            self.dag = dag

    def _declared_arguments(self) -> dict[str, Any]:
        return arguments_of(type(self))

    def _set(self, name: str, value: Any) -> None:
        try:
            setattr(self, name, value)
        except AttributeError:  # the class has a read-only property of this name
            vars(self)[name] = value

    def _created(self) -> None:
        """After the outermost constructor: results among the arguments make edges."""
        vars(self)["_ready"] = True
        for name in self._reference_fields():
            self._depend_on(vars(self).get(name))
        note_created(self)

    def _reference_fields(self) -> Sequence[str]:
        if self._templates_unknown:
            return [n for n in vars(self) if not n.startswith("_") and n != "task_group"]
        fields = self.template_fields
        return [fields] if isinstance(fields, str) else [str(name) for name in fields]

    def _depend_on(self, value: Any) -> None:
        for task in references(value):
            if task is not self and task.task_id not in self.upstream_task_ids:
                link(task, self)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if "_ready" in vars(self) and name in self.template_fields:
            self._depend_on(value)

    @property
    def dag(self) -> Any:
        """The DAG that it is in, ``None`` if none yet."""
        return vars(self).get("_dag")

    @dag.setter
    def dag(self, dag: Any) -> None:
        if self.dag is dag or dag is None:
            return
        if self.dag is not None:
            raise DagInvalid(
                f"task {self.task_id!r} is in DAG {self.dag.dag_id!r} and can't move to "
                f"{dag.dag_id!r}",
                task_id=self.task_id,
            )
        if self.task_group is None:
            self.task_group = dag.task_group
            dag.task_group.add(self)
        self._dag = dag
        dag.add_task(self)

    @property
    def dag_id(self) -> str:
        """Id of its DAG."""
        return str(self.dag.dag_id) if self.dag is not None else "_in_memory_dag_"

    def has_dag(self) -> bool:
        """Whether it is in a DAG."""
        return self.dag is not None

    @property
    def task_type(self) -> str:
        """Name of its class."""
        return type(self).__name__

    @property
    def operator_name(self) -> str:
        """Its class as people see it."""
        return str(self.custom_operator_name or self.task_type)

    @property
    def output(self) -> XComArg:
        """Its result."""
        return XComArg(self)

    @property
    def roots(self) -> Sequence[Any]:
        """Itself."""
        return [self]

    @property
    def leaves(self) -> Sequence[Any]:
        """Itself."""
        return [self]

    @property
    def upstream_list(self) -> list[Any]:
        """Its direct upstream tasks, in order of creation."""
        return [t for t in self.dag.tasks if t.task_id in self.upstream_task_ids]

    @property
    def downstream_list(self) -> list[Any]:
        """Its direct downstream tasks, in order of creation."""
        return [t for t in self.dag.tasks if t.task_id in self.downstream_task_ids]

    def get_direct_relatives(self, upstream: bool = False) -> list[Any]:
        """Its direct neighbours on one side."""
        return self.upstream_list if upstream else self.downstream_list

    def execute(self, context: Any) -> Any:
        """What it does; subclasses say."""
        raise NotImplementedError

    def as_setup(self) -> BaseOperator:
        """Make it a setup task."""
        self.is_setup = True
        return self

    def as_teardown(
        self, *, setups: Any = None, on_failure_fail_dagrun: Any = None
    ) -> BaseOperator:
        """Make it a teardown task, of these setups if given."""
        self.is_teardown = True
        self.trigger_rule = "all_done_setup_success"
        if on_failure_fail_dagrun is not None:
            self.on_failure_fail_dagrun = bool(on_failure_fail_dagrun)
        for setup in setups if isinstance(setups, list | tuple) else [setups] if setups else []:
            for task in setup.leaves:
                task.is_setup = True
            self.set_upstream(setup)
        return self

    def __enter__(self) -> BaseOperator:
        open_scope([self])
        return self

    def __exit__(self, *exc: object) -> None:
        close_scope()

    def __repr__(self) -> str:
        return f"<Task({self.operator_name}): {self.task_id}>"

    @classmethod
    def partial(cls, task_id: str, **kwargs: Any) -> OperatorPartial:
        """Arguments that all instances of a mapped task share."""
        return OperatorPartial(cls, {"task_id": task_id, **kwargs})


class OperatorPartial:
    """A task that is about to be mapped: ``expand`` or ``expand_kwargs`` makes it one."""

    def __init__(self, operator_class: type[BaseOperator], kwargs: dict[str, Any]) -> None:
        self.operator_class = operator_class
        self.kwargs = kwargs

    def expand(self, **mapped: Any) -> MappedOperator:
        """One instance for each combination of the values given."""
        if not mapped:
            raise TypeError("no arguments to expand against")
        for name, value in mapped.items():
            _check_mappable(self.kwargs["task_id"], name, value)
        return MappedOperator(
            operator_class=self.operator_class, expand_input=mapped, **self.kwargs
        )

    def expand_kwargs(self, kwargs: Any, **_: Any) -> MappedOperator:
        """One instance for each set of arguments in a list."""
        return MappedOperator(
            operator_class=self.operator_class, expand_input=kwargs, **self.kwargs
        )


def _check_mappable(task_id: str, name: str, value: Any) -> None:
    if isinstance(value, str | bytes | int | float) and type(value) in (str, bytes, int, float):
        raise DagInvalid(
            f"expand({name}={value!r}) of task {task_id!r}: a task can only be mapped over a list, "
            "a dict or another task's result",
            task_id=task_id,
        )


class MappedOperator(BaseOperator):
    """A task with one instance for each item that it is mapped over."""

    operator_class: type
    expand_input: Any
    shared: dict[str, Any]
    """The arguments that all instances share."""

    def __init__(self, operator_class: Any, expand_input: Any, **kwargs: Any) -> None:
        vars(self)["operator_class"] = operator_class
        vars(self)["expand_input"] = expand_input
        vars(self)["shared"] = kwargs
        super().__init__(**kwargs)

    def _declared_arguments(self) -> dict[str, Any]:
        declared = arguments_of(self.operator_class)
        defaults = vars(self).get("_defaults", {})
        own = inspect.signature(self.operator_class).parameters
        extra = {name: defaults[name] for name in own if name in defaults}
        return {**declared, **extra}

    @property
    def task_type(self) -> str:
        """Name of the mapped class."""
        return str(self.operator_class.__name__)

    @property
    def operator_name(self) -> str:
        """The mapped class as people see it."""
        return str(getattr(self.operator_class, "custom_operator_name", None) or self.task_type)

    def _reference_fields(self) -> Sequence[str]:
        hidden = {"operator_class", "task_group", "shared"}
        return [n for n in vars(self) if not n.startswith("_") and n not in hidden]


def operator_class_of(task: Any) -> type:
    """The class that decides what a task does, of a mapped one the class that is mapped."""
    found: type = task.operator_class if isinstance(task, MappedOperator) else type(task)
    return found
