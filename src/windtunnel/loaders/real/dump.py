"""Dump: run by the interpreter that has Airflow; writes down what Airflow makes of DAG files.

It stands alone: windtunnel need not be installed there, and Python 3.8 is enough. Every difference
between Airflow 2.7 and 3.3 is in `Release`. The result is one JSON object a line, written as soon
as it is known, so that a file that ends the process costs only itself.
"""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import json
import logging
import math
import os
import random
import re
import socket
import sys
import warnings
from datetime import datetime, timedelta
from typing import Any, Iterator

ARGUMENTS = (
    "mode",
    "poke_interval",
    "timeout",
    "soft_fail",
    "exponential_backoff",
    "max_wait",
    "deferrable",
    "external_dag_id",
    "external_task_id",
    "external_task_ids",
    "external_task_group_id",
    "execution_delta",
    "check_existence",
    "allowed_states",
    "failed_states",
    "skipped_states",
    "trigger_dag_id",
    "trigger_run_id",
    "execution_date",
    "logical_date",
    "wait_for_completion",
    "reset_dag_run",
    "skip_when_already_exists",
    "fail_when_dag_is_paused",
    "ignore_downstream_trigger_rules",
)
"""Arguments of single operators that decide how they wait, what for, and what they skip."""

CALLBACKS = (
    "on_execute_callback",
    "on_failure_callback",
    "on_success_callback",
    "on_retry_callback",
    "on_skipped_callback",
)
LIMITS = {
    "max_active_runs": ("core", "max_active_runs_per_dag"),
    "max_active_tasks": ("core", "max_active_tasks_per_dag"),
    "catchup": ("scheduler", "catchup_by_default"),
}
"""Arguments of a DAG whose default is a setting in ``airflow.cfg``."""
TRIED = ("2026-01-01T00:00:00", "2025-12-30T19:00:00", "2025-12-21T11:00:00", "2025-11-16T02:00:00")
"""Logical dates for which an ``execution_date_fn`` is asked."""
LOOKED_UP = ("variable", "connection", "slot_pool", "dataset_alias")
"""Tables that 2.x reads while DAG files load."""


class Default(int):
    """Marks a value that no DAG file wrote: the default of an argument of ``@dag``."""


class Release:
    """The installed Airflow, by what differs between releases 2.7 to 2.11 and 3.0 to 3.3."""

    def __init__(self) -> None:
        self.version = str(importlib.import_module("airflow").__version__)
        self.is_3 = not self.version.startswith("2.")
        # 3.0 and 3.1 have a class of their own in airflow.models, which is also airflow.DAG.
        places = ("airflow.sdk", "airflow.models.dag") if self.is_3 else ("airflow.models.dag",)
        self.dag_classes = [importlib.import_module(name).DAG for name in places]

    def dag_bag(self, folder: str) -> Any:
        """An empty DagBag: it moved in 3.2, and lost two arguments in 3.0."""
        try:
            module = importlib.import_module("airflow.dag_processing.dagbag")
        except ImportError:
            module = importlib.import_module("airflow.models.dagbag")
        options = {"dag_folder": folder, "collect_dags": False}
        if not self.is_3:
            options.update(include_examples=False, read_dags_from_db=False)
        return module.DagBag(**options)

    def files(self, folder: str) -> list[str]:
        """Paths of the files that could hold DAGs, by Airflow's own rules of this release."""
        listed = importlib.import_module("airflow.utils.file").list_py_file_paths
        options = {"include_examples": False}
        known = inspect.signature(listed).parameters
        found = listed(folder, True, **{k: v for k, v in options.items() if k in known})
        return sorted(found)

    def prepare(self) -> None:
        """What 2.x needs. Variables and dataset aliases are looked up in a database, which is an
        empty one in a temporary folder; and ``@dag`` hands settings on as if a DAG file had written
        them, unless they are marked."""
        if self.is_3:
            return
        base = importlib.import_module("airflow.models.base").Base
        importlib.import_module("airflow.models").import_all_models()
        wanted = [t for t in base.metadata.tables.values() if t.name in LOOKED_UP]
        base.metadata.create_all(importlib.import_module("airflow.settings").engine, tables=wanted)
        decorator = importlib.import_module("airflow.models.dag").dag
        names = inspect.getfullargspec(decorator).args[-len(decorator.__defaults__) :]
        decorator.__defaults__ = tuple(
            Default(value) if name in LIMITS else value
            for name, value in zip(names, decorator.__defaults__)
        )

    def given(self, dag: Any, kwargs: dict[str, Any]) -> list[str]:
        """Which limits a DAG file wrote, as an argument or later as an attribute.

        2.x calls ``max_active_tasks`` also ``concurrency``."""
        conf = importlib.import_module("airflow.configuration").conf
        named = {name for name in LIMITS if kwargs.get(name) is not None}
        if kwargs.get("concurrency") is not None:
            named.add("max_active_tasks")
        for name, setting in LIMITS.items():
            usual = conf.getboolean(*setting) if name == "catchup" else conf.getint(*setting)
            if read(dag, name) != usual:
                named.add(name)
        return sorted(named)

    def schedule(self, dag: Any, kwargs: dict[str, Any]) -> Any:
        """What was written as the schedule, if that was text or a timedelta; else ``None``.

        2.x gives a DAG that says nothing one run a day."""
        names = ("schedule", "schedule_interval", "timetable")
        written = [kwargs[name] for name in names if is_said(kwargs.get(name))]
        if not written and not any(name in kwargs and kwargs[name] is None for name in names[:2]):
            written = [getattr(dag, "schedule_interval", None)]
        texts = [w for w in written if isinstance(w, (str, timedelta)) or is_relative(w)]
        return texts[0] if texts else None

    def ignores_first(self, task: Any) -> Any:
        """``ignore_first_depends_on_past``, if it is not the default: true in 2.x, false in 3.x."""
        value = read(task, "ignore_first_depends_on_past")
        return None if bool(value) != self.is_3 else value

    def fail_fast(self, dag: Any) -> bool:
        """``fail_fast`` was ``fail_stop`` in 2.x."""
        return bool(getattr(dag, "fail_fast", getattr(dag, "fail_stop", False)))

    def condition(self, timetable: Any, dag: Any) -> Any:
        """The assets that a DAG waits for: ``asset_condition``; in 2.9 to 2.11
        ``dataset_condition``, before that on the DAG itself."""
        for name in ("asset_condition", "dataset_condition"):
            found = getattr(timetable, name, None)
            if found is not None:
                return found
        return getattr(dag, "dataset_triggers", None) or None


def is_said(value: Any) -> bool:
    """Whether an argument was given; 2.x marks with an object of a class of its own that not."""
    return value is not None and type(value).__name__ != "ArgNotSet"


def is_relative(value: Any) -> bool:
    """Whether a value is dateutil's relativedelta."""
    return type(value).__name__ == "relativedelta"


def plain(value: Any) -> Any:
    """A value as JSON has it: durations as seconds, what has no form in JSON by its class name."""
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_relative(value):
        return {"relativedelta": {k: v for k, v in vars(value).items() if v and k[0] != "_"}}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    return {"object": type(value).__name__}


def read(thing: Any, name: str) -> Any:
    """An attribute, or ``None`` if there is none or it can't be read."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None


def assets(condition: Any) -> Any:
    """Assets as text, joined as they were: ``{"all": [...]}``, ``{"any": [...]}``; an alias is
    ``{"alias": name}``."""
    if condition is None or type(condition).__name__.startswith("_Null"):
        return None
    if isinstance(condition, (list, tuple)):
        return {"all": [assets(item) for item in condition]}
    if type(condition).__name__.endswith("Alias"):
        return {"alias": str(read(condition, "name"))}
    parts = read(condition, "objects")
    if parts is not None and "Alias" not in type(condition).__name__:
        joint = "all" if type(condition).__name__.endswith("All") else "any"
        return {joint: [assets(item) for item in parts]}
    return str(read(condition, "uri") or read(condition, "name") or condition)


def timetable(release: Release, value: Any, dag: Any) -> dict[str, Any]:
    """A timetable: its class, the names of its bases, and those of its arguments that we know."""
    kept: dict[str, Any] = {
        "class": type(value).__name__,
        "bases": [c.__name__ for c in type(value).__mro__],
        "summary": str(read(value, "summary") or ""),
        "assets": assets(release.condition(value, dag)),
    }
    for name in ("expression", "delta", "interval", "run_immediately", "event_dates"):
        found = read(value, "_" + name)
        kept[name] = plain(read(value, name) if found is None else found)
    zone = read(value, "_timezone")
    zone = read(value, "timezone") if zone is None else zone
    kept["timezone"] = None if zone is None else zone_name(zone)
    several = read(value, "_timetables") or read(value, "timetables") or ()
    kept["expressions"] = [plain(read(t, "_expression") or read(t, "expression")) for t in several]
    inner = read(value, "timetable")
    kept["timetable"] = None if inner is None else timetable(release, inner, None)
    return kept


def zone_name(zone: Any) -> str:
    """A timezone's name; of a fixed offset its text, such as ``+02:00``."""
    return str(read(zone, "key") or read(zone, "name") or zone)


def length(value: Any) -> Any:
    """How many instances a value makes: a number, or the tasks whose result it is."""
    references = read(value, "iter_references")
    if references is not None:
        tasks = [operator.task_id for operator, _ in references()]
        return {"tasks": tasks, "how": type(value).__name__}
    try:
        return len(value)
    except TypeError:
        return {"tasks": [], "how": type(value).__name__}


def expansion(expand_input: Any) -> list[Any] | None:
    """What a task or group is mapped over."""
    if expand_input is None:
        return None
    value = expand_input.value
    if type(expand_input).__name__ == "ListOfDictsExpandInput":
        return [length(value)]
    return [length(item) for item in value.values()]


def weight_rule(value: Any) -> str:
    """A weight rule's name; since 2.9 the three rules are strategies. A custom one is its class."""
    if isinstance(value, (str, enum.Enum)):
        return str(plain(value))
    known = re.match(
        r"_?(Downstream|Upstream|Absolute)PriorityWeightStrategy$", type(value).__name__
    )
    return known.group(1).lower() if known else type(value).__name__ + " (custom)"


def task(
    release: Release, value: Any, lines: dict[int, int], order: dict[str, int]
) -> dict[str, Any]:
    """One task, mapped or not."""
    mapped = any(c.__name__ == "MappedOperator" for c in type(value).__mro__)
    cls = value.operator_class if mapped else type(value)
    partial = value.partial_kwargs if mapped else {}

    def argument(name: str) -> Any:
        if mapped:
            return partial.get(name)
        found = read(value, name)
        return None if callable(found) or isinstance(found, property) else found

    kept: dict[str, Any] = {
        "task_id": value.task_id,
        "operator": str(read(value, "operator_name") or value.task_type),
        "bases": [c.__name__ for c in cls.__mro__],
        "line": lines.get(id(value)),
        "upstream": sorted(value.upstream_task_ids, key=lambda i: order.get(i, -1)),
        "group": read(read(value, "task_group"), "group_id"),
        "trigger_rule": plain(value.trigger_rule),
        "weight_rule": weight_rule(value.weight_rule),
        "ignore_first_depends_on_past": release.ignores_first(value),
        "expand": None,
        "callbacks": [n for n in CALLBACKS if (partial.get(n) if mapped else read(value, n))],
        "inlets": [assets(a) for a in read(value, "inlets") or ()],
        "outlets": [assets(a) for a in read(value, "outlets") or ()],
    }
    for name in (
        "pool",
        "pool_slots",
        "priority_weight",
        "queue",
        "executor",
        "retries",
        "retry_delay",
        "retry_exponential_backoff",
        "max_retry_delay",
        "execution_timeout",
        "sla",
        "depends_on_past",
        "wait_for_downstream",
        "max_active_tis_per_dag",
        "max_active_tis_per_dagrun",
        "is_setup",
        "is_teardown",
        "on_failure_fail_dagrun",
        "start_date",
        "end_date",
    ):
        kept[name] = plain(read(value, name))
    kept["executor_config"] = pod_resources(read(value, "executor_config"))
    if mapped:
        specified = read(value, "_get_specified_expand_input")
        kept["expand"] = expansion(specified() if specified else value.expand_input)
    kept["arguments"] = {
        name: plain(found) for name in ARGUMENTS for found in [argument(name)] if is_said(found)
    }
    function = partial.get("execution_date_fn") if mapped else read(value, "execution_date_fn")
    if function is not None:
        kept["arguments"]["execution_date_fn"] = awaited(function)
    subdag = read(value, "subdag")
    if subdag is not None:
        kept["arguments"]["subdag"] = str(read(subdag, "dag_id"))
    return kept


def awaited(function: Any) -> dict[str, Any]:
    """How far before its own logical date an ExternalTaskSensor's function points, in seconds, for
    each of some dates; or why that can't be told."""
    pendulum = importlib.import_module("pendulum")
    try:
        takes_context = len(inspect.signature(function).parameters) > 1
        found = []
        for text in TRIED:
            date = pendulum.parse(text)
            context = {"logical_date": date, "execution_date": date, "data_interval_start": date}
            given = function(date, context) if takes_context else function(date)
            dates = [given] if isinstance(given, datetime) else given
            found.append([(date - one).total_seconds() for one in dates])
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}
    return {"deltas": found}


def pod_resources(config: Any) -> Any:
    """What an ``executor_config`` says of the resources of its pod, with nothing else in it."""
    if not isinstance(config, dict):
        return None
    containers = read(read(config.get("pod_override"), "spec"), "containers") or ()
    kept = [
        {
            "name": plain(read(one, "name")),
            "resources": {
                kind: {
                    key: plain((read(read(one, "resources"), kind) or {}).get(key))
                    for key in ("cpu", "memory")
                }
                for kind in ("requests", "limits")
            },
        }
        for one in containers
    ]
    old = config.get("KubernetesExecutor")
    return {
        "pod_override": {"spec": {"containers": kept}},
        "KubernetesExecutor": {k: plain(v) for k, v in old.items()}
        if isinstance(old, dict)
        else {},
    }


def groups(group: Any) -> Iterator[dict[str, Any]]:
    """All task groups below one, from the outside in."""
    for child in group.children.values():
        if hasattr(child, "children"):
            yield {
                "group_id": child.group_id,
                "parent": group.group_id,
                "expand": expansion(read(child, "_expand_input") or read(child, "expand_input")),
            }
            yield from groups(child)


def dag(release: Release, value: Any, seen: Seen) -> dict[str, Any]:
    """One DAG with everything in it."""
    order = {task_id: place for place, task_id in enumerate(value.task_dict)}
    tags = read(value, "tags") or ()
    return {
        "dag_id": value.dag_id,
        "line": seen.lines.get(id(value)),
        "origin": str(read(value, "fileloc")),
        "given": release.given(value, seen.arguments.get(id(value), {})),
        "schedule": plain(release.schedule(value, seen.arguments.get(id(value), {}))),
        "timetable": timetable(release, value.timetable, value),
        "timezone": zone_name(value.timezone),
        "start_date": plain(value.start_date),
        "end_date": plain(value.end_date),
        "catchup": bool(value.catchup),
        "max_active_runs": plain(value.max_active_runs),
        "max_consecutive_failed_dag_runs": plain(read(value, "max_consecutive_failed_dag_runs")),
        "max_active_tasks": plain(value.max_active_tasks),
        "dagrun_timeout": plain(value.dagrun_timeout),
        "is_subdag": bool(read(value, "is_subdag")),
        "fail_fast": release.fail_fast(value),
        "is_paused": bool(read(value, "is_paused_upon_creation")),
        "tags": sorted(str(read(tag, "name") or tag) for tag in tags),
        "groups": list(groups(value.task_group)),
        "tasks": [task(release, t, seen.lines, order) for t in value.task_dict.values()],
    }


class Seen:
    """What is only visible while a file is being executed: lines, and what DAGs were made with."""

    def __init__(self) -> None:
        self.file = ""
        self.reached = False
        self.lines: dict[int, int] = {}
        self.arguments: dict[int, dict[str, Any]] = {}

    def begin(self, file: str) -> None:
        """Start on another file."""
        self.file = file
        self.reached = False
        self.lines = {}
        self.arguments = {}

    def note_line(self, thing: Any) -> None:
        """Remember the line of the DAG file that is being executed right now."""
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != self.file:
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None:
            self.lines.setdefault(id(thing), frame.f_lineno)

    def watch(self, release: Release) -> None:
        """Look on while DAGs and tasks are made."""
        for cls in release.dag_classes:
            if "__init__" in vars(cls):
                cls.__init__ = self._watched(cls.__init__)
            if "add_task" in vars(cls):
                cls.add_task = self._noting(cls.add_task)

    def _watched(self, made: Any) -> Any:
        parameters = list(inspect.signature(made).parameters)[1:]

        @functools.wraps(made)
        def init(this: Any, *args: Any, **kwargs: Any) -> None:
            self.note_line(this)
            kwargs = {k: v for k, v in kwargs.items() if not isinstance(v, Default)}
            self.arguments.setdefault(id(this), dict(zip(parameters, args), **kwargs))
            made(this, *args, **kwargs)

        return init

    def _noting(self, added: Any) -> Any:
        @functools.wraps(added)
        def add_task(this: Any, task: Any) -> Any:
            self.note_line(task)
            return added(this, task)

        return add_task


def close_network(seen: Seen) -> None:
    """Make any attempt to reach another machine fail at once, by name, and be remembered."""
    connect = socket.socket.connect

    def refused(place: Any) -> OSError:
        seen.reached = True
        return OSError(
            "the file tries to reach %s while it is loaded; windtunnel never touches the network"
            % (place,)
        )

    def checked(this: Any, address: Any) -> None:
        if this.family in (socket.AF_INET, socket.AF_INET6):
            raise refused(address)
        connect(this, address)

    def lookup(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        raise refused((host, port))

    socket.socket.connect = checked  # type: ignore[method-assign]
    socket.socket.connect_ex = checked  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = lookup


def process(release: Release, seen: Seen, clock: Any, file: str, *, chosen: bool) -> dict[str, Any]:
    """What one file comes to: its DAGs, and the error if there was one."""
    seen.begin(file)
    clock.asked = False
    random.seed(0)
    bag = release.dag_bag(os.path.dirname(file))
    kept: dict[str, Any] = {"file": file, "dags": [], "error": None}
    try:
        bag.process_file(file, only_if_updated=False, safe_mode=not chosen)
    except Exception as error:
        kept["error"] = "%s: %s" % (type(error).__name__, error)
    kept["asked_now"] = clock.asked
    kept["reached"] = seen.reached
    if bag.import_errors:
        kept["error"] = "\n".join(str(text) for text in bag.import_errors.values())
    # Airflow finds the DAGs of a file in a set; the order of their making is always the same.
    made = {key: place for place, key in enumerate(seen.arguments)}
    for found in sorted(bag.dags.values(), key=lambda d: (made.get(id(d), -1), d.dag_id)):
        try:
            kept["dags"].append(dag(release, found, seen))
        except Exception as error:
            kept["error"] = "%s: DAG %r can't be read: %s" % (
                type(error).__name__,
                found.dag_id,
                error,
            )
    return kept


def _is_aside(file: str, asked: dict[str, Any]) -> bool:
    """Whether a file is in a folder that nobody means: hidden, or a virtual environment."""
    folders = os.path.relpath(file, asked["path"]).split(os.sep)[:-1]
    return any(name.startswith(".") or name in asked["aside"] for name in folders)


def main(request: str, answer: str) -> None:
    """Load what the request file asks for; write one line to the answer file for each step.

    The request is ``{"path", "roots", "own", "aside", "now", "skip"}``: a DAG file or folder,
    folders for ``sys.path``, folders whose modules are told that it is now *now*, names of folders
    that are left out, and how many files were done in an earlier attempt."""
    with open(request, encoding="utf-8") as stream:
        asked = json.load(stream)
    warnings.simplefilter("ignore")
    sys.path += [root for root in asked["roots"] if root not in sys.path]
    with open(answer, "a", encoding="utf-8") as out:

        def say(**what: Any) -> None:
            out.write(json.dumps(what) + "\n")
            out.flush()

        clock = importlib.import_module("clock").StoppedClock(asked["now"], asked["own"])
        # This script's own modules would shadow those of the repository.
        del sys.modules["clock"]
        sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
        release, seen = Release(), Seen()
        logging.disable(logging.CRITICAL)
        close_network(seen)
        release.prepare()
        seen.watch(release)
        clock.stop()
        single = os.path.isfile(asked["path"])
        files = [asked["path"]] if single else release.files(asked["path"])
        files = [file for file in files if single or not _is_aside(file, asked)]
        say(airflow=release.version, python=sys.version.split()[0], files=len(files))
        for file in files[asked["skip"] :]:
            say(begun=file)
            say(**process(release, seen, clock, file, chosen=single))
        say(done=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
