"""The rules in which releases of Airflow differ, in words: what each value of a field of `Profile`
means to somebody who owns DAGs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from windtunnel.model.profile import PROFILES, Profile


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that another release decides differently."""

    name: str
    """The field of `Profile`."""
    before: Any
    after: Any

    @property
    def was(self) -> str:
        """What the first release does, in words."""
        return MEANS[self.name][self.before]

    @property
    def now(self) -> str:
        """What the second release does, in words."""
        return MEANS[self.name][self.after]


def rule_changes(before: Profile, after: Profile) -> Iterator[RuleChange]:
    """The rules that differ, in the order of the fields of `Profile`."""
    for name in Profile.model_fields:
        was, now = getattr(before, name), getattr(after, name)
        if name != "name" and was != now:
            yield RuleChange(name, was, now)


def profile_with(name: str, rules: Mapping[str, bool | str]) -> Profile:
    """The profile of a release, with some rules as others decide them.

    Raises:
        ValueError: there is no such rule, or no release decides it so.
    """
    for rule, value in rules.items():
        if rule not in MEANS:
            raise ValueError(f"rules: {rule!r} is none in which releases of Airflow differ")
        known = [getattr(profile, rule) for profile in PROFILES.values()]
        if value not in known:
            said = " or ".join(str(one).lower() for one in dict.fromkeys(known))
            raise ValueError(f"rules: {rule} is {said}, not {value!r}")
    return PROFILES[name].model_copy(update=dict(rules))


MEANS: Mapping[str, Mapping[bool | str, str]] = {
    "catchup_default": {
        True: "a DAG that doesn't say catchup gets a run for each interval since its start_date",
        False: "a DAG that doesn't say catchup gets a run for the latest interval only",
    },
    "timetable_default": {
        "interval": "a cron schedule has data intervals: a run comes when its interval is over",
        "trigger": "a cron schedule is a moment: a run comes at it, and its interval is empty",
    },
    "max_active_tasks_per": {
        "dag": "max_active_tasks counts over all runs of a DAG",
        "run": "max_active_tasks counts in each run by itself",
    },
    "candidate_window": {
        True: "a run offers only its first max_active_tasks scheduled tasks to be queued",
        False: "a run offers all of its scheduled tasks to be queued",
    },
    "ties_by_dag_id": {
        True: "of equal tasks those of the DAG with the smaller dag_id are queued first",
        False: "of equal tasks the one that was created first is queued first",
    },
    "deferred_counts_for_task_limits": {
        True: "max_active_tis_per_dag and _per_dagrun count deferred tasks, too",
        False: "max_active_tis_per_dag and _per_dagrun don't count deferred tasks",
    },
    "ignore_first_depends_on_past": {
        True: "a depends_on_past task that a DAG gets later begins with the next run",
        False: "a depends_on_past task that a DAG gets later never begins",
    },
    "mini_scheduler": {
        True: "a worker schedules the direct downstream tasks when a task ends",
        False: "only the scheduler schedules tasks",
    },
    "sensor_timeout_spans_tries": {
        True: "the timeout of a reschedule sensor counts from its first poke over all tries",
        False: "the timeout of a reschedule sensor counts in each try anew",
    },
    "existing_run_is_final": {
        True: "TriggerDagRunOperator fails without retries if its run exists already",
        False: "TriggerDagRunOperator is retried if its run exists already",
    },
    "existing_date_is_existing_run": {
        True: "a run of the same logical date counts as the run that is to be triggered",
        False: "only a run of the same run_id counts as the run that is to be triggered",
    },
    "external_existence_is_checked": {
        True: "check_existence of ExternalTaskSensor fails it if what it waits for isn't there",
        False: "check_existence of ExternalTaskSensor has no effect",
    },
    "external_group_as_a_whole": {
        True: "ExternalTaskSensor counts runs in which the whole task group is in a state",
        False: "ExternalTaskSensor counts the task instances of a group one by one",
    },
    "sensor_timeout_from_first_reschedule": {
        True: "the timeout of a reschedule sensor counts from the end of its first poke",
        False: "the timeout of a reschedule sensor counts from the start of its first poke",
    },
    "execution_timeout_spans_deferral": {
        True: "execution_timeout counts over all that a try does, deferred or not",
        False: "execution_timeout counts each stay on a worker by itself",
    },
    "execution_timeout_bounds_triggered_wait": {
        True: "execution_timeout ends a TriggerDagRunOperator that waits for its run",
        False: "execution_timeout does not end a TriggerDagRunOperator that waits for its run",
    },
    "removed_counts_only_if_mapped": {
        True: "a removed upstream task is forgiven only to mapped tasks",
        False: "a removed upstream task is forgiven to all tasks",
    },
    "skip_overwrites_any_state": {
        True: "a branch or short circuit skips downstream tasks whatever their state",
        False: "a branch or short circuit skips only downstream tasks that have not begun",
    },
    "latest_only_from_own_start": {
        True: "LatestOnlyOperator's window begins with the run's own interval",
        False: "LatestOnlyOperator's window begins after the run's own interval",
    },
    "mapped_branch_remembered": {
        True: "a branch in a mapped task group decides what is skipped",
        False: "a branch in a mapped task group is not remembered",
    },
    "unmapped_branch_reaches_instances": {
        True: "a branch skips the instances of a mapped task",
        False: "a branch does not skip the instances of a task that has been mapped",
    },
    "timeout_skips_never_scheduled": {
        True: "dagrun_timeout skips tasks that were never scheduled, too",
        False: "dagrun_timeout leaves tasks alone that were never scheduled",
    },
    "creation_flag": {
        True: "at max_active_runs the next run is planned, and only held back",
        False: "at max_active_runs no next run is planned until one ends",
    },
    "has_dag_versions": {
        True: "a run may be pinned to the version of its DAG with which it began",
        False: "a run follows its DAG file as that changes",
    },
    "interval_moves_past_last": {
        True: "after a change of schedule, an interval that the last run had is passed over",
        False: "after a change of schedule, an interval that the last run had comes again",
    },
    "backfills_in_scheduler": {
        True: "the scheduler runs backfills, under a max_active_runs of their own",
        False: "a command runs backfills, in waves of the DAG's max_active_runs",
    },
    "empty_with_inlets_runs": {
        True: "an EmptyOperator with inlets is queued and run",
        False: "an EmptyOperator with inlets is only marked as success",
    },
    "asset_run_type": {
        "asset_triggered": "runs that assets start are of type asset_triggered",
        "dataset_triggered": "runs that datasets start are of type dataset_triggered",
    },
    "asset_runs_have_dates": {
        True: "runs that assets start have the logical date of the last event",
        False: "runs that assets start have no logical date",
    },
    "start_order": {
        "run_after": "queued runs start in the order in which they were due",
        "logical_date": "queued runs start in the order of their logical dates",
    },
    "teardown_waits_for_scope": {
        True: "a teardown waits for all tasks between its setups and itself",
        False: "a teardown waits only for its direct upstream tasks",
    },
    "early_rules_see_all_instances": {
        True: "one_success and the like look at all instances inside a mapped task group",
        False: "one_success and the like look at the same index inside a mapped task group",
    },
    "old_executors": {
        True: "SequentialExecutor and the executors that are two in one exist",
        False: "SequentialExecutor and the executors that are two in one are gone",
    },
    "local_executor_counts_running": {
        True: "LocalExecutor counts the tasks that its processes run",
        False: "LocalExecutor is given more tasks than it has processes, and they wait in it",
    },
    "start_token_expires": {
        True: "a task that begins later than task_queued_timeout after it was queued is refused",
        False: "a task may begin however late after it was queued",
    },
    "executor_report_ends_running": {
        True: "a failure that the executor reports ends a task that still runs",
        False: "a failure that the executor reports ends only a task that is queued",
    },
    "restarting_begins_anew": {
        True: "a task that was cleared while it ran begins anew at once",
        False: "a task that was cleared while it ran waits for a retry",
    },
    "purges_restarting": {
        True: "a task that was cleared while it ran is given up without heartbeats",
        False: "only a task that runs is given up without heartbeats",
    },
    "orphan_begins_anew": {
        True: "an orphan whose trigger has fired begins anew",
        False: "an orphan whose trigger has fired goes on from there",
    },
    "run_marked_success_marks_all": {
        True: "a run marked as success marks all of its tasks",
        False: "a run marked as success marks only those of its tasks that run",
    },
    "terminated_is_final": {
        True: "no retry follows a task that was terminated",
        False: "a task that was terminated is retried",
    },
    "tasks_use_api_server": {
        True: "tasks report to the API server",
        False: "tasks report to the database",
    },
    "xcom_column": {
        "json": "XComs are stored as JSON",
        "blob": "XComs are stored as bytes",
    },
    "xcom_nested_tuples_kept": {
        True: "a tuple inside an XCom stays a tuple",
        False: "a tuple inside an XCom becomes a list",
    },
    "xcom_carries_pydantic": {
        True: "an XCom carries pydantic models",
        False: "an XCom carries no pydantic models",
    },
    "xcom_pull_means_own_task": {
        True: "xcom_pull without task_ids looks at the task's own XComs",
        False: "xcom_pull without task_ids looks at the XComs of all tasks",
    },
    "skipping_returns_nothing": {
        True: "a branch or short circuit that skips something pushes no return_value",
        False: "a branch or short circuit pushes its return_value in any case",
    },
    "callables_may_be_async": {
        True: "an async callable is awaited",
        False: "an async callable is not awaited",
    },
    "exit_may_succeed": {
        True: "a callable that leaves by sys.exit(0) succeeds",
        False: "a callable that leaves by sys.exit(0) fails",
    },
    "context_has_old_names": {
        True: "the context has execution_date, prev_ds and the like",
        False: "the context has no execution_date, prev_ds and the like",
    },
    "has_slas": {
        True: "the sla of a task is looked at",
        False: "the sla of a task is ignored",
    },
}
"""Field of `Profile` -> value -> what it means."""
