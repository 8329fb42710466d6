"""Airflow 2: the task instance runs itself, and then a mini scheduler looks at its downstreams."""

from __future__ import annotations

import os
import warnings
from datetime import datetime
from typing import Any

warnings.filterwarnings("ignore")

import airflow.providers.fab.auth_manager.models  # noqa: E402, F401 - notes of tasks refer to its table
import pendulum  # noqa: E402
from airflow import exceptions  # noqa: E402
from airflow.datasets import Dataset, DatasetAll, DatasetAny  # noqa: E402
from airflow.datasets.manager import dataset_manager  # noqa: E402
from airflow.decorators import task_group  # noqa: E402
from airflow.executors.base_executor import BaseExecutor  # noqa: E402
from airflow.jobs.job import Job  # noqa: E402
from airflow.models.baseoperator import BaseOperator  # noqa: E402
from airflow.models.dag import DAG  # noqa: E402
from airflow.models.serialized_dag import SerializedDagModel  # noqa: E402
from airflow.models.taskinstance import TaskInstance  # noqa: E402
from airflow.models.taskreschedule import TaskReschedule  # noqa: E402
from airflow.operators.branch import BaseBranchOperator  # noqa: E402
from airflow.operators.empty import EmptyOperator  # noqa: E402
from airflow.operators.latest_only import LatestOnlyOperator  # noqa: E402
from airflow.operators.python import ShortCircuitOperator  # noqa: E402
from airflow.sensors.base import BaseSensorOperator  # noqa: E402
from airflow.timetables.datasets import DatasetOrTimeSchedule  # noqa: E402
from airflow.timetables.interval import (  # noqa: E402
    CronDataIntervalTimetable,
    DeltaDataIntervalTimetable,
)
from airflow.timetables.trigger import CronTriggerTimetable  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402
from airflow.utils.task_group import TaskGroup  # noqa: E402
from airflow.utils.types import DagRunType  # noqa: E402
from caseformat import BackfillSpec, CaseSpec, ManualRunSpec  # noqa: E402
from dags import Vocabulary  # noqa: E402
from deployment import Begun, Deployment, OrderedScheduler, RecorderError, Try  # noqa: E402
from operators import Bases, operators  # noqa: E402
from sqlalchemy import select  # noqa: E402

VOCABULARY = Vocabulary(
    dag=DAG,
    task_group=TaskGroup,
    task_group_decorator=task_group,
    operators=operators(
        Bases(
            operator=BaseOperator,
            empty=EmptyOperator,
            branch=BaseBranchOperator,
            short_circuit=ShortCircuitOperator,
            latest_only=LatestOnlyOperator,
            sensor=BaseSensorOperator,
            failure=exceptions.AirflowException,
            final_failure=exceptions.AirflowFailException,
            skip=exceptions.AirflowSkipException,
            task_timeout=exceptions.AirflowTaskTimeout,
            sensor_timeout=exceptions.AirflowSensorTimeout,
        )
    ),
    timetables={
        ("cron", "trigger"): CronTriggerTimetable,
        ("cron", "interval"): CronDataIntervalTimetable,
        ("every_s", "interval"): DeltaDataIntervalTimetable,
    },
    fail_fast="fail_stop",
    asset=Dataset,
    asset_all=DatasetAll,
    asset_any=DatasetAny,
    asset_or_time=lambda timetable, assets: DatasetOrTimeSchedule(
        timetable=timetable, datasets=assets
    ),
)


class Scheduler2(OrderedScheduler):
    """Uses the executor that its job brings, and leaves the DAG files to us."""

    def __init__(self, job: Job) -> None:
        super().__init__(job=job, subdir=os.devnull)
        self._standalone_dag_processor = True

    def _try_to_load_executor(self, executor_name: str | None) -> BaseExecutor:
        return self.job.executor


class Airflow2(Deployment):
    """A deployment of Airflow 2.11."""

    vocabulary = VOCABULARY
    date_column = "execution_date"
    asset_queue = "dataset_dag_run_queue"

    def refuse_what_is_missing(self, case: CaseSpec) -> None:
        tasks = [task for dag in case.dags for task in dag.tasks]
        schedules = [dag.schedule for dag in case.dags if isinstance(dag.schedule, dict)]
        missing = {
            "backoff multiplier": any(
                not isinstance(task.retry_exponential_backoff, bool) for task in tasks
            ),
            "all_done_min_one_success": any(
                task.trigger_rule == "all_done_min_one_success" for task in tasks
            ),
            "backfills by the scheduler": bool(case.backfills),
            "run without a logical date": any(r.logical_date is None for r in case.manual_runs),
            "DeltaTriggerTimetable": any(
                "every_s" in schedule and schedule.get("timetable") == "trigger"
                for schedule in schedules
            ),
        }
        lacks = [what for what, is_used in missing.items() if is_used]
        if lacks:
            raise RecorderError(f"Airflow 2 lacks: {', '.join(lacks)}")

    def make_job(self, session: Any) -> Job:
        return Job(executor=self.executor)

    def make_scheduler(self, job: Job) -> OrderedScheduler:
        return Scheduler2(job)

    def parse(self) -> None:
        with create_session() as session:
            DAG.bulk_write_to_db(list(self.dags.values()), session=session)
            for dag in self.dags.values():
                SerializedDagModel.write_dag(dag, session=session)

    def create_manual_run(self, run: ManualRunSpec, logical_date: datetime | None) -> None:
        dag_bag = self.scheduler.dagbag
        with create_session() as session:
            dag = dag_bag.get_dag(run.dag_id, session=session)
            date = pendulum.instance(logical_date)
            dag.create_dagrun(
                run_id=run.run_id,
                run_type=DagRunType.MANUAL,
                state="queued",
                external_trigger=True,
                execution_date=date,
                data_interval=dag.timetable.infer_manual_data_interval(run_after=date),
                dag_hash=dag_bag.dags_hash.get(run.dag_id),
                session=session,
            )

    def create_backfill(self, spec: BackfillSpec) -> None:
        raise RecorderError("in Airflow 2 no scheduler runs backfills")

    def update_asset(self, name: str) -> None:
        with create_session() as session:
            dataset_manager.register_dataset_change(dataset=Dataset(name), session=session)

    def consumed(self, run: Any) -> list[str]:
        return [event.uri for event in run.consumed_dataset_events]

    def begin(self, item: Any) -> Begun:
        with create_session() as session:
            ti = self._found(item, session)
            resumed = ti.next_method is not None
            may_run = ti.check_and_change_state_before_execution(
                pool=ti.pool, job_id="1", session=session
            )
            if not may_run:
                raise RecorderError(f"{item} was given to a worker but may not run")
            return Begun(logical_date=ti.execution_date, resumed=resumed)

    def execute(self, ended: Try) -> int | None:
        failed = self._raw_run(ended.key)
        with create_session() as session:
            ti = self._found(ended.key, session)
            deferred = ti.state == "deferred"
            trigger_id = ti.trigger_id if deferred else None
            if self.case.config.mini_scheduler and not deferred:
                ti.schedule_downstream_tasks(
                    session=session, max_tis_per_query=self.scheduler.job.max_tis_per_query
                )
        (self.executor.fail if failed else self.executor.success)(ended.key)
        return trigger_id

    def _raw_run(self, key: Any) -> bool:
        """Run the task as the task process does; whether it failed."""
        try:
            with create_session() as session:
                ti = self._found(key, session)
                try:
                    ti._run_raw_task(pool=ti.pool, job_id="1", session=session)
                # Airflow records a failure and raises it again; a timeout is no Exception
                except (Exception, exceptions.AirflowTaskTimeout):
                    return True
        finally:
            with create_session() as session:
                if self._found(key, session).state == "running":
                    raise RecorderError(f"{key} is still running after its end")
        return False

    def _found(self, key: Any, session: Any) -> TaskInstance:
        same = ("dag_id", "run_id", "task_id", "map_index")
        conditions = [getattr(TaskInstance, name) == getattr(key, name) for name in same]
        ti = session.scalar(select(TaskInstance).where(*conditions))
        ti.refresh_from_task(self.dags[key.dag_id].get_task(key.task_id))
        return ti

    def with_task(self, ti: TaskInstance, session: Any) -> TaskInstance:
        ti.task = self.dags[ti.dag_id].get_task(ti.task_id)
        return ti

    def reschedules_of(self, ti: TaskInstance) -> list[Any]:
        same = ("dag_id", "run_id", "task_id", "map_index")
        return [getattr(TaskReschedule, name) == getattr(ti, name) for name in same]
