"""DAG factory: a pretend ``dagfactory``, which makes DAGs of YAML files in its format."""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.authoring import DAG, TaskGroup
from windtunnel.loaders.standin.exceptions import DagInvalid
from windtunnel.loaders.standin.operators import BaseOperator
from windtunnel.loaders.standin.placeholder import Placeholder
from windtunnel.loaders.standin.taskflow import task as task_decorator
from windtunnel.loaders.standin.xcomarg import XComArg

Config = Mapping[str, Any]
OF_A_TASK = frozenset(("operator", "decorator", "dependencies", "task_group_name", "task_id"))
OF_A_DAG = frozenset(("tasks", "task_groups", "default_args", "schedule", "dag_id"))
SUFFIXES = (".yaml", ".yml")
DEFAULT_FILES = ("defaults.yml", "defaults.yaml")


def load_yaml_dags(
    globals_dict: dict[str, Any],
    dags_folder: Any = None,
    config_filepath: Any = None,
    config_dict: Config | None = None,
    suffix: Iterable[str] | None = None,
    **options: Any,
) -> None:
    """DAGs of one YAML file, one mapping, or all YAML files of a folder, as module globals."""
    if config_dict is not None or config_filepath is not None:
        DagFactory(config_filepath, config_dict=config_dict, **options).generate_dags(globals_dict)
        return
    folder = Path(dags_folder) if dags_folder is not None else session.current().folder
    endings = tuple(suffix or SUFFIXES)
    for file in sorted(folder.rglob("*")):
        if file.name.endswith(endings) and file.name not in DEFAULT_FILES and file.is_file():
            DagFactory(file, **options).generate_dags(globals_dict)


class DagFactory:
    """The DAGs of one YAML file or mapping."""

    def __init__(
        self, config_filepath: Any = None, config: Any = None, config_dict: Any = None, **__: Any
    ) -> None:
        given = config_dict if config_dict is not None else config
        self.file = Path(str(config_filepath)) if config_filepath is not None else None
        read: Config = given if isinstance(given, Mapping) else _read(self.file)
        self.defaults = _merged(_defaults_beside(self.file), read.get("default") or {})
        self.dags = {
            str(dag_id): value
            for dag_id, value in read.items()
            if dag_id != "default" and isinstance(value, Mapping)
        }

    def generate_dags(self, globals_dict: dict[str, Any], *_: Any, **__: Any) -> None:
        """Put its DAGs into the globals of a module."""
        for dag_id, value in self.dags.items():
            config = _typed(_merged(self.defaults, value))
            globals_dict[dag_id] = _dag(dag_id, config)

    def clean_dags(self, globals_dict: dict[str, Any]) -> None:
        """Nothing is left over here."""

    def build_dags(self) -> dict[str, DAG]:
        """Its DAGs by their ids."""
        made: dict[str, DAG] = {}
        self.generate_dags(made)
        return made


def _read(file: Path | None) -> Config:
    """A YAML file.

    Raises:
        DagInvalid: it can't be read.
    """
    if file is None:
        return {}
    yaml: Any = importlib.import_module("yaml")
    loader: Any = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", _tagged)
    try:
        text = file.read_text(encoding="utf-8")
        read = yaml.load(text, Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DagInvalid(f"{file.name} can't be read: {error}", cause="import") from error
    return read if isinstance(read, Mapping) else {}


def _tagged(loader: Any, _: str, node: Any) -> Any:
    """``!or``, ``!and``, ``!join``: what is in them."""
    if hasattr(node, "value") and isinstance(node.value, list):
        parts = loader.construct_sequence(node)
        return "".join(map(str, parts)) if _ == "join" else parts
    return loader.construct_scalar(node)


def _defaults_beside(file: Path | None) -> Config:
    """``defaults.yml`` in the folder of a file."""
    found = [file.parent / name for name in DEFAULT_FILES] if file is not None else []
    read = [_read(one) for one in found if one.is_file()]
    return (read[0].get("default") or read[0]) if read else {}


def _merged(under: Config, over: Config) -> dict[str, Any]:
    """Two configurations, the second before the first; mappings in them are merged, too."""
    made = dict(copy.deepcopy(dict(under)))
    for name, value in over.items():
        both = isinstance(value, Mapping) and isinstance(made.get(name), Mapping)
        made[name] = _merged(made[name], value) if both else value
    return made


def _typed(value: Any) -> Any:
    """A value with its durations, dates and objects made: ``x_sec: 5``, ``{__type__: ...}``."""
    if isinstance(value, Mapping):
        if "__type__" in value:
            return _object(value)
        made = {}
        for name, inner in value.items():
            short = str(name).removesuffix("s").removesuffix("_sec")
            if short != name and str(name).endswith(("_sec", "_secs")):
                made[short] = timedelta(seconds=inner)
            else:
                made[name] = _typed(inner)
        return made
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def _object(value: Config) -> Any:
    """What ``__type__``, ``__args__`` and the rest of a mapping make."""
    named = {k: _typed(v) for k, v in value.items() if not str(k).startswith("__")}
    made = _imported(str(value["__type__"]))
    if made in (list, tuple, set, frozenset):
        return made(named.get("items", ()))
    return made(*[_typed(v) for v in value.get("__args__", ())], **named)


def _imported(dotted: str) -> Any:
    """An object by its dotted name."""
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _start(value: Any) -> Any:
    """A date as people write it; ``"2 days"`` and the like say nothing that lasts."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _dag(dag_id: str, config: Config) -> DAG:
    """One DAG of its configuration."""
    default_args = dict(config.get("default_args") or {})
    for name in ("start_date", "end_date"):
        if name in default_args:
            default_args[name] = _start(default_args[name])
    options = {name: value for name, value in config.items() if name not in OF_A_DAG}
    schedule = _schedule(config.get("schedule", options.pop("schedule_interval", None)))
    with DAG(dag_id, schedule=schedule, default_args=default_args, **options) as made:
        groups = _groups(_listed(config.get("task_groups"), "group_name"))
        tasks: dict[str, Any] = {}
        listed = _listed(config.get("tasks"), "task_id")
        for task_id, task in listed.items():
            tasks[task_id] = _task(task_id, task, groups, tasks)
        _tie(listed, tasks, groups)
        _tie(_listed(config.get("task_groups"), "group_name"), groups, tasks)
    return made


def _schedule(value: Any) -> Any:
    """A schedule; assets by their URIs become assets."""
    if isinstance(value, str) and value.lower() in ("none", "null"):
        return None
    if isinstance(value, Mapping) and "datasets" in value:
        named = value["datasets"]
        value = named if isinstance(named, list) else re.findall(r"[^\s|&()]+", str(named))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        asset = _imported("airflow.sdk.Asset")
        return [asset(one) for one in value]
    return value


def _listed(value: Any, key: str) -> dict[str, Any]:
    """Tasks or groups by their ids, written as a mapping or as a list."""
    if isinstance(value, Mapping):
        return {str(name): inner for name, inner in value.items()}
    return {str(inner[key]): inner for inner in value or () if isinstance(inner, Mapping)}


def _groups(listed: Mapping[str, Config]) -> dict[str, TaskGroup]:
    made: dict[str, TaskGroup] = {}
    for name, config in listed.items():
        parent = made.get(str(config.get("parent_group_name")))
        default_args = config.get("default_args") or {}
        prefix = bool(config.get("prefix_group_id", True))
        made[name] = TaskGroup(
            name, prefix_group_id=prefix, parent_group=parent, default_args=default_args
        )
    return made


def _task(
    task_id: str, config: Config, groups: Mapping[str, TaskGroup], tasks: Mapping[str, Any]
) -> Any:
    """One task; ``+other`` stands for another's result."""
    options = {k: _results(v, tasks) for k, v in config.items() if k not in OF_A_TASK}
    group = groups.get(str(config.get("task_group_name")))
    if group is not None:
        options["task_group"] = group
    function = _function(options)
    if "decorator" in config:
        variant = str(config["decorator"]).removeprefix("airflow.sdk.definitions.decorators.")
        name = variant.rpartition("task")[2].strip(".") or "python"
        of_task = {k: options.pop(k) for k in list(options) if k in TASK_OPTIONS}
        decorated = getattr(task_decorator, name)(task_id=task_id, **of_task)(function)
        return _mapped(decorated, options)
    operator = _imported(str(config.get("operator", "airflow.operators.empty.EmptyOperator")))
    if function is not None:
        options["python_callable"] = function
    if "expand" in options:
        shared = options.pop("partial", {})
        expanded = options.pop("expand")
        return operator.partial(task_id=task_id, **options, **shared).expand(**expanded)
    return operator(task_id=task_id, **options)


TASK_OPTIONS = frozenset(
    ("task_group", "retries", "retry_delay", "pool", "trigger_rule", "queue", "multiple_outputs")
)


def _mapped(decorated: Any, options: dict[str, Any]) -> Any:
    """A call of a decorated function, mapped if it is to be."""
    if "expand" in options:
        shared = options.pop("partial", {})
        return decorated.partial(**shared).expand(**options.pop("expand"))
    return decorated(**options)


def _function(options: dict[str, Any]) -> Any:
    """The function of a task, named by its path or by file and name; it isn't executed here."""
    given = options.pop("python_callable", None)
    name = options.pop("python_callable_name", None)
    options.pop("python_callable_file", None)
    if callable(given):
        return given
    named = name or given
    return _inert(str(named).rpartition(".")[2]) if named else None


def _inert(name: str) -> Any:
    def function(*_: Any, **__: Any) -> None:
        return None

    function.__name__ = name
    return function


def _results(value: Any, tasks: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        name = value[1:] if value.startswith("+") else value.removesuffix(".output")
        task = tasks.get(name) if name != value else None
        return value if task is None else task.output if isinstance(task, BaseOperator) else task
    if isinstance(value, Mapping):
        return {name: _results(inner, tasks) for name, inner in value.items()}
    if isinstance(value, list):
        return [_results(inner, tasks) for inner in value]
    return value


def _tie(listed: Mapping[str, Config], these: Mapping[str, Any], others: Mapping[str, Any]) -> None:
    """Dependencies of tasks and groups, on tasks and groups."""
    for name, config in listed.items():
        for dependency in config.get("dependencies") or ():
            upstream = these.get(str(dependency), others.get(str(dependency)))
            if upstream is not None:
                these[name].set_upstream(
                    upstream.operator if isinstance(upstream, XComArg) else upstream
                )


class _Module(ModuleType):
    """Pretend ``dagfactory``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__dict__.update(DagFactory=DagFactory, load_yaml_dags=load_yaml_dags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return Placeholder(f"{self.__name__}.{name}")


def pretend_dagfactory(name: str) -> ModuleType:
    """A pretend ``dagfactory`` or a module inside it."""
    return _Module(name)
