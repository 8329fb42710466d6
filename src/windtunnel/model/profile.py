"""Version profiles: what one Airflow release decides differently from another, as data."""

from __future__ import annotations

from typing import Literal

from windtunnel.model.base import Value
from windtunnel.model.schedule import TimetableFamily
from windtunnel.model.xcom import XComColumn


class Profile(Value):
    """The scheduling differences between releases. Sources are paths under ``airflow/`` of that
    release."""

    name: str
    catchup_default: bool
    """``[scheduler] catchup_by_default``."""
    timetable_default: TimetableFamily
    """``[scheduler] create_cron_data_intervals``; both cron strings and timedeltas follow it."""
    max_active_tasks_per: Literal["run", "dag"]
    """What ``max_active_tasks`` counts over (``jobs/scheduler_job_runner.py:
    ConcurrencyMap.load``)."""
    candidate_window: bool
    """Whether each run offers only its first ``max_active_tasks`` scheduled tasks to the critical
    section."""
    ties_by_dag_id: bool
    """Whether equal candidates come by dag_id before creation order (what SQLite does in 3.x)."""
    deferred_counts_for_task_limits: bool
    """Whether ``max_active_tis_per_dag(run)`` counts deferred tasks (``ACTIVE_STATES`` of 3.x)."""
    ignore_first_depends_on_past: bool
    mini_scheduler: bool
    """Whether a worker schedules the direct downstream tasks when a try ends (2.x)."""
    sensor_timeout_spans_tries: bool
    """Whether a reschedule sensor's timeout counts from its very first poke, over all tries
    (2.x)."""
    execution_timeout_spans_deferral: bool
    """Whether execution_timeout counts from the try's first start over all that it does, deferred
    or not (2.x); in 3.x it bounds each stay on a worker by itself."""
    execution_timeout_bounds_triggered_wait: bool
    """Whether execution_timeout ends a TriggerDagRunOperator that waits for its run (2.x); in 3.x
    the wait is outside of ``execute`` (``task_runner.py: _handle_trigger_dag_run``)."""
    existing_run_is_final: bool
    """Whether TriggerDagRunOperator fails for good when a run of its ``trigger_run_id`` exists
    (3.x, ``task_runner.py: _handle_trigger_dag_run``), or with its retries (2.x)."""
    existing_date_is_existing_run: bool
    """Whether a run of the same logical date counts as that run, too (2.x, ``models/dagrun.py:
    find_duplicate``); in 3.x the database refuses a second one, which is an ordinary failure."""
    external_existence_is_checked: bool
    """Whether ``check_existence`` of an ExternalTaskSensor has any effect (2.x)."""
    external_group_as_a_whole: bool
    """Whether an ExternalTaskSensor counts the runs in which all tasks of its group have one of the
    states (3.x, ``utils/sensor_helper.py``), or the single task instances (2.x)."""
    sensor_timeout_from_first_reschedule: bool
    """Whether a reschedule sensor's timeout counts from the end of its first poke, when the row
    that it is read from is written (3.x, ``execution_api/routes/task_instances.py``), or from its
    start (2.x)."""
    removed_counts_only_if_mapped: bool
    """Whether a removed upstream is forgiven only to mapped tasks (2.x,
    ``trigger_rule_dep.py``)."""
    skip_overwrites_any_state: bool
    """Whether branch and short circuit skip downstream tasks whatever their state (2.x,
    ``skipmixin.py``)."""
    latest_only_from_own_start: bool
    """Whether LatestOnlyOperator's window begins with the run's own interval (3.x) or after it
    (2.x)."""
    mapped_branch_remembered: bool
    """Whether a branch inside a mapped group is honoured (2.x); 3.3 looks under map_index -1 and
    finds nothing."""
    unmapped_branch_reaches_instances: bool
    """Whether instances of an expanded task are skipped by an unmapped branch (3.x)."""
    timeout_skips_never_scheduled: bool
    """Whether dagrun_timeout skips tasks that were never scheduled, too (3.x)."""
    creation_flag: bool
    """3.x keeps ``exceeds_max_non_backfill``; 2.x nulls ``next_dagrun_create_after`` instead."""
    has_dag_versions: bool
    """Whether runs may be pinned to the version of their DAG with which they began (3.x)."""
    interval_moves_past_last: bool
    """Whether a timetable with data intervals, put in another's place, passes over a start that the
    last run has, too (3.x, ``timetables/interval.py``); else that run already exists."""
    backfills_in_scheduler: bool
    """Whether the scheduler itself runs backfills, all of whose runs exist from the beginning,
    under a limit of their own (3.x); in 2.x a command makes them in waves of ``max_active_runs``.
    """
    empty_with_inlets_runs: bool
    """Whether an EmptyOperator with inlets is executed (3.x); one with outlets always is."""
    asset_run_type: Literal["asset_triggered", "dataset_triggered"]
    """Type of the runs that assets start (``utils/types.py: DagRunType``)."""
    asset_runs_have_dates: bool
    """Whether these runs have a logical date, that of the event that completed the condition
    (2.x)."""
    start_order: Literal["run_after", "logical_date"]
    """Order in which queued runs start (``models/dagrun.py:
    get_queued_dag_runs_to_set_running``)."""
    teardown_waits_for_scope: bool
    """Whether a teardown waits for all tasks between its setups and itself (3.x)."""
    early_rules_see_all_instances: bool
    """Whether one_success and the like look at all indexes inside a mapped group (2.x)."""
    old_executors: bool
    """SequentialExecutor and the two in one with Kubernetes, which 3.0 removed."""
    local_executor_counts_running: bool
    """Whether LocalExecutor counts what it handed to its processes (2.x). 3.x forgets it
    (``executors/local_executor.py: _process_workloads``), and is given more than it can run."""
    start_token_expires: bool
    """Whether a task that begins later than ``task_queued_timeout`` after it was queued is refused:
    the token of its workload is too old (3.x, ``executors/workloads/base.py: generate_token``)."""
    executor_report_ends_running: bool
    """Whether a report of the executor that a try has failed ends one that still runs (3.x), or
    only one that is queued (2.x, ``jobs/scheduler_job_runner.py: process_executor_events``)."""
    restarting_begins_anew: bool
    """Whether a try that was cleared while it ran loses its state once its process is gone (3.x,
    ``process_executor_events``), or waits for a retry (2.x, ``handle_failure``)."""
    purges_restarting: bool
    """Whether a try that was cleared while it ran is given up, too, when its heartbeats are too old
    (3.x, ``jobs/scheduler_job_runner.py: _find_task_instances_without_heartbeats``), or only one
    that runs (2.x, ``_find_zombies``)."""
    orphan_begins_anew: bool
    """Whether a task instance that is reset as an orphan after its trigger has fired begins anew
    (3.x), or goes on from there (2.x, ``adopt_or_reset_orphaned_tasks``)."""
    run_marked_success_marks_all: bool
    """Whether a run marked as success takes all its tasks along, finished or not (2.x,
    ``api/common/mark_tasks.py``), or only those that run (3.x)."""
    terminated_is_final: bool
    """Whether no retry follows AirflowTaskTerminated (3.x, ``task_runner.py: run``)."""
    tasks_use_api_server: bool
    """Whether tries report to the API server (3.x), or to the database (2.x)."""

    xcom_column: XComColumn
    """What XComs are stored as (``models/xcom.py``)."""
    xcom_nested_tuples_kept: bool
    """Whether a tuple inside a list or dict is still one behind an XCom; in 2.x it is a list."""
    xcom_carries_pydantic: bool
    xcom_pull_means_own_task: bool
    """Whether ``xcom_pull`` without ``task_ids`` looks at the task's own XComs (3.x), or at those
    of all tasks (2.x)."""
    skipping_returns_nothing: bool
    """Whether a branch or short circuit that skips something pushes no ``return_value`` (3.x)."""
    callables_may_be_async: bool
    """Whether what an ``async`` callable makes is awaited (3.2)."""
    exit_may_succeed: bool
    """Whether a callable that leaves by ``sys.exit(0)`` succeeds (2.x)."""
    context_has_old_names: bool
    """``execution_date``, ``prev_ds``, ``next_ds`` and the like, which 3.0 removed."""
    has_slas: bool
    """Whether the ``sla`` of a task is looked at (2.x)."""


AIRFLOW_3_3 = Profile(
    name="airflow-3.3",
    catchup_default=False,
    timetable_default="trigger",
    max_active_tasks_per="run",
    candidate_window=True,
    ties_by_dag_id=True,
    deferred_counts_for_task_limits=True,
    ignore_first_depends_on_past=False,
    mini_scheduler=False,
    sensor_timeout_spans_tries=False,
    existing_run_is_final=True,
    existing_date_is_existing_run=False,
    external_existence_is_checked=False,
    external_group_as_a_whole=True,
    sensor_timeout_from_first_reschedule=True,
    execution_timeout_spans_deferral=False,
    execution_timeout_bounds_triggered_wait=False,
    removed_counts_only_if_mapped=False,
    skip_overwrites_any_state=False,
    latest_only_from_own_start=True,
    mapped_branch_remembered=False,
    unmapped_branch_reaches_instances=True,
    timeout_skips_never_scheduled=True,
    creation_flag=True,
    has_dag_versions=True,
    interval_moves_past_last=True,
    backfills_in_scheduler=True,
    empty_with_inlets_runs=True,
    asset_run_type="asset_triggered",
    asset_runs_have_dates=False,
    start_order="run_after",
    teardown_waits_for_scope=True,
    early_rules_see_all_instances=False,
    old_executors=False,
    local_executor_counts_running=False,
    start_token_expires=True,
    executor_report_ends_running=True,
    restarting_begins_anew=True,
    purges_restarting=True,
    orphan_begins_anew=True,
    run_marked_success_marks_all=False,
    terminated_is_final=True,
    tasks_use_api_server=True,
    xcom_column="json",
    xcom_nested_tuples_kept=True,
    xcom_carries_pydantic=True,
    xcom_pull_means_own_task=True,
    skipping_returns_nothing=True,
    callables_may_be_async=True,
    exit_may_succeed=False,
    context_has_old_names=False,
    has_slas=False,
)

AIRFLOW_2_11 = Profile(
    name="airflow-2.11",
    catchup_default=True,
    timetable_default="interval",
    max_active_tasks_per="dag",
    candidate_window=False,
    ties_by_dag_id=False,
    deferred_counts_for_task_limits=False,
    ignore_first_depends_on_past=True,
    mini_scheduler=True,
    sensor_timeout_spans_tries=True,
    existing_run_is_final=False,
    existing_date_is_existing_run=True,
    external_existence_is_checked=True,
    external_group_as_a_whole=False,
    sensor_timeout_from_first_reschedule=False,
    execution_timeout_spans_deferral=True,
    execution_timeout_bounds_triggered_wait=True,
    removed_counts_only_if_mapped=True,
    skip_overwrites_any_state=True,
    latest_only_from_own_start=False,
    mapped_branch_remembered=True,
    unmapped_branch_reaches_instances=False,
    timeout_skips_never_scheduled=False,
    creation_flag=False,
    has_dag_versions=False,
    interval_moves_past_last=False,
    backfills_in_scheduler=False,
    empty_with_inlets_runs=False,
    asset_run_type="dataset_triggered",
    asset_runs_have_dates=True,
    start_order="logical_date",
    teardown_waits_for_scope=False,
    early_rules_see_all_instances=True,
    old_executors=True,
    local_executor_counts_running=True,
    start_token_expires=False,
    executor_report_ends_running=False,
    restarting_begins_anew=False,
    purges_restarting=False,
    orphan_begins_anew=False,
    run_marked_success_marks_all=True,
    terminated_is_final=False,
    tasks_use_api_server=False,
    xcom_column="blob",
    xcom_nested_tuples_kept=False,
    xcom_carries_pydantic=False,
    xcom_pull_means_own_task=False,
    skipping_returns_nothing=False,
    callables_may_be_async=False,
    exit_may_succeed=True,
    context_has_old_names=True,
    has_slas=True,
)

PROFILES = {profile.name: profile for profile in (AIRFLOW_3_3, AIRFLOW_2_11)}
