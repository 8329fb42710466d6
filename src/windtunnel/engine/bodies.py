"""Real bodies: the Python callables of a fleet, run in-process, in scheduler order, at simulated
time.

Inside a callable ``datetime.now()`` is the simulated now, and ``time.sleep(60)`` costs no wall time
but makes the task a minute longer. What it returns is its XCom; an exception fails its try.
"""

from __future__ import annotations

import datetime as datetime_module
import inspect
import io
import itertools
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from datetime import datetime
from typing import Any, SupportsIndex

import freezegun
import jinja2

from windtunnel.engine.plans import Plan
from windtunnel.engine.program import MICRO
from windtunnel.engine.world import World
from windtunnel.model.body import (
    Body,
    GroupItem,
    JoinedItems,
    MappedItems,
    ResultOf,
    ZippedItems,
)

Within = Callable[[Mapping[str, Any]], AbstractContextManager[None]]
"""Makes the context of the running task known to what the callable imports."""

Result = tuple[int, str, int]
"""(run, task_id, map_index)."""


class UnknownItemsError(LookupError):
    """A callable wants a value that only a running Airflow would have."""


class Executed:
    """Runs bodies in the place of modelled tries, and keeps what they return."""

    def __init__(
        self,
        bodies: Mapping[tuple[str, str], Body],
        within: Within,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self._bodies = bodies
        self.within = within
        self._show = show
        self._results: dict[Result, Any] = {}
        self._pushed: dict[tuple[Result, str], Any] = {}

    def run(self, world: World, ti: int) -> Plan | None:
        """Execute the callable of a task instance now; None if it has none."""
        run = world.runs[world.ti_run[ti]]
        task_id = run.dag.ids[world.ti_task[ti]]
        body = self._bodies.get((run.dag.dag_id, task_id))
        if body is None:
            return None
        call = _Call(self, world, ti, body)
        plan = call.plan()
        if call.printed:
            world.trace.output.append(call.printed)
            if self._show is not None:
                self._show(call.printed)
        return plan

    def result_of(self, world: World, ti: int, task_id: str, key: str | None) -> Any:
        """What a task of the same run returned; of a mapped one, the list of all instances."""
        run = world.runs[world.ti_run[ti]]
        if task_id not in run.dag.index:
            return None
        instances = run.tis(run.dag.index[task_id])
        values = [
            self._results.get((run.index, task_id, world.ti_map[other]))
            for other in instances
            if world.ti_map[other] >= 0
        ]
        value = values if values else self._results.get((run.index, task_id, -1))
        if key is None:
            return value
        if isinstance(value, Mapping) and key in value:
            return value[key]
        return self._pushed.get(((run.index, task_id, -1), key))

    def keep(self, who: Result, value: Any) -> None:
        """Store a return value."""
        self._results[who] = value

    def push(self, who: Result, key: str, value: Any) -> None:
        """Store what ``xcom_push`` was given."""
        self._pushed[who, key] = value


class _TaskInstance:
    """What a callable sees as ``ti``: its identity, and XComs."""

    def __init__(self, executed: Executed, world: World, ti: int) -> None:
        run = world.runs[world.ti_run[ti]]
        self._executed, self._world, self._ti = executed, world, ti
        self.dag_id = run.dag.dag_id
        self.task_id = run.dag.ids[world.ti_task[ti]]
        self.run_id = run.record.run_id
        self.map_index = world.ti_map[ti]
        self.try_number = world.tries[ti]

    def xcom_pull(
        self, task_ids: str | Iterable[str] | None = None, key: str = "return_value", **_: Any
    ) -> Any:
        """The XCom of a task, or a list of them for several."""
        wanted = None if key == "return_value" else key
        if task_ids is None or isinstance(task_ids, str):
            name = task_ids or self.task_id
            return self._executed.result_of(self._world, self._ti, name, wanted)
        return [self._executed.result_of(self._world, self._ti, name, wanted) for name in task_ids]

    def xcom_push(self, key: str, value: Any, **_: Any) -> None:
        """Store a value under a key of its own."""
        run = self._world.ti_run[self._ti]
        self._executed.push((run, self.task_id, self.map_index), key, value)


class _Call:
    """One execution of one body."""

    def __init__(self, executed: Executed, world: World, ti: int, body: Body) -> None:
        self._executed = executed
        self._world = world
        self._ti = ti
        self._body = body
        self._run = world.runs[world.ti_run[ti]]
        self._task = _TaskInstance(executed, world, ti)
        self.printed = ""

    def plan(self) -> Plan:
        """Call the function and put what it did into a plan."""
        now = self._world.datetime_at(self._world.now)
        out = io.StringIO()
        slept = 0.0
        try:
            with redirect_stdout(out), frozen(now, self._body.function) as watch:
                try:
                    context = self._context(now)
                    with self._executed.within(context):
                        result = self._call(context)
                finally:
                    slept = watch()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or _is_ours(error):
                raise
            self.printed = out.getvalue()
            return Plan(round(slept * MICRO), _outcome(error), error=_traceback(error))
        self.printed = out.getvalue()
        return self._succeeded(result, round(slept * MICRO))

    def _succeeded(self, result: Any, duration: int) -> Plan:
        kind = self._body.kind
        if kind == "sensor":
            true = bool(getattr(result, "is_done", result))
            return Plan(duration, true_at=0 if true else None, live=True)
        who = (self._run.index, self._task.task_id, self._task.map_index)
        self._executed.keep(who, result)
        length = len(result) if isinstance(result, list | tuple | dict | set) else None
        follow: tuple[str, ...] | None = ()
        if kind == "branch":
            follow = (result,) if isinstance(result, str) else tuple(result or ())
        return Plan(duration, follow=follow, condition=bool(result), length=length)

    def _call(self, context: dict[str, Any]) -> Any:
        body = self._body
        args = [self._value(a) for a in body.args]
        kwargs = {name: self._value(v) for name, v in body.kwargs.items()}
        self._add_mapped(args, kwargs)
        for name in body.templated:
            if name.isdigit():
                args[int(name)] = _render(args[int(name)], context)
            else:
                kwargs[name] = _render(kwargs[name], context)
        if body.templates_dict is not None:
            context["templates_dict"] = _render(self._value(body.templates_dict), context)
        return self._invoke(args, _with_context(body.function, args, kwargs, context))

    def _invoke(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return self._body.function(*args, **kwargs)

    def _add_mapped(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        body, index = self._body, self._task.map_index
        mapped: dict[str, Any] = {}
        if body.expand is not None:
            mapped = _item_of_product({n: self._value(v) for n, v in body.expand.items()}, index)
        elif body.expand_kwargs is not None:
            mapped = dict(list(self._value(body.expand_kwargs))[index])
        if not body.expands_operator:
            kwargs.update(mapped)
            return
        args.extend(mapped.get("op_args", ()))
        kwargs.update(mapped.get("op_kwargs", {}))

    def _value(self, value: Any) -> Any:
        """A value with everything that is known only now filled in."""
        if isinstance(value, ResultOf):
            return self._executed.result_of(self._world, self._ti, value.task_id, value.key)
        if isinstance(value, MappedItems):
            return [value.function(item) for item in self._value(value.source)]
        if isinstance(value, ZippedItems):
            lists = [self._value(source) for source in value.sources]
            if value.fillvalue is None:
                return list(zip(*lists, strict=False))
            return list(itertools.zip_longest(*lists, fillvalue=value.fillvalue))
        if isinstance(value, JoinedItems):
            return [item for source in value.sources for item in self._value(source)]
        if isinstance(value, GroupItem):
            raise UnknownItemsError(
                f"the items that task group {value.group_id!r} is mapped over are not known to "
                "--execute; model this task with a behavior instead"
            )
        if isinstance(value, list | tuple | set):
            return type(value)(self._value(item) for item in value)
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in value.items()}
        return value

    def _context(self, now: datetime) -> dict[str, Any]:
        """The part of Airflow's task context that needs no database."""
        run = self._run
        logical = run.logical
        interval = run.interval or (logical, logical)
        dag_run = types.SimpleNamespace(
            dag_id=run.dag.dag_id,
            run_id=run.record.run_id,
            run_type=run.kind,
            logical_date=logical,
            data_interval_start=interval[0],
            data_interval_end=interval[1],
            conf={},
        )
        context: dict[str, Any] = {
            "dag": types.SimpleNamespace(dag_id=run.dag.dag_id),
            "dag_run": dag_run,
            "run_id": run.record.run_id,
            "task": types.SimpleNamespace(task_id=self._task.task_id),
            "task_instance": self._task,
            "ti": self._task,
            "try_number": self._task.try_number,
            "params": {},
            "data_interval_start": interval[0],
            "data_interval_end": interval[1],
            "now": now,
        }
        if logical is not None:
            day = logical.strftime("%Y-%m-%d")
            context |= {
                "logical_date": logical,
                "execution_date": logical,
                "ds": day,
                "ds_nodash": day.replace("-", ""),
                "ts": logical.isoformat(),
                "ts_nodash": logical.strftime("%Y%m%dT%H%M%S"),
            }
        return context


def _outcome(error: BaseException) -> Any:
    names = {cls.__name__ for cls in type(error).__mro__}
    if "AirflowSkipException" in names:
        return "skip"
    if names & {"AirflowFailException", "AirflowSensorTimeout"}:
        return "fail_no_retry"
    return "fail"


def _is_ours(error: BaseException) -> bool:
    """Whether it was raised in windtunnel itself: a mistake of ours is no failure of the task.

    What is raised where the callable is called (wrong arguments), or in the sleep that it calls, is
    the callable's.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if any(frame.f_code.co_name == "_invoke" for frame in frames):
        return False
    ours = str(frames[-1].f_globals.get("__name__", "")).startswith("windtunnel.engine")
    return ours and not isinstance(error, UnknownItemsError)


def _traceback(error: BaseException) -> str:
    """The traceback from the callable on: our own frames say nothing to the reader."""
    frame = error.__traceback__
    while frame is not None and _is_own_frame(frame):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame)).rstrip()


def _is_own_frame(frame: types.TracebackType) -> bool:
    name = str(frame.tb_frame.f_globals.get("__name__", ""))
    return name.startswith(("windtunnel.engine", "freezegun", "contextlib"))


def _item_of_product(lists: dict[str, Any], index: int) -> dict[str, Any]:
    """The arguments of one instance of a cross product: the last one varies fastest."""
    chosen: dict[str, Any] = {}
    for name in reversed(lists):
        values = lists[name]
        items = list(values.items()) if isinstance(values, Mapping) else list(values)
        index, at = divmod(index, len(items))
        chosen[name] = items[at]
    return chosen


def _render(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return jinja2.Environment(autoescape=False).from_string(value).render(context)
    if isinstance(value, list | tuple):
        return type(value)(_render(item, context) for item in value)
    if isinstance(value, dict):
        return {key: _render(item, context) for key, item in value.items()}
    return value


def _with_context(
    function: Callable[..., Any],
    args: list[Any],
    kwargs: dict[str, Any],
    context: dict[str, Any],
) -> dict[str, Any]:
    """The arguments plus those context variables that the function asks for by name."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        taken = list(parameters)[: len(args)]
        return {**{k: v for k, v in context.items() if k not in taken}, **kwargs}
    named = list(parameters)[len(args) :]
    return {**{name: context[name] for name in named if name in context}, **kwargs}


# -- simulated time ---------------------------------------------------------------------------


@contextmanager
def frozen(now: datetime, function: Callable[..., Any]) -> Iterator[Callable[[], float]]:
    """Freeze time at ``now``; sleeping moves it. Gives a function that tells the seconds slept.

    freezegun patches the modules that Python knows. DAG files are not among them any more once they
    are loaded, so the names that their functions see are patched here.
    """
    slept = 0.0

    def sleep(seconds: SupportsIndex | float) -> None:
        nonlocal slept
        length = float(seconds)
        if length < 0:
            raise ValueError("sleep length must be non-negative")
        slept += length
        clock.tick(length)

    real_sleep = time.sleep
    real = {
        id(datetime_module.datetime): "datetime",
        id(datetime_module.date): "date",
        id(time.time): "time",
        id(time.monotonic): "monotonic",
        id(time.perf_counter): "perf_counter",
        id(time.localtime): "localtime",
        id(time.gmtime): "gmtime",
        id(real_sleep): "sleep",
    }
    with freezegun.freeze_time(now) as clock:
        fakes: dict[str, Any] = {
            "datetime": datetime_module.datetime,
            "date": datetime_module.date,
            "time": time.time,
            "monotonic": time.monotonic,
            "perf_counter": time.perf_counter,
            "localtime": time.localtime,
            "gmtime": time.gmtime,
            "sleep": sleep,
        }
        undo: list[tuple[dict[str, Any], str, Any]] = []
        for namespace in _namespaces(function):
            for name, value in list(namespace.items()):
                if (kind := real.get(id(value))) is not None:
                    undo.append((namespace, name, value))
                    namespace[name] = fakes[kind]
        time.sleep = sleep
        try:
            yield lambda: slept
        finally:
            time.sleep = real_sleep
            for namespace, name, value in undo:
                namespace[name] = value


def _namespaces(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """The globals of a function and of all modules that it reaches which Python has forgotten."""
    found: dict[int, dict[str, Any]] = {}
    pending = [getattr(inspect.unwrap(function), "__globals__", {})]
    while pending:
        namespace = pending.pop()
        if id(namespace) in found:
            continue
        name = namespace.get("__name__")
        module = sys.modules.get(str(name))
        if module is not None and vars(module) is namespace:
            continue  # freezegun sees to it
        found[id(namespace)] = namespace
        for value in list(namespace.values()):
            if isinstance(value, types.ModuleType):
                pending.append(vars(value))
            elif isinstance(value, types.FunctionType):
                pending.append(value.__globals__)
    return list(found.values())
