"""Fleet, Dag, Task: what the DAG files of a repository define.

Every default is the one that Airflow gives the same argument. Durations are seconds, instants are
aware datetimes, ids are complete (a task in a group is ``group.task``).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.executors import ExecutorConfig
from windtunnel.model.schedule import AssetCondition, OtherSchedule, Schedule

WEEK_S = 7 * 24 * 3600.0
NAMED = 8
"""DAGs that the repr of a fleet names."""


class TriggerRule(StrEnum):
    """When a task may start, seen from its direct upstream tasks
    (``airflow/task/trigger_rule.py``)."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ONE_SUCCESS = "one_success"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    NONE_SKIPPED = "none_skipped"
    ALL_SKIPPED = "all_skipped"
    ALWAYS = "always"


class WeightRule(StrEnum):
    """How ``priority_weight`` of related tasks adds up (``airflow/task/weight_rule.py``)."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    ABSOLUTE = "absolute"


class Work(Value):
    """An ordinary operator: it runs for a while and ends."""

    type: Literal["work"] = "work"


class Empty(Value):
    """EmptyOperator: the scheduler itself sets it to success; no slot, no worker."""

    type: Literal["empty"] = "empty"


class Branch(Value):
    """A branch operator: direct downstream tasks that it does not follow are skipped."""

    type: Literal["branch"] = "branch"


class ShortCircuit(Value):
    """ShortCircuitOperator: when its condition is false, what lies downstream is skipped."""

    type: Literal["short_circuit"] = "short_circuit"
    ignore_downstream_trigger_rules: bool = True


class LatestOnly(Value):
    """LatestOnlyOperator: skips its direct downstream tasks in every run but the latest."""

    type: Literal["latest_only"] = "latest_only"


class Sensor(Value):
    """A sensor that waits for something outside the fleet; when that comes true is a `Behavior`."""

    type: Literal["sensor"] = "sensor"
    mode: Literal["poke", "reschedule"] = "poke"
    poke_interval_s: Seconds = 60.0
    timeout_s: Seconds = WEEK_S
    soft_fail: bool = False
    exponential_backoff: bool = False
    max_wait_s: Seconds | None = None
    """Longest time between two pokes, however often they were doubled."""
    deferrable: bool = False
    """Waits in the triggerer: holds no worker slot; pool slots only if the pool counts deferred
    tasks."""


class ExternalTaskSensor(Value):
    """ExternalTaskSensor: waits for a run, or tasks of a run, of a DAG of the fleet.

    The run waited for has logical date = own logical date - ``execution_delta_s``.
    """

    type: Literal["external_task_sensor"] = "external_task_sensor"
    external_dag_id: str
    external_task_ids: tuple[str, ...] = ()
    """Empty: the whole run is waited for."""
    external_task_group_id: str | None = None
    """All tasks of this group are waited for."""
    execution_delta_s: float = 0.0
    execution_date_fn: bool = False
    """Whether a function of the DAG file says which run is waited for; ``execution_delta_s`` is
    then what it gave for several logical dates, 0 if that was not always the same."""
    other_deltas_s: tuple[float, ...] = ()
    """More runs that are waited for as well, when that function gives several dates."""
    check_existence: bool = False
    """Whether it fails at once if the DAG or task waited for doesn't exist (2.x)."""
    allowed_states: tuple[str, ...] = ("success",)
    failed_states: tuple[str, ...] = ()
    skipped_states: tuple[str, ...] = ()
    mode: Literal["poke", "reschedule"] = "poke"
    poke_interval_s: Seconds = 60.0
    timeout_s: Seconds = WEEK_S
    soft_fail: bool = False
    exponential_backoff: bool = False
    max_wait_s: Seconds | None = None
    deferrable: bool = False


class Deferrable(Value):
    """An operator that defers to the triggerer once and then resumes."""

    type: Literal["deferrable"] = "deferrable"
    timeout_s: Seconds | None = None
    """Trigger timeout; ``None``: the trigger may take for ever."""


class TriggerDagRun(Value):
    """TriggerDagRunOperator: creates a run of another DAG, and may wait for its end."""

    type: Literal["trigger_dag_run"] = "trigger_dag_run"
    trigger_dag_id: str
    wait_for_completion: bool = False
    deferrable: bool = False
    poke_interval_s: Seconds = 60.0
    allowed_states: tuple[str, ...] = ("success",)
    failed_states: tuple[str, ...] = ("failed",)
    trigger_run_id: str | None = None
    """As written, templates too; ``None``: a new id at each try."""
    logical_date: str | None = None
    """As written, templates too; ``None``: the moment of the trigger."""
    reset_dag_run: bool = False
    """Clears the run if there is one of this id already."""
    skip_when_already_exists: bool = False
    fail_when_dag_is_paused: bool = False


Kind = Annotated[
    Work
    | Empty
    | Branch
    | ShortCircuit
    | LatestOnly
    | Sensor
    | ExternalTaskSensor
    | Deferrable
    | TriggerDagRun,
    Field(discriminator="type"),
]

Expansion = tuple[int | str, ...]
"""What a task or group is mapped over: lengths of literals and ids of tasks whose result is mapped
over. Several of them multiply (cross product)."""


class Task(Value):
    """One task of a DAG, with the arguments that decide when it runs and what it holds."""

    task_id: str
    operator: str = "BaseOperator"
    """Class name of the operator, for people."""
    kind: Kind = Work()
    line: int | None = None
    """Line of the DAG file on which the operator was created."""
    upstream: tuple[str, ...] = ()
    group: str | None = None
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS
    pool: str = "default_pool"
    pool_slots: Annotated[int, Field(ge=1)] = 1
    priority_weight: int = 1
    weight_rule: WeightRule = WeightRule.DOWNSTREAM
    queue: str = "default"
    executor: str | None = None
    """Which of the cluster's executors runs it; ``None``: the first."""
    executor_config: ExecutorConfig | None = None
    retries: Annotated[int, Field(ge=0)] = 0
    retry_delay_s: Seconds = 300.0
    retry_exponential_backoff: Seconds = 0.0
    """The multiplier; 0 is off, ``True`` in a DAG file is 2."""
    max_retry_delay_s: Seconds | None = None
    execution_timeout_s: Seconds | None = None
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    ignore_first_depends_on_past: bool | None = None
    """``None``: the default of the Airflow version profile."""
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None
    is_setup: bool = False
    is_teardown: bool = False
    on_failure_fail_dagrun: bool = False
    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    expand: Expansion | None = None
    sla_s: Seconds | None = None
    """``sla`` of Airflow 2; Airflow 3 ignores it."""
    inlets: tuple[str, ...] = ()
    """URIs, or names, of the assets that it reads."""
    outlets: tuple[str, ...] = ()
    """URIs, or names, of the assets that it updates."""

    @model_validator(mode="after")
    def _waits_imply_past(self) -> Self:
        if self.wait_for_downstream and not self.depends_on_past:
            raise ValueError(
                "wait_for_downstream=True means depends_on_past=True in Airflow; set both"
            )
        return self


class TaskGroup(Value):
    """A task group: naming, and perhaps one mapping for all its tasks."""

    group_id: str
    parent: str | None = None
    expand: Expansion | None = None


class Dag(Value):
    """One DAG. ``None`` for a limit means: the cluster's default (``airflow.cfg``)."""

    dag_id: str
    file: str | None = None
    """Path of the DAG file, relative to the loaded folder."""
    line: int | None = None
    tasks: tuple[Task, ...] = ()
    """In the order of ``dag.task_dict``, which decides ties."""
    groups: tuple[TaskGroup, ...] = ()
    schedule: Schedule | None = None
    asset_condition: AssetCondition | None = None
    """Assets whose updates start runs, beside the schedule or in its place."""
    timezone: str = "UTC"
    start_date: AwareDatetime | None = None
    end_date: AwareDatetime | None = None
    catchup: bool | None = None
    max_active_runs: Annotated[int, Field(ge=0)] | None = None
    max_active_tasks: Annotated[int, Field(ge=0)] | None = None
    max_consecutive_failed_dag_runs: Annotated[int, Field(ge=0)] | None = None
    """The DAG is paused when so many runs in a row have failed; 0: never."""
    dagrun_timeout_s: Seconds | None = None
    fail_fast: bool = False
    is_paused: bool = False
    tags: tuple[str, ...] = ()
    unknown_calls: tuple[str, ...] = ()
    """What its file called while it made the DAG, of modules that are not there: there may be more
    tasks than these."""

    @model_validator(mode="after")
    def _is_a_dag(self) -> Self:
        ids = [task.task_id for task in self.tasks]
        known = set(ids)
        if len(known) != len(ids):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            raise ValueError(f"DAG {self.dag_id!r}: task_id {twice[0]!r} is used twice")
        for task in self.tasks:
            for up in task.upstream:
                if up not in known:
                    raise ValueError(
                        f"DAG {self.dag_id!r}: task {task.task_id!r} names upstream {up!r}, "
                        "which is no task of this DAG"
                    )
        cycle = find_cycle({task.task_id: task.upstream for task in self.tasks})
        if cycle:
            arrows = " >> ".join(reversed(cycle))
            raise ValueError(f"DAG {self.dag_id!r} has a cycle: {arrows}")
        return self

    @property
    def awaited(self) -> AssetCondition | None:
        """The assets whose updates start runs; None if there are none, or if it waits for
        partitions of them, which are not simulated."""
        schedule = self.schedule
        by_partition = isinstance(schedule, OtherSchedule) and schedule.is_partitioned
        return None if by_partition else self.asset_condition

    def task(self, task_id: str) -> Task:
        """The task with this id.

        Raises:
            KeyError: no such task.
        """
        found = self.find(task_id)
        if found is None:
            raise KeyError(task_id)
        return found

    def find(self, task_id: str) -> Task | None:
        """The task with this id; None if only another version of the DAG has it, or none."""
        return next((task for task in self.tasks if task.task_id == task_id), None)

    def line_of(self, task_id: str) -> int | None:
        """The line of the DAG file on which a task is, if that is known."""
        found = self.find(task_id)
        return None if found is None else found.line


def find_cycle(upstream: dict[str, tuple[str, ...]]) -> list[str]:
    """One cycle of a graph given as node -> its upstreams, first node repeated at the end; else
    ``[]``."""
    done: set[str] = set()
    for root, first in upstream.items():
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, Iterator[str]]] = []
        if root in done:
            continue
        stack.append((root, iter(first)))
        path.append(root)
        on_path.add(root)
        while stack:
            node, rest = stack[-1]
            for up in rest:
                if up in on_path:
                    return [*path[path.index(up) :], up]
                if up not in done and up in upstream:
                    stack.append((up, iter(upstream[up])))
                    path.append(up)
                    on_path.add(up)
                    break
            else:
                stack.pop()
                path.pop()
                on_path.discard(node)
                done.add(node)
    return []


class Problem(Value):
    """Something that kept a part of the input from being used; the rest was used."""

    cause: Literal[
        "syntax", "import", "cycle", "duplicate", "value", "empty", "unreadable", "refused"
    ]
    """``refused``: by the installed Airflow only; the stand-in read it all the same."""
    message: str
    """One or two sentences for a person: what was wrong and what to do."""
    file: str | None = None
    line: int | None = None
    dag_id: str | None = None
    task_id: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.file and self.line:
            place += f":{self.line}"
        return f"{place}: {self.message}" if place else self.message


class Assumption(Value):
    """Something that the input did not say, and what was taken instead."""

    subject: str
    """What it is about: ``dag etl``, ``pool db``, ``Variable bucket``."""
    assumed: str


class Fleet(Value):
    """All DAGs of a repository together."""

    dags: tuple[Dag, ...] = ()
    complete: bool = False
    """Whether these are all DAGs that the Airflow has: then what is not among them is nowhere."""
    problems: tuple[Problem, ...] = ()
    assumptions: tuple[Assumption, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: dict[str, Dag] = {}
        for dag in self.dags:
            if dag.dag_id in seen:
                raise ValueError(
                    f"dag_id {dag.dag_id!r} is defined twice: "
                    f"{seen[dag.dag_id].file} and {dag.file}"
                )
            seen[dag.dag_id] = dag
        return self

    def __repr__(self) -> str:
        """Names alone of what was loaded from files: these say the rest, at length."""
        if not self.dags or any(dag.file is None for dag in self.dags):
            return super().__repr__()
        names = [dag.dag_id for dag in self.dags]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f"<Fleet of {', '.join(names[:NAMED])}{more}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        if any(dag.file is None for dag in self.dags):
            super()._repr_pretty_(printer, cycle)
        else:
            printer.text(repr(self))

    def dag(self, dag_id: str) -> Dag:
        """The DAG with this id.

        Raises:
            KeyError: no such DAG.
        """
        for dag in self.dags:
            if dag.dag_id == dag_id:
                return dag
        raise KeyError(dag_id)
