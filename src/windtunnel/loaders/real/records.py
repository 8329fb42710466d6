"""Records: what Airflow says of its DAGs, as plain JSON values, becomes `windtunnel.model.Dag`.

A record is what `dump` writes, or what the reader of serialized DAGs makes of its three versions.
Names are those of Airflow's arguments, durations are seconds, instants ISO texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from windtunnel.loaders.asset_words import told_of_alias
from windtunnel.loaders.pods import executor_config
from windtunnel.loaders.real.kinds import kind_of
from windtunnel.loaders.real.schedules import (
    aliases_in,
    asset_condition,
    asset_text,
    schedule_of,
)
from windtunnel.model import Dag, Problem, Task, TaskGroup, TriggerRule, WeightRule

Record = Mapping[str, Any]
Assume = Callable[[str, str], None]
"""Called with a subject and what is assumed of it."""


class Reader:
    """Turns records into DAGs; what can't be used becomes a problem, what is open an assumption."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.problems: list[Problem] = []
        self.assumed: dict[tuple[str, str], None] = {}

    def assume(self, subject: str, assumed: str) -> None:
        """Note, once, that something was taken for granted."""
        self.assumed[subject, assumed] = None

    def dag(self, record: Record, file: str | None) -> Dag | None:
        """The DAG of a record; ``None`` if it can't be used, which `problems` then says."""
        try:
            return self._dag(record, file)
        except ValidationError as error:
            for detail in error.errors():
                self._problem(record, file, _said(detail))
        except (KeyError, TypeError, ValueError) as error:
            self._problem(record, file, f"{type(error).__name__}: {error}")
        return None

    def _problem(self, record: Record, file: str | None, text: str) -> None:
        dag_id = str(record.get("dag_id"))
        message = f"{text}. DAG {dag_id!r} is left out."
        self.problems.append(
            Problem(
                cause="value", message=message, file=file, line=record.get("line"), dag_id=dag_id
            )
        )

    def _dag(self, record: Record, file: str | None) -> Dag:
        subject = f"dag {record['dag_id']}"
        start, end = _window(record)
        given = record["given"]
        self._assume_of_aliases(subject, record["timetable"]["assets"])
        return Dag(
            dag_id=record["dag_id"],
            file=file,
            line=record["line"],
            tasks=tuple(self._task(task, record, start, end) for task in record["tasks"]),
            groups=tuple(self._group(group, record) for group in record["groups"]),
            schedule=schedule_of(record, subject, self.assume),
            asset_condition=asset_condition(record["timetable"]["assets"]),
            timezone=zone_name(record["timezone"], subject, self.assume),
            start_date=start,
            end_date=end,
            catchup=record["catchup"] if "catchup" in given else None,
            max_active_runs=record["max_active_runs"] if "max_active_runs" in given else None,
            max_active_tasks=record["max_active_tasks"] if "max_active_tasks" in given else None,
            # What no DAG file wrote is the setting's default, 0.
            max_consecutive_failed_dag_runs=record.get("max_consecutive_failed_dag_runs") or None,
            dagrun_timeout_s=record["dagrun_timeout"],
            fail_fast=record["fail_fast"],
            is_paused=record["is_paused"],
            tags=tuple(record["tags"]),
        )

    def _task(
        self, task: Record, dag: Record, dag_start: datetime | None, dag_end: datetime | None
    ) -> Task:
        subject = f"task {dag['dag_id']}.{task['task_id']}"
        start, end = instant(task["start_date"]), instant(task["end_date"])
        past = bool(task["depends_on_past"] or task["wait_for_downstream"])
        self._assume_of_aliases(subject, *task["outlets"])
        return Task(
            task_id=task["task_id"],
            operator=task["operator"],
            kind=kind_of(task, subject, self.profile, self.assume),
            line=task["line"],
            upstream=tuple(task["upstream"]),
            group=task["group"],
            trigger_rule=TriggerRule(task["trigger_rule"]),
            pool=task["pool"],
            pool_slots=task["pool_slots"],
            priority_weight=task["priority_weight"],
            weight_rule=self._weight_rule(task["weight_rule"], subject),
            queue=task["queue"],
            executor=task.get("executor"),
            executor_config=executor_config(task.get("executor_config")),
            retries=task["retries"] or 0,
            retry_delay_s=task["retry_delay"],
            retry_exponential_backoff=_backoff(task["retry_exponential_backoff"]),
            max_retry_delay_s=task["max_retry_delay"],
            execution_timeout_s=task["execution_timeout"],
            depends_on_past=past,
            wait_for_downstream=task["wait_for_downstream"],
            ignore_first_depends_on_past=task["ignore_first_depends_on_past"],
            max_active_tis_per_dag=task["max_active_tis_per_dag"],
            max_active_tis_per_dagrun=task["max_active_tis_per_dagrun"],
            is_setup=task["is_setup"],
            is_teardown=task["is_teardown"],
            on_failure_fail_dagrun=bool(task["on_failure_fail_dagrun"]),
            # Airflow takes the later start and the earlier end of task and DAG.
            start_date=start if start and dag_start and start > dag_start else None,
            end_date=end if end and (dag_end is None or end < dag_end) else None,
            expand=self._expansion(task["expand"], subject),
            sla_s=task["sla"],
            inlets=tuple(map(asset_text, task["inlets"])),
            outlets=tuple(map(asset_text, task["outlets"])),
        )

    def _assume_of_aliases(self, subject: str, *assets: Any) -> None:
        for name in (name for one in assets for name in aliases_in(one)):
            self.assume(subject, told_of_alias(name))

    def _group(self, group: Record, dag: Record) -> TaskGroup:
        subject = f"group {dag['dag_id']}.{group['group_id']}"
        return TaskGroup(
            group_id=group["group_id"],
            parent=group["parent"],
            expand=self._expansion(group["expand"], subject),
        )

    def _weight_rule(self, text: str, subject: str) -> WeightRule:
        if text in set(WeightRule):
            return WeightRule(text)
        self.assume(subject, f"weight rule {text} is taken as downstream")
        return WeightRule.DOWNSTREAM

    def _expansion(self, lengths: Any, subject: str) -> tuple[int | str, ...] | None:
        """Lengths and sources of what is mapped over."""
        if lengths is None:
            return None
        return tuple(self._length(length, subject) for length in lengths)

    def _length(self, length: Any, subject: str) -> int | str:
        if isinstance(length, int):
            return length
        tasks, how = length["tasks"], length["how"]
        if len(tasks) > 1:
            several = "shortest" if "Zip" in how else "joined"
            self.assume(subject, f"mapped over {several} of several results: the first's length")
        if tasks:
            return str(tasks[0])
        self.assume(subject, f"length of {how} is unknown: 1 instance")
        return 1


def _window(record: Record) -> tuple[datetime | None, datetime | None]:
    """From when to when a DAG may run; without dates of its own, what its tasks have."""
    tasks = record["tasks"]
    start, end = instant(record["start_date"]), instant(record["end_date"])
    starts = [found for task in tasks if (found := instant(task["start_date"]))]
    ends = [found for task in tasks if (found := instant(task["end_date"]))]
    if start is None and starts:
        start = min(starts)
    if end is None and ends and len(ends) == len(tasks):
        end = max(ends)
    return start, end


def instant(value: Any) -> datetime | None:
    """An ISO text, or seconds since 1970, as an aware datetime in UTC."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(value)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def zone_name(text: str, subject: str, assume: Assume) -> str:
    """The IANA name of a timezone; a fixed offset of whole hours has one, too."""
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", text)
    if offset is None:
        return text
    sign, hours, minutes = offset[1], int(offset[2]), int(offset[3] or 0)
    if minutes:
        assume(subject, f"timezone {text} has no name: UTC is used")
        return "UTC"
    # Names in Etc count westwards.
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}" if hours else "UTC"


def _backoff(value: Any) -> float:
    """``True`` doubles the delay at each retry; a number (3.x) is the factor itself."""
    return 2.0 if value is True else float(value or 0)


def _said(detail: Any) -> str:
    """One of pydantic's complaints as a person would say it."""
    argument = str(detail["loc"][-1]).removesuffix("_s") if detail["loc"] else ""
    said = str(detail["msg"]).removeprefix("Value error, ")
    return f"{argument}={detail['input']!r} can't be used: {said}" if argument else said
