"""Context: what Airflow tells a task of itself, its run and its DAG.

From Airflow: ``sdk/execution_time/task_runner.py: get_template_context`` (3.x),
``models/taskinstance.py: _get_template_context`` (2.x).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from windtunnel.execute.backend import OwnBackend, PlainBackend
from windtunnel.execute.dates import utc
from windtunnel.execute.facts import OldDates, RunFacts, TryFacts
from windtunnel.execute.macros import Macros
from windtunnel.execute.questions import Questions
from windtunnel.execute.schema import mistake
from windtunnel.execute.serde import Serde
from windtunnel.execute.store import RETURN_VALUE
from windtunnel.execute.xcoms import UNSET, XComs
from windtunnel.loaders.standin.exceptions import ParamValidationError
from windtunnel.loaders.standin.values import Param, Settings, Variable, get_connection
from windtunnel.model import Profile


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a try has around it."""

    ask: Questions
    backend: OwnBackend | PlainBackend
    serde: Serde
    profile: Profile


class TaskInstance:
    """What a callable sees as ``ti``: its identity, its try, and XComs."""

    def __init__(
        self, around: Surroundings, facts: TryFacts, task: Any, started: datetime | None
    ) -> None:
        self._around, self._facts = around, facts
        self.xcoms = XComs(around.ask, around.backend, facts, around.profile)
        self.task = task
        self.dag_id = facts.run.dag_id
        self.task_id = facts.task_id
        self.run_id = facts.run.run_id
        self.map_index = facts.map_index
        self.try_number = facts.try_number
        self.max_tries = facts.max_tries
        self.pool, self.pool_slots, self.queue = facts.pool, facts.pool_slots, facts.queue
        self.operator = facts.operator
        self.priority_weight = facts.weight
        self.hostname = "windtunnel"
        self.start_date = utc(started)
        self.end_date: Any = None
        self.duration: float | None = None
        self.logical_date = self.execution_date = utc(facts.run.logical_date)
        self.log = logging.getLogger("airflow.task")
        self.context: dict[str, Any] = {}
        self.becomes: str | None = None
        """The state that callbacks see, when what the task does is over."""

    @property
    def state(self) -> str:
        """Its state now."""
        return self.becomes or self._around.ask.state(self._facts.number)

    @property
    def is_mapped(self) -> bool:
        """Whether it is one of several of its task."""
        return self.map_index >= 0

    @property
    def dag_run(self) -> DagRun:
        """Its run."""
        return DagRun(self._around, self._facts.run)

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
        return self.xcoms.pull(
            task_ids,
            where=(dag_id, run_id, include_prior_dates),
            key=key,
            map_indexes=map_indexes,
            default=default,
        )

    def xcom_push(self, key: str, value: Any, *_: Any, **__: Any) -> None:
        """Store a value under a key of its own."""
        self.xcoms.push(key, value)

    def get_previous_dagrun(self, state: Any = None, **_: Any) -> DagRun | None:
        """The run of the DAG before this one, in this state if one is given."""
        wanted = None if state is None else str(state)
        before = self._around.ask.previous(self._facts.run.number, wanted)
        return None if before is None else DagRun(self._around, before)

    def __repr__(self) -> str:
        index = f" map_index={self.map_index}" if self.is_mapped else ""
        name = f"{self.dag_id}.{self.task_id}"
        return f"<TaskInstance: {name} {self.run_id}{index} [{self.state}]>"


class DagRun:
    """What a callable sees as ``dag_run``."""

    def __init__(self, around: Surroundings, facts: RunFacts) -> None:
        self._around, self._facts = around, facts
        self.dag_id = facts.dag_id
        self.run_id = facts.run_id
        self.run_type = facts.run_type
        self.external_trigger = facts.run_type not in ("scheduled", "backfill")
        self.conf: dict[str, Any] = dict(facts.conf)
        self.logical_date = self.execution_date = utc(facts.logical_date)
        self.data_interval_start, self.data_interval_end = interval_of(facts)
        self.run_after = utc(facts.run_after)
        self.queued_at = utc(facts.created)
        self.start_date = utc(facts.started)
        self.end_date: Any = None
        self.triggering_user_name: str | None = None
        self.partition_key: str | None = None
        self.partition_date: Any = None

    @property
    def state(self) -> str:
        """Its state now."""
        return self._around.ask.run_state(self._facts.number)

    def get_state(self) -> str:
        """Its state now."""
        return self.state

    def get_task_instances(self, state: Any = None, *_: Any, **__: Any) -> list[TaskInstance]:
        """Its task instances, in these states if any are given."""
        wanted = {state} if isinstance(state, str) else set(state or ())
        every = self._around.ask.instances(self._facts.number)
        found = [TaskInstance(self._around, facts, None, None) for facts in every]
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


def interval_of(run: RunFacts | None) -> tuple[Any, Any]:
    """The data interval of a run, as tasks see it."""
    interval = run.data_interval if run is not None else None
    return (None, None) if interval is None else (utc(interval[0]), utc(interval[1]))


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

    def __init__(self, around: Surroundings, owner: str) -> None:
        self._ask, self._serde, self._owner = around.ask, around.serde, owner

    def get(self, key: str, default: Any = None) -> Any:
        """What was kept under a key, or the default."""
        found = self._ask.kept(self._owner).get(key)
        return default if found is None else self._serde.decode(found.encode("latin-1"))

    def set(self, key: str, value: Any, **_: Any) -> None:
        """Keep a value."""
        stored = self._serde.encode(value).decode("latin-1")
        self._ask.keep(self._owner, self._ask.kept(self._owner) | {key: stored})

    def delete(self, key: str) -> None:
        """Forget a key."""
        kept = self._ask.kept(self._owner)
        kept.pop(key, None)
        self._ask.keep(self._owner, kept)

    def clear(self, **_: Any) -> None:
        """Forget all."""
        self._ask.keep(self._owner, {})


class Stores:
    """``asset_state_store``: the state stores of assets."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __getitem__(self, asset: Any) -> StateStore:
        name = getattr(asset, "name", None) or getattr(asset, "uri", None) or str(asset)
        return StateStore(self._around, f"asset {name}")


def params_of(task: Any, conf: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of DAG and task; what the run was triggered with goes before both.

    Raises:
        ParamValidationError: one is not what its schema asks for.
    """
    defined = {**(getattr(task.dag, "params", None) or {}), **(task.params or {})}
    return {
        name: _param_value(name, defined.get(name), conf.get(name, UNSET))
        for name in {**defined, **conf}
    }


def _param_value(name: str, param: Any, given: Any) -> Any:
    if not isinstance(param, Param):
        return param if given is UNSET else given
    if given is UNSET and not param.is_given:
        why: str | None = "no value is passed, and it has no default"
    else:
        given = param.value if given is UNSET else given
        why = mistake(given, param.schema)
    if why is not None:
        raise ParamValidationError(f"Invalid input for param {name}: {why}")
    return given


def context_of(around: Surroundings, ti: TaskInstance, facts: TryFacts) -> dict[str, Any]:
    """The whole context of a try."""
    dag_run, task = ti.dag_run, ti.task
    context: dict[str, Any] = {
        "conn": _Connections(),
        "dag": task.dag,
        "dag_run": dag_run,
        "expanded_ti_count": facts.instances if ti.is_mapped else None,
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
    context |= _of_success(facts)
    logical = facts.run.logical_date
    if logical is not None:
        context |= _of_date(logical, ti, dag_run)
    if around.profile.context_has_old_names:
        return context | ({} if facts.old is None else _old_names(logical, facts.old))
    owner = f"task {ti.dag_id} {ti.run_id} {ti.task_id} {ti.map_index}"
    return context | {
        "asset_state_store": Stores(around),
        "partition_date": None,
        "partition_key": None,
        "task_state_store": StateStore(around, owner),
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


def _of_success(facts: TryFacts) -> dict[str, Any]:
    """Of the last run that succeeded."""
    run = facts.success
    interval = interval_of(run)
    return {
        "prev_data_interval_start_success": interval[0],
        "prev_data_interval_end_success": interval[1],
        "prev_start_date_success": utc(None if run is None else run.started),
        "prev_end_date_success": utc(facts.success_ended),
    }


def _old_names(logical: datetime | None, old: OldDates) -> dict[str, Any]:
    """What 3.0 removed from the context."""
    assert logical is not None
    days = {
        "next": old.following,
        "prev": old.before,
        "tomorrow": logical + timedelta(days=1),
        "yesterday": logical - timedelta(days=1),
    }
    names: dict[str, Any] = {
        "conf": Settings(),
        "execution_date": utc(logical),
        "next_execution_date": utc(old.following),
        "prev_execution_date": utc(old.before),
        "prev_execution_date_success": utc(old.success),
        "triggering_dataset_events": {},
    }
    for name, moment in days.items():
        names[f"{name}_ds"] = utc(moment).strftime("%Y-%m-%d")
        names[f"{name}_ds_nodash"] = utc(moment).strftime("%Y%m%d")
    return names
