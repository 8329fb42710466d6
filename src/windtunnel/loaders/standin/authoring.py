"""Authoring: DAG and TaskGroup, and the ``with`` blocks that put tasks into them."""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.edges import Node
from windtunnel.loaders.standin.exceptions import AirflowException, DagInvalid, DuplicateTaskIdFound
from windtunnel.loaders.standin.placeholder import Placeholder, Survivor
from windtunnel.loaders.standin.xcomarg import references

NOT_GIVEN: Any = type(
    "NotGiven", (), {"__repr__": lambda _: "NOTSET", "__bool__": lambda _: False}
)()


class TaskGroup(Node):
    """A group of tasks: a prefix of ids, and something that edges can be tied to."""

    def __init__(
        self,
        group_id: str | None = None,
        prefix_group_id: bool = True,
        parent_group: TaskGroup | None = None,
        dag: Any = None,
        *,
        default_args: dict[str, Any] | None = None,
        add_suffix_on_collision: bool = False,
        **_: Any,
    ) -> None:
        now = session.current()
        stack = now.group_stack
        open_dag = now.dag_stack[-1] if now.dag_stack else None
        self.dag: Any = dag or (parent_group.dag if parent_group else open_dag)
        self.children: dict[str, Any] = {}
        self.prefix_group_id = prefix_group_id
        self.parent_group: TaskGroup | None = None
        self.default_args: dict[str, Any] = copy.copy(default_args or {})
        self.expand_input: Any = None
        if group_id is None:
            self.group_id: str | None = None
            return
        if self.dag is None:
            raise AirflowException(f"task group {group_id!r} is in no DAG; create it in `with DAG`")
        inner = stack[-1] if stack and stack[-1].dag is self.dag else None
        self.parent_group = parent_group or inner or self.dag.task_group
        self.default_args = {**self.parent_group.default_args, **self.default_args}
        self.group_id = self.parent_group.child_id(group_id)
        if self.group_id in self.dag.used_ids:
            if not add_suffix_on_collision:
                raise DuplicateTaskIdFound(
                    f"group_id {self.group_id!r} is used twice in DAG {self.dag.dag_id!r}; "
                    "ids of tasks and groups must be unique",
                    cause="duplicate",
                    dag_id=self.dag.dag_id,
                )
            self.group_id = free_id(self.dag.used_ids, self.group_id)
        self.dag.used_ids.add(self.group_id)
        self.dag.groups.append(self)
        self.parent_group.children[self.group_id] = self

    @property
    def label(self) -> str | None:
        """Its id without the ids of the groups around it."""
        return self.group_id.rpartition(".")[2] if self.group_id else None

    @property
    def task_group(self) -> TaskGroup | None:
        """The group around it."""
        return self.parent_group

    @property
    def is_root(self) -> bool:
        """Whether it is the whole DAG."""
        return self.group_id is None

    def child_id(self, label: str) -> str:
        """The complete id of something in this group."""
        if self.group_id and self.prefix_group_id:
            return f"{self.group_id}.{label}"
        return label

    def add(self, task: Any) -> None:
        """Put a task into the group."""
        key = getattr(task, "task_id", None) or task.group_id
        self.children[key] = task

    def __iter__(self) -> Iterator[Any]:
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield from child
            else:
                yield child

    def __getitem__(self, label: str) -> Any:
        return self.children[self.child_id(label)]

    def get_roots(self) -> list[Any]:
        """Its tasks that have no upstream task in it."""
        tasks = list(self)
        ids = {t.task_id for t in tasks}
        return [t for t in tasks if t.upstream_task_ids.isdisjoint(ids)]

    def get_leaves(self) -> list[Any]:
        """Its tasks without downstream task in it; in place of a teardown what comes before it."""
        tasks = {t.task_id: t for t in self}
        found: dict[str, Any] = {}
        for task in tasks.values():
            if task.downstream_task_ids.isdisjoint(tasks):
                for leaf in [task] if not task.is_teardown else _before_teardown(task, tasks):
                    found[leaf.task_id] = leaf
        return list(found.values())

    @property
    def roots(self) -> Sequence[Any]:
        """As `get_roots`."""
        return self.get_roots()

    @property
    def leaves(self) -> Sequence[Any]:
        """As `get_leaves`."""
        return self.get_leaves()

    def __enter__(self) -> TaskGroup:
        session.current().group_stack.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        session.current().group_stack.pop()
        if self.expand_input is not None and exc[0] is None:
            for task in references(self.expand_input):
                self.set_upstream(task)


def _before_teardown(teardown: Any, tasks: dict[str, Any]) -> Iterator[Any]:
    for task_id, task in tasks.items():
        if task_id not in teardown.upstream_task_ids:
            continue
        if task.is_teardown:
            yield from _before_teardown(task, tasks)
        elif not task.is_setup:
            yield task


def known_text(value: Any, what: str) -> Any:
    """An id that a placeholder stands for, as its name; anything else as it is."""
    if not isinstance(value, Survivor):
        return value
    name = re.sub(r"[^\w.-]", "", str(value))
    session.current().assume(f"{what} {name}", "is a placeholder's name: the real one is unknown")
    return name


def free_id(used: set[str], wanted: str) -> str:
    """The id itself, or the first free of ``id__1``, ``id__2``..."""
    if wanted not in used:
        return wanted
    core = re.split(r"__\d+$", wanted)[0]
    taken = [re.match(rf"^{re.escape(core)}__(\d+)$", name) for name in used]
    return f"{core}__{max((int(m.group(1)) for m in taken if m), default=0) + 1}"


class DAG(Node):
    """A DAG as it is written in a DAG file."""

    def __init__(
        self,
        dag_id: str | None = None,
        description: str | None = None,
        schedule: Any = NOT_GIVEN,
        *_: Any,
        start_date: Any = None,
        end_date: Any = None,
        default_args: dict[str, Any] | None = None,
        auto_register: bool = True,
        **kwargs: Any,
    ) -> None:
        dag_id = known_text(dag_id, "dag_id")
        if not isinstance(dag_id, str) or not dag_id:
            raise DagInvalid(f"a DAG needs a dag_id that is a text, not {dag_id!r}")
        now = session.current()
        self.dag_id = dag_id
        self.description = description
        self.line = now.line()
        self.origin = now.origin()
        self.fileloc = self.origin or now.file
        for name in ("schedule_interval", "timetable"):
            value = kwargs.pop(name, NOT_GIVEN)
            if schedule is NOT_GIVEN and not (name == "timetable" and value is None):
                schedule = value
        self.schedule = schedule
        self.default_args = copy.copy(default_args or {})
        self.start_date = start_date
        self.end_date = end_date
        self.auto_register = auto_register
        self.catchup = kwargs.pop("catchup", None)
        self.max_active_runs = kwargs.pop("max_active_runs", None)
        self.max_consecutive_failed_dag_runs = kwargs.pop("max_consecutive_failed_dag_runs", None)
        self.max_active_tasks = kwargs.pop("concurrency", None)
        self.max_active_tasks = kwargs.pop("max_active_tasks", self.max_active_tasks)
        self.dagrun_timeout = kwargs.pop("dagrun_timeout", None)
        self.fail_fast = kwargs.pop("fail_fast", kwargs.pop("fail_stop", False))
        self.is_paused_upon_creation = kwargs.pop("is_paused_upon_creation", None)
        self.tags = kwargs.pop("tags", None) or []
        self.params = dict(kwargs.pop("params", None) or {})
        for name, value in kwargs.items():
            if not hasattr(type(self), name):
                setattr(self, name, value)
        self.task_dict: dict[str, Any] = {}
        self.used_ids: set[str] = set()
        self.groups: list[TaskGroup] = []
        self.task_group = TaskGroup(dag=self)

    @property
    def tasks(self) -> list[Any]:
        """Its tasks in order of creation."""
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        """Ids of its tasks in order of creation."""
        return list(self.task_dict)

    @property
    def schedule_interval(self) -> Any:
        """As ``schedule``."""
        return self.schedule

    @property
    def roots(self) -> Sequence[Any]:
        """Its tasks without upstream."""
        return self.task_group.get_roots()

    @property
    def leaves(self) -> Sequence[Any]:
        """Its tasks without downstream."""
        return self.task_group.get_leaves()

    def add_task(self, task: Any) -> None:
        """Put a task into it."""
        if task.task_id in self.used_ids:
            raise DuplicateTaskIdFound(
                f"task_id {task.task_id!r} is used twice in DAG {self.dag_id!r}; ids of tasks and "
                "groups must be unique",
                cause="duplicate",
                dag_id=self.dag_id,
                task_id=task.task_id,
            )
        self.used_ids.add(task.task_id)
        self.task_dict[task.task_id] = task
        if task.dag is not self:
            task.dag = self

    def add_tasks(self, tasks: Sequence[Any]) -> None:
        """Put tasks into it."""
        for task in tasks:
            task.dag = self

    def has_task(self, task_id: str) -> bool:
        """Whether it has a task of this id."""
        return task_id in self.task_dict

    def get_task(self, task_id: str) -> Any:
        """Its task of this id."""
        if task_id not in self.task_dict:
            raise AirflowException(f"DAG {self.dag_id!r} has no task {task_id!r}")
        return self.task_dict[task_id]

    def set_dependency(self, upstream_task_id: str, downstream_task_id: str) -> None:
        """Tie two of its tasks by their ids."""
        self.get_task(upstream_task_id).set_downstream(self.get_task(downstream_task_id))

    def param(self, name: str, default: Any = None) -> Any:
        """A parameter of the DAG; here its default."""
        return self.params.get(name, default)

    def cli(self) -> None:
        """Airflow's command line for one DAG file: nothing to do while loading."""

    def test(self, *_: Any, **__: Any) -> None:
        """Airflow's run of one DAG in one process: nothing to do while loading."""

    def __getattr__(self, name: str) -> Any:
        # What only a scheduler's database could answer: runs, states, pickles.
        if name.startswith("_") or "task_group" not in vars(self):
            raise AttributeError(name)
        return Placeholder(f"DAG.{name}")

    def __enter__(self) -> DAG:
        now = session.current()
        now.dag_stack.append(self)
        now.group_stack.append(self.task_group)
        return self

    def __exit__(self, *exc: object) -> None:
        now = session.current()
        now.dag_stack.pop()
        now.group_stack.pop()
        if self.auto_register and self not in now.dags:
            now.dags.append(self)

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"


def dag(dag_id: Any = "", *args: Any, **dag_kwargs: Any) -> Any:
    """The ``@dag`` decorator: the function it makes gives a DAG when it is called."""
    if callable(dag_id):
        return dag()(dag_id)

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def factory(*values: Any, **named: Any) -> DAG:
            bound = signature.bind_partial(*values, **named)
            bound.apply_defaults()
            with DAG(dag_id or function.__name__, *args, **dag_kwargs) as made:
                made.line = made.line or session.current().line()
                function(*bound.args, **bound.kwargs)
            return made

        return factory

    return decorate
