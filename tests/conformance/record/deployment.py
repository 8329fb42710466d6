"""One Airflow deployment in this process: its scheduler, executor and database, under our clock.

What both major releases share is here; `airflow2.py` and `airflow3.py` add how each of them parses
DAGs, starts a try and ends one.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import journal
import time_machine
from airflow import settings
from airflow.executors.base_executor import BaseExecutor
from airflow.executors.executor_utils import ExecutorName
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.listeners import hookimpl
from airflow.listeners.listener import get_listener_manager
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.pool import Pool
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskreschedule import TaskReschedule
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from caseformat import BackfillSpec, CaseSpec, DagSpec, ManualRunSpec, RuleSpec, TaskSpec, instant
from dags import Vocabulary, written
from environment import Environment
from operators import Script, script
from sqlalchemy import event, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import now as sql_now

STRICTLY_AFTER = timedelta(microseconds=1)
"""Where Airflow asks whether a deadline lies strictly in the past, it sees it one tick later."""


BY_ASSETS = ("asset_triggered", "dataset_triggered")
"""Types of runs that assets start."""


class RecorderError(RuntimeError):
    """The recorder can't vouch for this case's trace."""


class Clock:
    """The time that Python and SQL see; it moves only by hand."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 1, tzinfo=UTC)
        self._frozen: time_machine.travel | None = None

    def start_at(self, moment: datetime) -> None:
        """Freeze the time at a moment."""
        self.now = moment
        self._frozen = time_machine.travel(moment, tick=False)
        self._traveller = self._frozen.start()

    def move_to(self, moment: datetime) -> None:
        """Let time pass."""
        if moment < self.now:
            raise RecorderError(f"time would run backwards, from {self.now} to {moment}")
        self.now = moment
        self._traveller.move_to(moment)

    def stop(self) -> None:
        """Give the real time back."""
        if self._frozen is not None:
            self._frozen.stop()
            self._frozen = None


CLOCK = Clock()


@compiles(sql_now, "sqlite")
def _now_in_sql(element: Any, compiler: Any, **options: Any) -> str:
    return "virtual_now()"


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, record: Any) -> None:
    if hasattr(connection, "create_function"):
        journal.connected(connection, lambda: CLOCK.now)


@dataclass(eq=False)
class Try:
    """A try of a task instance that occupies a slot of the executor."""

    number: int
    task: TaskSpec
    rule: RuleSpec
    begun: datetime
    ends: datetime
    timed_out: bool
    key: Any
    """Airflow's key of the task instance; holds dag_id, run_id, task_id, map_index."""
    context: Any = None
    """Whatever the release needs again at the try's end."""


@dataclass(frozen=True)
class Begun:
    """What Airflow says of a try that it let begin."""

    logical_date: datetime | None
    resumed: bool
    """After a deferral: the second part of the try."""
    context: Any = None


class VirtualExecutor(BaseExecutor):
    """Airflow's BaseExecutor, whose workers take at once whatever there is a slot for."""

    name = ExecutorName("virtual", "virtual")

    def __init__(self, parallelism: int) -> None:
        super().__init__(parallelism=parallelism)
        self.taken: list[Any] = []

    def _process_tasks(self, task_tuples: Any) -> None:
        """2.x hands over keys."""
        for key, *_ in task_tuples:
            self._take(key, key)

    def _process_workloads(self, workloads: Any) -> None:
        """3.x hands over workloads."""
        for workload in workloads:
            self._take(workload.ti.key, workload.ti)

    def _take(self, key: Any, item: Any) -> None:
        del self.queued_tasks[key]
        self.running.add(key)
        self.taken.append(item)

    @property
    def jwt_generator(self) -> None:  # type: ignore[override]
        """No worker will ever present a token."""

    def send_callback(self, request: Any) -> None:
        """Callbacks decide nothing."""

    def end(self) -> None:
        """Nothing is left running."""

    def terminate(self) -> None:
        """Nothing is left running."""


class OrderedScheduler(SchedulerJobRunner):
    """Airflow's scheduler, but the DAGs that are due in one pass get their runs in a fixed order.

    Airflow loops over a set there, so its own order is arbitrary.
    """

    def _create_dag_runs(self, dag_models: Any, session: Any) -> None:
        by_due_time = sorted(dag_models, key=lambda dag: (dag.next_dagrun_create_after, dag.dag_id))
        super()._create_dag_runs(by_due_time, session)

    def _create_dag_runs_asset_triggered(self, *, dag_models: Any, session: Any) -> None:
        by_id = sorted(dag_models, key=lambda dag: dag.dag_id)
        super()._create_dag_runs_asset_triggered(dag_models=by_id, session=session)

    def _create_dag_runs_dataset_triggered(self, dag_models: Any, info: Any, session: Any) -> None:
        by_id = sorted(dag_models, key=lambda dag: dag.dag_id)
        super()._create_dag_runs_dataset_triggered(by_id, info, session)


class Reasons:
    """Listens to why Airflow changes the state of a run."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, str, str], str] = {}

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        self._note(dag_run, "running", msg)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        self._note(dag_run, "success", msg)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        self._note(dag_run, "failed", msg)

    def _note(self, dag_run: Any, state: str, msg: str) -> None:
        if msg:
            self.said[dag_run.dag_id, dag_run.run_id, state] = msg


class Deployment(ABC):
    """A scheduler with its database, driven from outside, one case after the other."""

    vocabulary: Vocabulary
    date_column: str
    """What the logical date of a run is called."""
    asset_queue: str
    """The table of assets that were updated and of which no run was made yet."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.reasons = Reasons()
        get_listener_manager().add_listener(self.reasons)
        if not environment.template.exists():
            journal.make_template(environment.template)

    # Opening and closing

    def open(self, case: CaseSpec) -> None:
        """Begin a case with an empty database, its pools and its DAGs."""
        self.refuse_what_is_missing(case)
        self.case = case
        self.reasons.said.clear()
        self._disconnect()
        journal.fresh_copy(self.environment.template, self.environment.database)
        self._configure()
        self.executor = VirtualExecutor(parallelism=case.config.parallelism)
        with create_session() as session:
            self._write_pools(session)
            job = self.make_job(session)
            session.add(job)
            session.flush()
            session.expunge(job)
        self.executor.job_id = job.id
        self.scheduler = self.make_scheduler(job)
        self.dags = {dag.dag_id: written(dag, case.config, self.vocabulary) for dag in case.dags}
        self._trigger_timeouts = any(
            task.kind == "deferrable" and task.timeout_s is not None
            for dag in case.dags
            for task in dag.tasks
        )

    def change(self, spec: DagSpec) -> None:
        """Another version of a DAG is deployed, and parsed."""
        self.dags[spec.dag_id] = written(spec, self.case.config, self.vocabulary)
        self.parse()

    def close(self) -> None:
        """Forget the case."""
        self._disconnect()
        journal.remove(self.environment.database)

    def _configure(self) -> None:
        config = self.case.config
        core = {
            "parallelism": config.parallelism,
            "max_active_tasks_per_dag": config.max_active_tasks_per_dag,
            "max_active_runs_per_dag": config.max_active_runs_per_dag,
            "default_pool_task_slot_count": config.default_pool_slots,
        }
        os.environ.update({f"AIRFLOW__CORE__{key.upper()}": str(v) for key, v in core.items()})
        os.environ["AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY"] = str(config.max_tis_per_query)
        # these two were read when their classes were made
        DagRun.DEFAULT_DAGRUNS_TO_EXAMINE = config.max_dagruns_per_loop_to_schedule
        DagModel.NUM_DAGS_PER_DAGRUN_QUERY = config.max_dagruns_to_create_per_loop

    def _write_pools(self, session: Any) -> None:
        default = session.scalar(select(Pool).where(Pool.pool == Pool.DEFAULT_POOL_NAME))
        default.slots = self.case.config.default_pool_slots
        for name, spec in self.case.pools.items():
            pool = default if name == Pool.DEFAULT_POOL_NAME else Pool(pool=name, description="")
            pool.slots, pool.include_deferred = spec.slots, spec.include_deferred
            session.add(pool)

    @staticmethod
    def _disconnect() -> None:
        """Close all connections; the engine stays, its cache of compiled SQL saves much time."""
        settings.Session.remove()
        settings.engine.dispose()

    # What the releases do differently

    def refuse_what_is_missing(self, case: CaseSpec) -> None:  # noqa: B027 - nothing is missing
        """Raise RecorderError if this release lacks what the case uses."""

    @abstractmethod
    def make_job(self, session: Any) -> Job:
        """The scheduler's job; also what the database must hold before DAGs are written."""

    @abstractmethod
    def make_scheduler(self, job: Job) -> OrderedScheduler:
        """The scheduler itself."""

    @abstractmethod
    def parse(self) -> None:
        """Write all DAGs to the database as the DAG processor does."""

    @abstractmethod
    def create_manual_run(self, run: ManualRunSpec, logical_date: datetime | None) -> None:
        """Create a queued run as the API does."""

    @abstractmethod
    def create_backfill(self, spec: BackfillSpec) -> None:
        """Somebody asks for a backfill."""

    @abstractmethod
    def update_asset(self, name: str) -> None:
        """Something outside updates an asset."""

    @abstractmethod
    def consumed(self, run: Any) -> list[str]:
        """The assets of the events that a run got."""

    @abstractmethod
    def begin(self, item: Any) -> Begun:
        """Make a task instance running, as a worker does first."""

    @abstractmethod
    def execute(self, ended: Try) -> int | None:
        """Run Airflow's own code for the end of a try; the trigger's id if it deferred."""

    @abstractmethod
    def with_task(self, ti: TaskInstance, session: Any) -> TaskInstance:
        """Give a task instance from the database its operator."""

    @abstractmethod
    def reschedules_of(self, ti: TaskInstance) -> list[Any]:
        """Conditions that select the reschedule rows of a task instance."""

    # Driving

    def scheduler_pass(self) -> list[Any]:
        """One scheduler loop and one executor heartbeat; what the workers took, in order."""
        with create_session() as session:
            self.scheduler._process_executor_events(executor=self.executor, session=session)
        if self._trigger_timeouts:
            self.scheduler.check_trigger_timeouts()
        with create_session() as session:
            self.scheduler._do_scheduling(session)
            session.expunge_all()
        self.executor.heartbeat()
        taken, self.executor.taken = self.executor.taken, []
        return taken

    def end(self, ended: Try) -> int | None:
        """End a try as its script says; the trigger's id if it deferred."""
        rule = ended.rule
        true_at = rule.true_at_s
        self._stage(
            Script(
                outcome=rule.outcome,
                timed_out=ended.timed_out,
                follow=rule.follow,
                condition=rule.condition,
                sensed=true_at is not None and CLOCK.now >= at(self.case, true_at),
                result=self._result(ended),
            )
        )
        return self.execute(ended)

    @staticmethod
    def _stage(what: Script) -> None:
        vars(script).update(vars(what))

    def _result(self, ended: Try) -> Any:
        """A list if something is mapped over the whole result, one item if over each instance's."""
        operator = self.dags[ended.key.dag_id].get_task(ended.key.task_id)
        if ended.task.expand is None and any(operator.iter_mapped_dependants()):
            return [*range(ended.rule.length)]
        return f"item {ended.key.map_index}"

    def free(self, killed: Try) -> None:
        """Give back the slot of a try whose state Airflow changed behind its back."""
        self.executor.fail(killed.key)

    def fire(self, trigger_id: int) -> None:
        """Deliver a trigger's event."""
        with create_session() as session:
            Trigger.submit_event(trigger_id, TriggerEvent("fired"), session=session)

    # Looking

    def still_running(self) -> set[tuple[str, str, str, int]]:
        """The task instances that are running by the database."""
        query = "SELECT dag_id, run_id, task_id, map_index FROM task_instance WHERE state='running'"
        return {tuple(row) for row in self._rows(query)}  # type: ignore[misc]

    def fingerprint(self) -> Hashable:
        """Changes whenever a pass has changed something that the next pass may act on."""
        flag = ", exceeds_max_non_backfill" if hasattr(DagModel, "exceeds_max_non_backfill") else ""
        return (
            tuple(self._rows("SELECT max(number) FROM journal")),
            tuple(self._rows("SELECT count(*) FROM task_instance")),
            tuple(self._rows(f"SELECT dag_id, next_dagrun_create_after{flag} FROM dag ORDER BY 1")),
            tuple(self._rows(f"SELECT count(*) FROM {self.asset_queue}")),
            len(self.executor.queued_tasks),
            len(self.executor.running),
            len(self.executor.event_buffer),
        )

    def wake_times(self) -> list[datetime]:
        """Every instant at which the database alone can give the scheduler something to do."""
        with create_session() as session:
            return [
                *self._creation_times(session),
                *self._run_timeouts(session),
                *(time for ti in self._waiting(session) for time in self._wakes(ti, session)),
            ]

    @staticmethod
    def _creation_times(session: Any) -> Iterator[datetime]:
        for model in session.scalars(select(DagModel)):
            full = getattr(model, "exceeds_max_non_backfill", False)
            if model.next_dagrun_create_after is not None and not full:
                yield model.next_dagrun_create_after

    def _run_timeouts(self, session: Any) -> Iterator[datetime]:
        timeouts = {dag.dag_id: dag.dagrun_timeout_s for dag in self.case.dags}
        for run in session.scalars(select(DagRun).where(DagRun.state == "running")):
            timeout = timeouts[run.dag_id]
            if timeout is not None:
                yield run.start_date + timedelta(seconds=timeout) + STRICTLY_AFTER

    @staticmethod
    def _waiting(session: Any) -> list[TaskInstance]:
        states = ("up_for_retry", "up_for_reschedule", "deferred")
        return list(session.scalars(select(TaskInstance).where(TaskInstance.state.in_(states))))

    def _wakes(self, ti: TaskInstance, session: Any) -> Iterator[datetime]:
        if ti.state == "up_for_retry":
            yield self.with_task(ti, session).next_retry_datetime() + STRICTLY_AFTER
        elif ti.state == "deferred":
            if ti.trigger_timeout is not None:
                yield _aware(ti.trigger_timeout) + STRICTLY_AFTER
        else:
            newest = select(TaskReschedule.reschedule_date).where(*self.reschedules_of(ti))
            yield from session.scalars(newest.order_by(TaskReschedule.id.desc()).limit(1))

    def journal(self) -> list[Any]:
        """The journal: at, dag_id, run_id, task_id, map_index, try_number, state."""
        return self._rows(
            "SELECT at, dag_id, run_id, task_id, map_index, try_number, state "
            "FROM journal ORDER BY number"
        )

    def runs(self) -> list[dict[str, Any]]:
        """All runs, in the order of their creation."""
        with create_session() as session:
            return [self._run(run) for run in session.scalars(select(DagRun).order_by(DagRun.id))]

    def _run(self, run: DagRun) -> dict[str, Any]:
        interval = (run.data_interval_start, run.data_interval_end)
        return {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "run_type": str(getattr(run.run_type, "value", run.run_type)),
            "logical_date": _in_utc(getattr(run, self.date_column)),
            "data_interval": [_in_utc(moment) for moment in interval],
            "run_after": _in_utc(getattr(run, "run_after", interval[1])),
            "state": str(getattr(run.state, "value", run.state)),
            **self._consumed(run),
        }

    def _consumed(self, run: DagRun) -> dict[str, Any]:
        kind = str(getattr(run.run_type, "value", run.run_type))
        if kind not in BY_ASSETS:
            return {}
        return {"consumed": dict(Counter(sorted(self.consumed(run))))}

    def task_instances(self) -> list[dict[str, Any]]:
        """All task instances."""
        columns = "dag_id, run_id, task_id, map_index, try_number, state, priority_weight"
        rows = self._rows(f"SELECT {columns} FROM task_instance")
        return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]

    @staticmethod
    def _rows(query: str) -> list[Any]:
        with settings.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def at(case: CaseSpec, seconds: float) -> datetime:
    """The instant that lies so many seconds after the case's start."""
    return instant(case.start) + span(seconds)


def span(seconds: float) -> timedelta:
    """So many seconds, to the microsecond."""
    return timedelta(microseconds=round(seconds * 1_000_000))


def _aware(moment: datetime) -> datetime:
    """2.x stores some instants without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_utc(moment: datetime | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment.timestamp(), UTC).isoformat()
