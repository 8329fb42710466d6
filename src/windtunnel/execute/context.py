"""Context: what Airflow tells a task of itself, its run and its DAG.

From Airflow: ``sdk/execution_time/task_runner.py: get_template_context`` (3.x),
``models/taskinstance.py: _get_template_context`` (2.x).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from windtunnel.engine.world import Run, World
from windtunnel.execute.dates import utc
from windtunnel.execute.macros import Macros
from windtunnel.execute.xcoms import RETURN_VALUE, UNSET, XComs
from windtunnel.loaders.standin.values import Settings, Variable, get_connection
from windtunnel.trace.states import RunState, TaskState


class TaskInstance:
    """What a callable sees as ``ti``: its identity, its try, and XComs."""

    def __init__(self, world: World, xcoms: XComs, ti: int, task: Any) -> None:
        run = world.runs[world.ti_run[ti]]
        own = run.dag.tasks[world.ti_task[ti]]
        self._world, self._xcoms, self._ti, self._run = world, xcoms, ti, run
        self.task = task
        self.dag_id = run.dag.dag_id
        self.task_id = own.task_id
        self.run_id = run.record.run_id
        self.map_index = world.ti_map[ti]
        self.try_number = world.tries[ti]
        self.max_tries = own.retries
        self.pool, self.pool_slots, self.queue = own.pool, own.pool_slots, own.queue
        self.operator = own.operator
        self.priority_weight = run.dag.weight[world.ti_task[ti]]
        self.hostname = "windtunnel"
        self.start_date = utc(world.datetime_at(world.now))
        self.end_date: Any = None
        self.duration: float | None = None
        self.logical_date = self.execution_date = utc(run.logical)
        self.log = logging.getLogger("airflow.task")
        self.context: dict[str, Any] = {}

    @property
    def state(self) -> str:
        """Its state now."""
        return TaskState(self._world.state[self._ti]).label

    @property
    def is_mapped(self) -> bool:
        """Whether it is one of several of its task."""
        return self.map_index >= 0

    @property
    def dag_run(self) -> DagRun:
        """Its run."""
        return DagRun(self._world, self._run, self._xcoms)

    def get_dagrun(self, *_: Any, **__: Any) -> DagRun:
        """Its run."""
        return self.dag_run

    def get_template_context(self, *_: Any, **__: Any) -> dict[str, Any]:
        """The context of this try."""
        return self.context

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str | None = RETURN_VALUE,
        include_prior_dates: bool = False,
        *_: Any,
        map_indexes: Any = UNSET,
        default: Any = None,
        run_id: str | None = None,
        **__: Any,
    ) -> Any:
        """The XCom of a task, or a list of them for several tasks or map indexes."""
        return self._xcoms.pull(
            self._ti,
            task_ids,
            dag_id=dag_id,
            key=key,
            include_prior_dates=include_prior_dates,
            map_indexes=map_indexes,
            default=default,
            run_id=run_id,
        )

    def xcom_push(self, key: str, value: Any, *_: Any, **__: Any) -> None:
        """Store a value under a key of its own."""
        self._xcoms.push(self._ti, key, value)

    def get_previous_dagrun(self, state: Any = None, **_: Any) -> DagRun | None:
        """The run of the DAG before this one, in this state if one is given."""
        before = previous(self._world, self._run, None if state is None else str(state))
        return None if before is None else DagRun(self._world, before, self._xcoms)

    def __repr__(self) -> str:
        index = f" map_index={self.map_index}" if self.is_mapped else ""
        name = f"{self.dag_id}.{self.task_id}"
        return f"<TaskInstance: {name} {self.run_id}{index} [{self.state}]>"


class DagRun:
    """What a callable sees as ``dag_run``."""

    def __init__(self, world: World, run: Run, xcoms: XComs) -> None:
        record = run.record
        interval = run.interval or (None, None)
        self._world, self._run, self._xcoms = world, run, xcoms
        self.dag_id = run.dag.dag_id
        self.run_id = record.run_id
        self.run_type = run.kind
        self.external_trigger = run.kind not in ("scheduled", "backfill")
        self.conf: dict[str, Any] = dict(world.confs.get(run.index, {}))
        self.logical_date = self.execution_date = utc(run.logical)
        self.data_interval_start, self.data_interval_end = map(utc, interval)
        self.run_after = utc(record.run_after)
        self.queued_at = utc(world.datetime_at(record.created_us))
        self.start_date = utc(world.datetime_at(run.started_us)) if run.started_us >= 0 else None
        self.end_date: Any = None
        self.triggering_user_name: str | None = None
        self.partition_key: str | None = None
        self.partition_date: Any = None

    @property
    def state(self) -> str:
        """Its state now."""
        return RunState(self._run.state).label

    def get_state(self) -> str:
        """Its state now."""
        return self.state

    def get_task_instances(self, state: Any = None, *_: Any, **__: Any) -> list[TaskInstance]:
        """Its task instances, in these states if any are given."""
        wanted = {state} if isinstance(state, str) else set(state or ())
        run, world = self._run, self._world
        every = [ti for task in range(run.dag.size) for ti in run.tis(task)]
        found = [TaskInstance(world, self._xcoms, ti, None) for ti in every]
        return [ti for ti in found if not wanted or ti.state in wanted]

    def get_task_instance(
        self, task_id: str, *_: Any, map_index: int = -1, **__: Any
    ) -> TaskInstance | None:
        """One of its task instances; ``None`` if there is no such."""
        for ti in self.get_task_instances():
            if (ti.task_id, ti.map_index) == (task_id, map_index):
                return ti
        return None

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} @ {self.logical_date}: {self.run_id}, state:{self.state}>"


def previous(world: World, run: Run, state: str | None) -> Run | None:
    """The run of the same DAG with the next earlier logical date."""
    earlier = [
        other
        for other in world.runs_of[run.dag.number]
        if -1 < other.logical_us < run.logical_us and state in (None, RunState(other.state).label)
    ]
    return max(earlier, key=lambda other: other.logical_us, default=None)


class _Variables:
    """``var.value`` and ``var.json``."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return Variable.get(key, deserialize_json=self._as_json)

    def get(self, key: str, default: Any = None, **named: Any) -> Any:
        """A Variable, or the default."""
        given = named.get("default_var", default)
        return Variable.get(key, default=given, deserialize_json=self._as_json)


class _Connections:
    """``conn``."""

    def __getattr__(self, conn_id: str) -> Any:
        if conn_id.startswith("__"):
            raise AttributeError(conn_id)
        return get_connection(conn_id)

    def get(self, conn_id: str, default_conn: Any = None, **_: Any) -> Any:
        """A Connection, or the default."""
        try:
            return get_connection(conn_id)
        except Exception:  # releases differ in what they raise for an unknown one
            return default_conn


class _Events(defaultdict[Any, Any]):
    """``outlet_events`` and ``inlet_events``: something for every asset that is asked for."""

    def __missing__(self, key: Any) -> Any:
        name = getattr(key, "name", None) or getattr(key, "uri", None) or key
        if name in self:
            return self[name]
        self[name] = made = self.default_factory() if self.default_factory else None
        return made


class _Outlet:
    """What a task says of an asset that it updates; nothing is done with it."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}

    def add(self, *_: Any, **__: Any) -> None:
        """To an alias: the asset that it stands for this time."""

    add_partitions = add


class StateStore:
    """``task_state_store``: what a task keeps from one try to the next (3.3)."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """What was kept under a key, or the default."""
        return self._values.get(key, default)

    def set(self, key: str, value: Any, **_: Any) -> None:
        """Keep a value."""
        self._values[key] = value

    def delete(self, key: str) -> None:
        """Forget a key."""
        self._values.pop(key, None)

    def clear(self, **_: Any) -> None:
        """Forget all."""
        self._values.clear()


class Stores:
    """The state stores of tasks and assets of one simulation."""

    def __init__(self) -> None:
        self._of: defaultdict[Any, StateStore] = defaultdict(StateStore)

    def of_task(self, ti: TaskInstance) -> StateStore:
        """That of a task instance; all its tries share it."""
        return self._of[ti.dag_id, ti.run_id, ti.task_id, ti.map_index]

    def __getitem__(self, asset: Any) -> StateStore:
        return self._of[getattr(asset, "name", None) or getattr(asset, "uri", None) or str(asset)]


def params_of(task: Any, conf: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of DAG and task; what the run was triggered with goes before both."""
    merged = {**(getattr(task.dag, "params", None) or {}), **(task.params or {}), **conf}
    return {name: _value_of(param) for name, param in merged.items()}


def _value_of(param: Any) -> Any:
    return param.resolve() if hasattr(param, "schema") and hasattr(param, "resolve") else param


def context_of(world: World, ti: TaskInstance, run: Run, stores: Stores) -> dict[str, Any]:
    """The whole context of a try."""
    dag_run, task = ti.dag_run, ti.task
    mapped = run.tis(run.dag.index[ti.task_id]) if ti.is_mapped else None
    context: dict[str, Any] = {
        "conn": _Connections(),
        "dag": task.dag,
        "dag_run": dag_run,
        "expanded_ti_count": None if mapped is None else len(mapped),
        "inlet_events": _Events(list),
        "inlets": task.inlets or [],
        "macros": Macros(),
        "map_index_template": task.map_index_template,
        "outlet_events": _Events(_Outlet),
        "outlets": task.outlets or [],
        "params": params_of(task, dag_run.conf),
        "run_id": ti.run_id,
        "task": task,
        "task_instance": ti,
        "task_instance_key_str": f"{ti.dag_id}__{ti.task_id}__{ti.run_id}",
        "task_reschedule_count": 0,
        "test_mode": False,
        "ti": ti,
        "triggering_asset_events": {},
        "try_number": ti.try_number,
        "var": {"value": _Variables(as_json=False), "json": _Variables(as_json=True)},
    }
    context |= _of_success(previous(world, run, "success"), world)
    if run.logical is not None:
        context |= _of_date(run.logical, ti, dag_run)
    if world.profile.context_has_old_names:
        return context | _old_names(world, run, dag_run)
    return context | {
        "asset_state_store": stores,
        "partition_date": None,
        "partition_key": None,
        "task_state_store": stores.of_task(ti),
    }


def _of_date(logical: datetime, ti: TaskInstance, dag_run: DagRun) -> dict[str, Any]:
    """What a run without logical date lacks."""
    moment = utc(logical)
    day, stamp = moment.strftime("%Y-%m-%d"), moment.isoformat()
    nodash = day.replace("-", "")
    return {
        "data_interval_start": dag_run.data_interval_start,
        "data_interval_end": dag_run.data_interval_end,
        "ds": day,
        "ds_nodash": nodash,
        "logical_date": moment,
        "task_instance_key_str": f"{ti.dag_id}__{ti.task_id}__{nodash}",
        "ts": stamp,
        "ts_nodash": moment.strftime("%Y%m%dT%H%M%S"),
        "ts_nodash_with_tz": stamp.replace("-", "").replace(":", ""),
    }


def _of_success(run: Run | None, world: World) -> dict[str, Any]:
    """Of the last run that succeeded."""
    interval = (run and run.interval) or (None, None)
    return {
        "prev_data_interval_start_success": utc(interval[0]),
        "prev_data_interval_end_success": utc(interval[1]),
        "prev_start_date_success": run and utc(world.datetime_at(run.started_us)),
        "prev_end_date_success": run and utc(_ended(world, run)),
    }


def _ended(world: World, run: Run) -> datetime | None:
    for at, who, state in reversed(list(world.trace.history)):
        if who == ~run.index and state in (RunState.SUCCESS, RunState.FAILED):
            return world.datetime_at(at)
    return None


def _old_names(world: World, run: Run, dag_run: DagRun) -> dict[str, Any]:
    """What 3.0 removed from the context."""
    logical = run.logical
    if logical is None:
        return {}
    following, before = logical, logical
    if not dag_run.external_trigger and run.interval is not None:
        after = run.dag.timetable.following(run.interval)
        following = after[0] if after is not None else logical
        before = run.dag.timetable.before(logical) or logical
    success = previous(world, run, "success")
    days = {
        "next": following,
        "prev": before,
        "tomorrow": logical + timedelta(days=1),
        "yesterday": logical - timedelta(days=1),
    }
    names: dict[str, Any] = {
        "conf": Settings(),
        "execution_date": utc(logical),
        "next_execution_date": utc(following),
        "prev_execution_date": utc(before),
        "prev_execution_date_success": success and utc(success.logical),
        "triggering_dataset_events": {},
    }
    for name, moment in days.items():
        names[f"{name}_ds"] = utc(moment).strftime("%Y-%m-%d")
        names[f"{name}_ds_nodash"] = utc(moment).strftime("%Y%m%d")
    return names


__all__ = ["DagRun", "Stores", "TaskInstance", "context_of", "params_of", "previous"]
