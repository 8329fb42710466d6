"""Writes the DAGs of a case as real Airflow DAGs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from caseformat import (
    ConfigSpec,
    DagSpec,
    GroupSpec,
    TaskSpec,
    expanded_over,
    groups_around,
    instant,
)

PASSED_ON = (
    "task_id",
    "trigger_rule",
    "pool",
    "pool_slots",
    "priority_weight",
    "weight_rule",
    "retries",
    "retry_exponential_backoff",
    "depends_on_past",
    "wait_for_downstream",
    "ignore_first_depends_on_past",
    "wait_for_past_depends_before_skipping",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
)
"""Fields of a task that are arguments of every operator under the same name."""


@dataclass(frozen=True)
class Vocabulary:
    """What a DAG file of one Airflow release is written with."""

    dag: Any
    task_group: Any
    task_group_decorator: Any
    operators: dict[str, type]
    asset: Any
    asset_all: Any
    asset_any: Any
    asset_or_time: Any
    """AssetOrTimeSchedule: takes a timetable and a condition, in words of the release."""
    timetables: dict[tuple[str, str], Any]
    """(``cron`` or ``every_s``, ``trigger`` or ``interval``) -> the timetable's class."""
    fail_fast: str
    """What the argument is called."""


def written(spec: DagSpec, config: ConfigSpec, words: Vocabulary) -> Any:
    """The DAG: tasks and groups in the listed order, then edges, then setups and teardowns."""
    own_or_default = {
        name: getattr(config, f"{name}_per_dag") if own is None else own
        for name, own in (
            ("max_active_runs", spec.max_active_runs),
            ("max_active_tasks", spec.max_active_tasks),
        )
    }
    dag = words.dag(
        dag_id=spec.dag_id,
        schedule=_schedule(spec, words),
        start_date=_date(spec.start_date, spec.timezone),
        end_date=_date(spec.end_date, spec.timezone),
        catchup=spec.catchup,
        max_consecutive_failed_dag_runs=spec.max_consecutive_failed_dag_runs,
        dagrun_timeout=_delta(spec.dagrun_timeout_s),
        **own_or_default,
        **{words.fail_fast: spec.fail_fast},
    )
    dag.fileloc = str(Path(__file__))
    with dag:
        _Writer(spec, dag, words).write()
    return dag


class _Writer:
    """Writes the tasks of one DAG."""

    def __init__(self, spec: DagSpec, dag: Any, words: Vocabulary) -> None:
        self.spec, self.dag, self.words = spec, dag, words
        self.groups = {group.group_id: group for group in spec.groups}
        self.opened: set[str] = set()

    def write(self) -> None:
        self._tasks_below(())
        for task in self.spec.tasks:
            for upstream in task.upstream:
                self._operator(upstream).set_downstream(self._operator(task.task_id))
        for task in self.spec.tasks:
            self._mark(task)

    def _operator(self, task_id: str) -> Any:
        return self.dag.get_task(task_id)

    def _mark(self, task: TaskSpec) -> None:
        if task.is_setup:
            self._operator(task.task_id).as_setup()
        if task.is_teardown:
            setups = [self._operator(setup) for setup in task.setups]
            self._operator(task.task_id).as_teardown(
                **({"setups": setups} if setups else {}),
                on_failure_fail_dagrun=task.on_failure_fail_dagrun,
            )

    def _tasks_below(self, path: tuple[str, ...]) -> None:
        """Write what lies in the group at this path (outermost first): tasks, and whole groups."""
        for task in self.spec.tasks:
            around = tuple(group.group_id for group in groups_around(self.spec, task))[::-1]
            if around[: len(path)] != path:
                continue
            inner = around[len(path) :]
            if not inner:
                self._write_task(task)
            elif inner[0] not in self.opened:
                self.opened.add(inner[0])
                self._write_group(self.groups[inner[0]], (*path, inner[0]))

    def _write_group(self, group: GroupSpec, path: tuple[str, ...]) -> None:
        naming = {"group_id": group.group_id, "prefix_group_id": False}
        if group.expand is None:
            with self.words.task_group(**naming):
                self._tasks_below(path)
            return

        def body(first: Any = None, second: Any = None) -> None:
            self._tasks_below(path)

        self.words.task_group_decorator(**naming)(body).expand(**self._mapped(group.expand))

    def _write_task(self, task: TaskSpec) -> None:
        operator: Any = self.words.operators[task.kind]
        arguments = _arguments(task)
        for name in ("inlets", "outlets"):
            if getattr(task, name):
                arguments[name] = [self.words.asset(asset) for asset in getattr(task, name)]
        if task.expand is None:
            operator(**arguments)
        else:
            operator.partial(**arguments).expand(**self._mapped(task.expand))

    def _mapped(self, expand: Mapping[str, Any]) -> dict[str, Any]:
        if "literal" in expand:
            return {"first": [*range(expand["literal"])]}
        sources = [self._operator(task_id).output for task_id in expanded_over(expand)]
        return dict(zip(("first", "second"), sources, strict=False))


def _arguments(task: TaskSpec) -> dict[str, Any]:
    arguments = {name: getattr(task, name) for name in PASSED_ON}
    arguments["retry_delay"] = _delta(task.retry_delay_s)
    if task.max_retry_delay_s is not None:
        arguments["max_retry_delay"] = _delta(task.max_retry_delay_s)
    if task.execution_timeout_s is not None:
        arguments["execution_timeout"] = _delta(task.execution_timeout_s)
    if task.kind == "short_circuit":
        arguments["ignore_downstream_trigger_rules"] = task.ignore_downstream_trigger_rules
    if task.kind == "deferrable":
        arguments["trigger_timeout"] = _delta(task.timeout_s)
    if task.kind == "sensor":
        arguments |= {"mode": task.mode, "soft_fail": task.soft_fail}
        arguments["poke_interval"] = task.poke_interval_s
        if task.timeout_s is not None:
            arguments["timeout"] = task.timeout_s
    return arguments


def _schedule(spec: DagSpec, words: Vocabulary) -> Any:
    schedule = spec.schedule
    if not isinstance(schedule, dict):
        return schedule
    if "assets" in schedule:
        condition = _condition(schedule["assets"], words)
        time = {name: value for name, value in schedule.items() if name != "assets"}
        return words.asset_or_time(_of_time(time, spec, words), condition) if time else condition
    return _of_time(schedule, spec, words)


def _of_time(schedule: dict[str, Any], spec: DagSpec, words: Vocabulary) -> Any:
    key = "every_s" if "every_s" in schedule else "cron"
    written_as = _delta(schedule[key]) if key == "every_s" else schedule[key]
    if schedule.get("timetable") is None:
        return written_as
    timetable = words.timetables[key, schedule["timetable"]]
    return timetable(written_as, **({"timezone": spec.timezone} if key == "cron" else {}))


def _condition(said: Any, words: Vocabulary) -> Any:
    if isinstance(said, str):
        return words.asset(said)
    ((joint, parts),) = said.items()
    joined = words.asset_any if joint == "any" else words.asset_all
    return joined(*(_condition(part, words) for part in parts))


def _date(text: str | None, zone: str) -> Any:
    return None if text is None else pendulum.instance(instant(text)).in_timezone(zone)


def _delta(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
