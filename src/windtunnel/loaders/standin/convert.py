"""Convert: a DAG that a file made becomes a `windtunnel.model.Dag`, or problems."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any, TypeVar

from pydantic import ValidationError

from windtunnel.loaders.pods import executor_config
from windtunnel.loaders.standin.authoring import NOT_GIVEN, TaskGroup
from windtunnel.loaders.standin.kinds import kind_of
from windtunnel.loaders.standin.operators import MappedOperator
from windtunnel.loaders.standin.placeholder import PlaceholderText
from windtunnel.loaders.standin.session import current
from windtunnel.loaders.standin.timing import (
    OMITTED,
    UnusableError,
    asset_condition,
    asset_names,
    assume_of_assets,
    instant,
    schedule_of,
    seconds,
    zone_name,
    zone_of,
)
from windtunnel.loaders.standin.xcomarg import Reference, ZipXComArg
from windtunnel.model import Dag, Problem, Schedule, Task, TriggerRule, WeightRule
from windtunnel.model import TaskGroup as Group
from windtunnel.model.dag import find_cycle

OLD_TRIGGER_RULES = {
    "dummy": TriggerRule.ALWAYS,
    "none_failed_or_skipped": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
}
"""Names that Airflow 2 still takes."""

Made = TypeVar("Made")


class Converter:
    """Turns one authored DAG into a value, collecting every problem on the way."""

    def __init__(self, dag: Any, file: str, profile: str) -> None:
        self.dag = dag
        self.file = file
        self.profile = profile
        self.problems: list[Problem] = []
        self.order = {task_id: place for place, task_id in enumerate(dag.task_dict)}
        started = dag.start_date or (dag.default_args or {}).get("start_date")
        self.zone: tzinfo = zone_of(started)

    def convert(self) -> Dag | None:
        """The DAG; ``None`` if there were problems, which `problems` then holds."""
        self._refuse_cycles()
        self._refuse_rules()
        start, end = self._window()
        tasks = [self._task(task, start, end) for task in self.dag.tasks]
        fields = {
            "schedule": self._try(self._schedule, None),
            "dagrun_timeout_s": self._try(
                lambda: seconds(self.dag.dagrun_timeout, "dagrun_timeout"), None
            ),
        }
        if self.problems:
            return None
        return self._checked(
            lambda: Dag(
                dag_id=self.dag.dag_id,
                file=self.file,
                line=self.dag.line,
                tasks=tuple(t for t in tasks if t is not None),
                groups=tuple(self._group(group) for group in self.dag.groups),
                asset_condition=asset_condition(self.dag.schedule),
                timezone=zone_name(self.zone, f"dag {self.dag.dag_id}"),
                start_date=start,
                end_date=end,
                catchup=_flag(self.dag.catchup),
                max_active_runs=_number(self.dag.max_active_runs),
                max_active_tasks=_number(self.dag.max_active_tasks),
                max_consecutive_failed_dag_runs=_number(self.dag.max_consecutive_failed_dag_runs),
                fail_fast=bool(self.dag.fail_fast),
                is_paused=bool(self.dag.is_paused_upon_creation or False),
                tags=tuple(sorted(str(tag) for tag in self.dag.tags)),
                unknown_calls=tuple(current().unknown_calls.get(id(self.dag), ())),
                **fields,
            ),
            None,
        )

    def _refuse_cycles(self) -> None:
        cycle = find_cycle({t.task_id: self._upstream(t) for t in self.dag.tasks})
        if cycle:
            arrows = " >> ".join(_from_smallest(list(reversed(cycle))))
            self._problem(
                f"DAG {self.dag.dag_id!r} has a cycle: {arrows}; remove one of these dependencies",
                cause="cycle",
            )

    def _refuse_rules(self) -> None:
        """Trigger rules that Airflow refuses (``dag.py: validate_setup_teardown``,
        ``FailFastDagInvalidTriggerRule``)."""
        plain = str(TriggerRule.ALL_SUCCESS)
        setups = {task.task_id for task in self.dag.tasks if task.is_setup}
        for task in self.dag.tasks:
            rule = str(getattr(task.trigger_rule, "value", task.trigger_rule))
            if rule == plain or task.is_teardown:
                continue
            if self.dag.fail_fast:
                self._problem(
                    f"trigger_rule={rule!r} can't be used in a DAG with fail_fast (fail_stop), "
                    f"which takes {plain!r} only",
                    task,
                )
            for setup in sorted(setups & task.upstream_task_ids):
                self._problem(
                    f"trigger_rule={rule!r} can't be used right after the setup task {setup!r}; "
                    f"Airflow takes {plain!r} only there",
                    task,
                )

    def _upstream(self, task: Any) -> tuple[str, ...]:
        """Ids of its direct upstream tasks in order of creation: a set has no order to rely on."""
        return tuple(sorted(task.upstream_task_ids, key=self.order.__getitem__))

    def _window(self) -> tuple[datetime | None, datetime | None]:
        """From when to when the DAG may run; without dates of its own, what its tasks have."""
        start = self._try(lambda: instant(self.dag.start_date, "start_date", self.zone), None)
        end = self._try(lambda: instant(self.dag.end_date, "end_date", self.zone), None)
        starts = self._dates("start_date") if start is None else []
        ends = self._dates("end_date") if end is None else []
        if ends and len(ends) == len(self.dag.tasks):
            end = max(ends)
        return (min(starts) if starts else start), end

    def _dates(self, name: str) -> list[datetime]:
        found = [
            self._try(lambda t=task: instant(getattr(t, name), name, self.zone), task)  # type: ignore[misc]
            for task in self.dag.tasks
            if getattr(task, name) is not None
        ]
        return [date for date in found if date is not None]

    def _schedule(self) -> Schedule | None:
        assume_of_assets(self.dag.schedule, f"dag {self.dag.dag_id}")
        if self.dag.schedule is NOT_GIVEN:
            return OMITTED.get(self.profile)
        return schedule_of(self.dag.schedule, f"dag {self.dag.dag_id}")

    def _task(self, task: Any, dag_start: datetime | None, dag_end: datetime | None) -> Task | None:
        subject = f"task {self.dag.dag_id}.{task.task_id}"
        start = self._try(lambda: instant(task.start_date, "start_date", self.zone), task)
        end = self._try(lambda: instant(task.end_date, "end_date", self.zone), task)
        assume_of_assets(task.outlets, subject)
        before = len(self.problems)
        fields = {
            "kind": self._try(lambda: kind_of(task, subject, self.profile), task),
            "trigger_rule": self._try(lambda: _trigger_rule(task.trigger_rule), task),
            "weight_rule": self._try(lambda: _weight_rule(task.weight_rule, subject), task),
            "retry_delay_s": self._try(lambda: seconds(task.retry_delay, "retry_delay"), task),
            "max_retry_delay_s": self._try(
                lambda: seconds(task.max_retry_delay, "max_retry_delay"), task
            ),
            "execution_timeout_s": self._try(lambda: _execution_timeout(task), task),
            "sla_s": self._try(lambda: self._sla(task), task),
        }
        if len(self.problems) > before:
            return None
        if fields["retry_delay_s"] is None:
            del fields["retry_delay_s"]
        per_dag = task.max_active_tis_per_dag
        return self._checked(
            lambda: Task(
                task_id=task.task_id,
                operator=task.operator_name,
                line=task.line,
                upstream=self._upstream(task),
                group=getattr(task.task_group, "group_id", None),
                pool=str(task.pool or "default_pool"),
                pool_slots=_number(task.pool_slots),
                priority_weight=_number(task.priority_weight),
                queue=str(task.queue or "default"),
                executor=None if task.executor is None else str(task.executor),
                executor_config=executor_config(task.executor_config),
                retries=_number(task.retries) or 0,
                retry_exponential_backoff=_backoff(task.retry_exponential_backoff),
                depends_on_past=bool(task.depends_on_past or task.wait_for_downstream),
                wait_for_downstream=bool(task.wait_for_downstream),
                ignore_first_depends_on_past=_flag(task.ignore_first_depends_on_past),
                max_active_tis_per_dag=_number(
                    task.task_concurrency if per_dag is None else per_dag
                ),
                max_active_tis_per_dagrun=_number(task.max_active_tis_per_dagrun),
                is_setup=bool(task.is_setup),
                is_teardown=bool(task.is_teardown),
                on_failure_fail_dagrun=bool(task.on_failure_fail_dagrun),
                # Airflow takes the later start and the earlier end of task and DAG.
                start_date=start if start and dag_start and start > dag_start else None,
                end_date=end if end and (dag_end is None or end < dag_end) else None,
                expand=self._expansion(task, subject),
                inlets=asset_names(task.inlets),
                outlets=asset_names(task.outlets),
                **fields,
            ),
            task,
        )

    def _sla(self, task: Any) -> float | None:
        """Airflow 3 takes an ``sla`` and ignores it."""
        return seconds(task.sla, "sla") if self.profile.startswith("airflow-2") else None

    def _group(self, group: TaskGroup) -> Group:
        parent = group.parent_group
        return Group(
            group_id=str(group.group_id),
            parent=parent.group_id if parent else None,
            expand=_expansion(group.expand_input, f"group {self.dag.dag_id}.{group.group_id}"),
        )

    def _expansion(self, task: Any, subject: str) -> tuple[int | str, ...] | None:
        return _expansion(task.expand_input, subject) if isinstance(task, MappedOperator) else None

    def _try(self, make: Callable[[], Made], task: Any) -> Made | None:
        """A value, or ``None`` and a problem."""
        try:
            return make()
        except UnusableError as error:
            self._problem(str(error), task)
        except ValidationError as error:
            for detail in error.errors():
                self._problem(_in_airflow_words(detail), task)
        except (TypeError, ValueError) as error:
            self._problem(f"{type(error).__name__}: {error}", task)
        return None

    def _checked(self, make: Callable[[], Made], task: Any) -> Made | None:
        """A value of the model, or ``None`` and one problem for each field that it refuses."""
        try:
            return make()
        except ValidationError as error:
            for detail in error.errors():
                self._problem(_in_airflow_words(detail), task)
        except (TypeError, ValueError) as error:
            self._problem(f"{type(error).__name__}: {error}", task)
        return None

    def _problem(self, message: str, task: Any = None, cause: Any = "value") -> None:
        where = f"task {task.task_id!r}: " if task is not None else ""
        problem = Problem(
            cause=cause,
            message=f"{where}{message}. DAG {self.dag.dag_id!r} is left out.",
            file=self.file,
            line=(task.line if task is not None else None) or self.dag.line,
            dag_id=self.dag.dag_id,
            task_id=task.task_id if task is not None else None,
        )
        if problem not in self.problems:
            self.problems.append(problem)


def _from_smallest(cycle: list[str]) -> list[str]:
    """The same cycle, begun at its first id in the alphabet: sets of ids have no order."""
    ring = cycle[:-1]
    first = ring.index(min(ring))
    return [*ring[first:], *ring[:first], ring[first]]


def _in_airflow_words(detail: Any) -> str:
    """One of pydantic's complaints as a person would say it."""
    argument = str(detail["loc"][-1]).removesuffix("_s") if detail["loc"] else ""
    said = str(detail["msg"]).removeprefix("Value error, ")
    return f"{argument}={detail['input']!r} can't be used: {said}" if argument else said


def _trigger_rule(value: Any) -> TriggerRule:
    text = str(getattr(value, "value", value))
    if text in OLD_TRIGGER_RULES:
        return OLD_TRIGGER_RULES[text]
    return TriggerRule(_one_of(text, [str(r) for r in TriggerRule], "trigger_rule"))


def _weight_rule(value: Any, subject: str) -> WeightRule:
    text = str(getattr(value, "value", value or "downstream"))
    if (value is not None and not isinstance(value, str)) or "." in text:
        custom = text if isinstance(value, str) else type(value).__name__
        current().assume(subject, f"weight rule {custom} is taken as downstream")
        return WeightRule.DOWNSTREAM
    return WeightRule(_one_of(text, [str(r) for r in WeightRule], "weight_rule"))


def _one_of(text: str, allowed: Iterable[str], name: str) -> str:
    choices = list(allowed)
    if text in choices:
        return text
    close = difflib.get_close_matches(text, choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise UnusableError(f"unknown {name} {text!r}{hint} It must be one of {', '.join(choices)}")


def _execution_timeout(task: Any) -> float | None:
    value = task.execution_timeout
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise UnusableError(
            f"execution_timeout={value!r} must be a timedelta, such as "
            f"timedelta(seconds={value!r}); Airflow takes no number here"
        )
    return seconds(value, "execution_timeout")


def _number(value: Any) -> Any:
    """A number as written; text that is one is read, what was read from a Variable is too."""
    return int(value) if isinstance(value, PlaceholderText) else value


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _backoff(value: Any) -> float:
    """``True`` doubles the delay at each retry; a number (3.x) is the factor itself."""
    return 2.0 if value is True else float(value or 0)


def _expansion(expand_input: Any, subject: str) -> tuple[int | str, ...] | None:
    """Lengths and sources of what a task or group is mapped over; ``None`` if it isn't mapped."""
    if expand_input is None:
        return None
    values = expand_input.values() if isinstance(expand_input, dict) else [expand_input]
    return tuple(_length(value, subject) for value in values)


def _length(value: Any, subject: str) -> int | str:
    if isinstance(value, list | tuple | dict | set | frozenset | range):
        return len(value)
    if isinstance(value, Reference):
        sources = list(value.sources())
        if len(sources) > 1:
            how = "shortest" if isinstance(value, ZipXComArg) else "joined"
            current().assume(subject, f"mapped over {how} of several results: the first's length")
        if sources:
            return str(sources[0].task_id)
    try:
        return len(value)
    except TypeError:
        current().assume(subject, f"length of {type(value).__name__} is unknown: 1 instance")
        return 1
