"""Airflow 3: the Execution API's own functions stand between its scheduler and its task runner."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import uuid6
from environment import CountedUuids

UUIDS = CountedUuids()
uuid6.uuid7 = UUIDS  # before Airflow imports it by name

import pendulum  # noqa: E402
import structlog  # noqa: E402
from airflow.api_fastapi.execution_api.datamodels import taskinstance as payloads  # noqa: E402
from airflow.api_fastapi.execution_api.routes import task_instances as api  # noqa: E402
from airflow.api_fastapi.execution_api.routes import xcoms  # noqa: E402
from airflow.api_fastapi.execution_api.routes.task_reschedules import get_start_date  # noqa: E402
from airflow.assets.manager import asset_manager  # noqa: E402
from airflow.dag_processing.collection import update_dag_parsing_results_in_db  # noqa: E402
from airflow.jobs.job import Job  # noqa: E402
from airflow.models import backfill  # noqa: E402
from airflow.models.asset import AssetModel  # noqa: E402
from airflow.models.dagbag import DBDagBag  # noqa: E402
from airflow.models.dagbundle import DagBundleModel  # noqa: E402
from airflow.models.taskinstance import TaskInstance  # noqa: E402
from airflow.models.taskreschedule import TaskReschedule  # noqa: E402
from airflow.providers.standard.operators.empty import EmptyOperator  # noqa: E402
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator  # noqa: E402
from airflow.providers.standard.operators.python import ShortCircuitOperator  # noqa: E402
from airflow.sdk import (  # noqa: E402
    DAG,
    Asset,
    AssetAll,
    AssetAny,
    AssetOrTimeSchedule,
    BaseOperator,
    BaseSensorOperator,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    TaskGroup,
    exceptions,
    task_group,
)
from airflow.sdk.api.datamodels._generated import TIRunContext  # noqa: E402
from airflow.sdk.bases.branch import BaseBranchOperator  # noqa: E402
from airflow.sdk.execution_time import comms, task_runner  # noqa: E402
from airflow.sdk.execution_time.supervisor import set_supervisor_comms  # noqa: E402
from airflow.serialization.serialized_objects import LazyDeserializedDAG  # noqa: E402
from airflow.utils.session import create_session  # noqa: E402
from airflow.utils.types import DagRunTriggeredByType, DagRunType  # noqa: E402
from caseformat import BackfillSpec, CaseSpec, ManualRunSpec, instant  # noqa: E402
from dags import Vocabulary  # noqa: E402
from deployment import (  # noqa: E402
    CLOCK,
    Begun,
    Deployment,
    OrderedScheduler,
    RecorderError,
    Try,
)
from fastapi import Response  # noqa: E402
from operators import Bases, operators  # noqa: E402
from sqlalchemy import select  # noqa: E402

BUNDLE = "cases"


def _dag(**arguments: Any) -> DAG:
    dag = DAG(**arguments)
    dag.relative_fileloc = "dag.py"
    return dag


VOCABULARY = Vocabulary(
    dag=_dag,
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
        ("every_s", "trigger"): DeltaTriggerTimetable,
        ("every_s", "interval"): DeltaDataIntervalTimetable,
    },
    fail_fast="fail_fast",
    asset=Asset,
    asset_all=AssetAll,
    asset_any=AssetAny,
    asset_or_time=lambda timetable, assets: AssetOrTimeSchedule(timetable=timetable, assets=assets),
)


class RenderedTaskInstance(task_runner.RuntimeTaskInstance):
    """The task runner's view of a task instance; its operator has no templates to render."""

    def render_templates(self, context: Any = None, jinja_env: Any = None) -> Any:
        return self.task


class Supervisor:
    """Takes the task runner's messages straight to the Execution API's functions."""

    def __init__(self, ti_id: Any, dag_bag: DBDagBag) -> None:
        self.ti_id = ti_id
        self.dag_bag = dag_bag
        self.trigger_id: int | None = None

    def send(self, msg: Any) -> Any:
        """Answer one message."""
        with create_session() as session:
            match msg:
                case comms.ValidateInletsAndOutlets():
                    return comms.InactiveAssetsResult(inactive_assets=[])
                case comms.SetRenderedFields() | comms.SetRenderedMapIndex():
                    return None
                case comms.GetTaskRescheduleStartDate():
                    first = get_start_date(self.ti_id, session)
                    return comms.TaskRescheduleStartDate(start_date=first)
                case comms.GetXCom():
                    return comms.XComResult(key=msg.key, value=None)
                case comms.SetXCom():
                    xcoms.set_xcom(
                        **_xcom_key(msg),
                        session=session,
                        value=msg.value,
                        dag_result=False,
                        mapped_length=msg.mapped_length,
                    )
                case comms.DeleteXCom():
                    xcoms.delete_xcom(**_xcom_key(msg), session=session)
                case comms.SkipDownstreamTasks():
                    skipped = payloads.TISkippedDownstreamTasksStatePayload(tasks=list(msg.tasks))
                    api.ti_skip_downstream(self.ti_id, skipped, session)
                case _:
                    api.ti_update_state(self.ti_id, _payload(msg), session, self.dag_bag)
                    if isinstance(msg, comms.DeferTask):
                        self.trigger_id = session.get(TaskInstance, self.ti_id).trigger_id
        return None


def _xcom_key(msg: Any) -> dict[str, Any]:
    return {
        "dag_id": msg.dag_id,
        "run_id": msg.run_id,
        "task_id": msg.task_id,
        "key": msg.key,
        "map_index": -1 if msg.map_index is None else msg.map_index,
    }


def _payload(msg: Any) -> Any:
    match msg:
        case comms.SucceedTask():
            return payloads.TISuccessStatePayload(
                state="success",
                end_date=msg.end_date,
                task_outlets=msg.task_outlets or [],
                outlet_events=msg.outlet_events or [],
            )
        case comms.RetryTask():
            return payloads.TIRetryStatePayload(state="up_for_retry", end_date=msg.end_date)
        case comms.RescheduleTask():
            return payloads.TIRescheduleStatePayload(
                state="up_for_reschedule",
                end_date=msg.end_date,
                reschedule_date=msg.reschedule_date,
            )
        case comms.DeferTask():
            passed_on = (
                "classpath",
                "trigger_kwargs",
                "trigger_timeout",
                "next_method",
                "next_kwargs",
            )
            return payloads.TIDeferredStatePayload(
                state="deferred", **{name: getattr(msg, name) for name in passed_on}
            )
        case comms.TaskState():
            return payloads.TITerminalStatePayload(state=msg.state.value, end_date=msg.end_date)
    raise RecorderError(f"the task runner sent {type(msg).__name__}, which nobody here answers")


class Airflow3(Deployment):
    """A deployment of Airflow 3."""

    vocabulary = VOCABULARY
    date_column = "logical_date"
    asset_queue = "asset_dag_run_queue"

    def open(self, case: CaseSpec) -> None:
        UUIDS.restart()
        super().open(case)
        self.dag_bag = DBDagBag()

    def make_job(self, session: Any) -> Job:
        session.add(DagBundleModel(name=BUNDLE))
        return Job()

    def make_scheduler(self, job: Job) -> OrderedScheduler:
        return OrderedScheduler(job=job, executors=[self.executor])

    def parse(self) -> None:
        errors: dict[Any, str] = {}
        with create_session() as session:
            parsed = [LazyDeserializedDAG.from_dag(dag) for dag in self.dags.values()]
            update_dag_parsing_results_in_db(BUNDLE, None, parsed, errors, None, set(), session)
        if errors:
            raise RecorderError(f"Airflow does not accept a DAG: {errors}")

    def create_manual_run(self, run: ManualRunSpec, logical_date: datetime | None) -> None:
        with create_session() as session:
            dag = self.dag_bag.get_latest_version_of_dag(run.dag_id, session=session)
            date = None if logical_date is None else pendulum.instance(logical_date)
            interval = (
                None if date is None else dag.timetable.infer_manual_data_interval(run_after=date)
            )
            dag.create_dagrun(
                run_id=run.run_id,
                run_type=DagRunType.MANUAL,
                state="queued",
                triggered_by=DagRunTriggeredByType.REST_API,
                logical_date=date,
                data_interval=interval,
                run_after=pendulum.instance(CLOCK.now),
                session=session,
            )

    def create_backfill(self, spec: BackfillSpec) -> None:
        backfill._create_backfill(
            dag_id=spec.dag_id,
            from_date=pendulum.instance(instant(spec.from_date)),
            to_date=pendulum.instance(instant(spec.to_date)),
            max_active_runs=spec.max_active_runs,
            reverse=spec.run_backwards,
            dag_run_conf=None,
            triggering_user_name=None,
            reprocess_behavior=backfill.ReprocessBehavior(spec.reprocess_behavior),
        )

    def update_asset(self, name: str) -> None:
        with create_session() as session:
            model = session.scalar(select(AssetModel).where(AssetModel.name == name))
            asset_manager.register_asset_change(asset=model, session=session, source_is_api=True)

    def consumed(self, run: Any) -> list[str]:
        return [event.asset.name for event in run.consumed_asset_events]

    def begin(self, item: Any) -> Begun:
        started = payloads.TIEnterRunningPayload(
            state="running", hostname="h", unixname="u", pid=1, start_date=CLOCK.now
        )
        token = SimpleNamespace(claims=SimpleNamespace(scope="execution"))
        with create_session() as session:
            answer = api.ti_run(item.id, started, Response(), session, self.dag_bag, None, token)
            # over the wire and back, as a worker would get it
            sent = answer.model_dump_json(exclude_unset=True)
        context = TIRunContext.model_validate_json(sent)
        return Begun(
            logical_date=context.dag_run.logical_date,
            resumed=context.next_method is not None,
            context=(item, context),
        )

    def execute(self, ended: Try) -> int | None:
        item, context = ended.context
        dag = self.dags[item.dag_id]
        operator = defined = dag.get_task(item.task_id)
        if ended.task.expand is not None:
            operator = defined.unmap({"first": item.map_index})
            operator.dag, operator.task_group = dag, defined.task_group
        same = ("id", "dag_id", "run_id", "task_id", "map_index", "try_number", "dag_version_id")
        runtime_ti = RenderedTaskInstance.model_construct(
            **{name: getattr(item, name) for name in same},
            task=operator,
            is_mapped=ended.task.expand is not None,
            state="running",
            start_date=ended.begun,
            max_tries=context.max_tries,
            hostname="h",
            queue="default",
            context_carrier=None,
            bundle_instance=None,
            _ti_context_from_server=context,
        )
        supervisor = Supervisor(item.id, self.dag_bag)
        with set_supervisor_comms(supervisor):
            task_runner.run(
                runtime_ti, runtime_ti.get_template_context(), structlog.get_logger("task")
            )
        if getattr(runtime_ti, "_terminal_state_send_failed", False):
            raise RecorderError(f"Airflow did not accept the end of {ended.key}")
        self.executor.success(ended.key)
        return supervisor.trigger_id

    def with_task(self, ti: TaskInstance, session: Any) -> TaskInstance:
        dag = self.dag_bag.get_dag_for_run(ti.dag_run, session=session)
        ti.task = dag.get_task(ti.task_id)
        return ti

    def reschedules_of(self, ti: TaskInstance) -> list[Any]:
        return [TaskReschedule.ti_id == ti.id]
