"""Turns a case of the neutral format into a windtunnel scenario."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from caseformat import (
    WEEK_S,
    BackfillSpec,
    CaseSpec,
    DagSpec,
    GroupSpec,
    Json,
    ManualRunSpec,
    RuleSpec,
    TaskSpec,
    expanded_over,
    groups_around,
    instant,
    read_case,
)

from windtunnel.model import (
    AssetCondition,
    Assets,
    AssetUpdate,
    Backfill,
    Behavior,
    Branch,
    Cluster,
    Cron,
    Dag,
    DagChanged,
    Deferrable,
    Empty,
    Every,
    Fleet,
    Kind,
    LatestOnly,
    ManualRun,
    Once,
    OtherSchedule,
    Pool,
    Rule,
    Scenario,
    Schedule,
    Sensor,
    ShortCircuit,
    Task,
    TaskGroup,
    TriggerRule,
    WeightRule,
    When,
    Work,
)
from windtunnel.model.cluster import ProfileName

INSTANT_S = 1e-6
"""A recorded trace has what happened at its horizon, a simulation's window ends just before."""


def load_case(source: Path | str | Json, *, profile: ProfileName = "airflow-3.3") -> Scenario:
    """The scenario that a case file (or its parsed JSON) describes, for one Airflow release."""
    return to_scenario(read_case(source), profile=profile)


def to_scenario(case: CaseSpec, *, profile: ProfileName = "airflow-3.3") -> Scenario:
    """The scenario of a case that was already read."""
    return Scenario(
        backlog="replayed",
        name=case.id,
        fleet=Fleet(dags=tuple(_dag(dag, profile) for dag in case.dags)),
        cluster=_cluster(case, profile),
        behavior=Behavior(
            rules=tuple(
                rule
                for dag in (*case.dags, *(change.dag for change in case.dag_changes))
                for rule in _rules(dag)
            )
        ),
        start=instant(case.start),
        duration_s=case.end_s + INSTANT_S,
        manual_runs=tuple(_manual_run(run) for run in case.manual_runs),
        faults=tuple(
            DagChanged(dag_id=change.dag.dag_id, at_s=change.at_s, dag=_dag(change.dag, profile))
            for change in case.dag_changes
        ),
        backfills=tuple(_backfill(backfill) for backfill in case.backfills),
        asset_updates=tuple(
            AssetUpdate(asset=update.asset, at_s=update.at_s) for update in case.asset_updates
        ),
    )


def _cluster(case: CaseSpec, profile: ProfileName) -> Cluster:
    config = case.config
    return Cluster(
        profile=profile,
        parallelism=config.parallelism,
        max_active_tasks_per_dag=config.max_active_tasks_per_dag,
        max_active_runs_per_dag=config.max_active_runs_per_dag,
        default_pool_slots=config.default_pool_slots,
        pools={
            name: Pool(slots=pool.slots, include_deferred=pool.include_deferred)
            for name, pool in case.pools.items()
        },
        max_tis_per_query=config.max_tis_per_query,
        max_dagruns_to_create_per_loop=config.max_dagruns_to_create_per_loop,
        max_dagruns_per_loop_to_schedule=config.max_dagruns_per_loop_to_schedule,
        min_file_process_interval_s=config.reparse_every_s,
        schedule_after_task_execution=config.mini_scheduler,
    )


def _dag(spec: DagSpec, profile: ProfileName) -> Dag:
    return Dag(
        dag_id=spec.dag_id,
        tasks=tuple(_task(spec, task, profile) for task in in_dag_order(spec)),
        groups=tuple(_group(group) for group in spec.groups),
        schedule=_schedule(spec.schedule),
        asset_condition=_condition(spec.schedule),
        timezone=spec.timezone,
        start_date=instant(spec.start_date) if spec.start_date else None,
        end_date=instant(spec.end_date) if spec.end_date else None,
        catchup=spec.catchup,
        max_active_runs=spec.max_active_runs,
        max_active_tasks=spec.max_active_tasks,
        max_consecutive_failed_dag_runs=spec.max_consecutive_failed_dag_runs,
        dagrun_timeout_s=spec.dagrun_timeout_s,
        fail_fast=spec.fail_fast,
    )


def in_dag_order(dag: DagSpec) -> list[TaskSpec]:
    """The tasks in the order in which a DAG file would create them.

    That is the listed order, but a group is written in one go where its first task is listed.
    """
    first: dict[str, int] = {}
    for number, task in enumerate(dag.tasks):
        for group in groups_around(dag, task):
            first.setdefault(group.group_id, number)

    def place(numbered: tuple[int, TaskSpec]) -> tuple[int, ...]:
        number, task = numbered
        outer_first = [first[group.group_id] for group in groups_around(dag, task)][::-1]
        return (*outer_first, number)

    return [task for _, task in sorted(enumerate(dag.tasks), key=place)]


def _group(spec: GroupSpec) -> TaskGroup:
    return TaskGroup(group_id=spec.group_id, parent=spec.parent, expand=_expansion(spec.expand))


def _task(dag: DagSpec, spec: TaskSpec, profile: ProfileName) -> Task:
    waits = spec.wait_for_downstream and not _partial_forgets_past(spec, profile)
    return Task(
        task_id=spec.task_id,
        kind=_kind(spec, _late_first_poke(spec, profile)),
        upstream=_upstream(dag, spec),
        group=spec.group,
        # as_teardown() replaces whatever rule the operator had
        trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS
        if spec.is_teardown
        else TriggerRule(spec.trigger_rule),
        pool=spec.pool,
        pool_slots=spec.pool_slots,
        priority_weight=spec.priority_weight,
        weight_rule=WeightRule(spec.weight_rule),
        retries=spec.retries,
        retry_delay_s=spec.retry_delay_s,
        retry_exponential_backoff=_multiplier(spec.retry_exponential_backoff),
        max_retry_delay_s=spec.max_retry_delay_s,
        execution_timeout_s=spec.execution_timeout_s,
        depends_on_past=spec.depends_on_past or waits,
        wait_for_downstream=waits,
        ignore_first_depends_on_past=spec.ignore_first_depends_on_past,
        max_active_tis_per_dag=spec.max_active_tis_per_dag,
        max_active_tis_per_dagrun=spec.max_active_tis_per_dagrun,
        is_setup=spec.is_setup,
        is_teardown=spec.is_teardown,
        on_failure_fail_dagrun=spec.on_failure_fail_dagrun,
        expand=_expansion(spec.expand),
        inlets=tuple(spec.inlets),
        outlets=tuple(spec.outlets),
    )


def _partial_forgets_past(spec: TaskSpec, profile: ProfileName) -> bool:
    """Whether wait_for_downstream has no effect, because nothing sets depends_on_past beside it.

    An operator's constructor sets it in all releases; in 3.x `.partial()` does not
    (``sdk/bases/operator.py``), and without it the previous run is not looked at
    (``ti_deps/deps/prev_dagrun_dep.py``).
    """
    return spec.expand is not None and not spec.depends_on_past and profile == "airflow-3.3"


def _upstream(dag: DagSpec, spec: TaskSpec) -> tuple[str, ...]:
    """The listed edges and those that come of setups and of mapping over a result.

    A group mapped over a result gives *each* of its tasks the edge, not only its first ones: the
    recorded DAGs get their listed edges after the group was closed, when all its tasks are roots.
    """
    upstream = [*spec.upstream, *expanded_over(spec.expand)]
    if spec.is_teardown:
        upstream += spec.setups
    for group in groups_around(dag, spec):
        upstream += expanded_over(group.expand)
    return tuple(dict.fromkeys(upstream))


def _late_first_poke(spec: TaskSpec, profile: ProfileName) -> float:
    """Seconds by which a recorded timeout of a reschedule sensor is late in 2.11.

    The recorders run a 2.x try's code when it ends, so the first poke, from which all tries count
    (``sensors/base.py: _orig_start_date``), begins for Airflow when it is over."""
    if spec.kind != "sensor" or spec.mode != "reschedule" or profile != "airflow-2.11":
        return 0.0
    first = next((rule for rule in spec.behaviour if _may_be_first(rule)), None)
    return RuleSpec().duration_s if first is None else first.duration_s


def _may_be_first(rule: RuleSpec) -> bool:
    return rule.when.get("try", 1) == 1


def _kind(spec: TaskSpec, late_s: float) -> Kind:
    match spec.kind:
        case "empty":
            return Empty()
        case "branch":
            return Branch()
        case "short_circuit":
            return ShortCircuit(
                ignore_downstream_trigger_rules=spec.ignore_downstream_trigger_rules
            )
        case "latest_only":
            return LatestOnly()
        case "sensor":
            return Sensor(
                mode=spec.mode,
                poke_interval_s=spec.poke_interval_s,
                timeout_s=(WEEK_S if spec.timeout_s is None else spec.timeout_s) + late_s,
                soft_fail=spec.soft_fail,
            )
        case "deferrable":
            return Deferrable(timeout_s=spec.timeout_s)
        case _:
            return Work()


def _multiplier(backoff: bool | float) -> float:
    return 2.0 if backoff is True else float(backoff)


def _expansion(expand: Any) -> tuple[int | str, ...] | None:
    if expand is None:
        return None
    return (expand["literal"],) if "literal" in expand else tuple(expanded_over(expand))


def _schedule(schedule: Any) -> Schedule | None:
    match schedule:
        case None:
            return None
        case "@once":
            return Once()
        case str():
            return Cron(expression=schedule)
        case {"assets": _, **time}:
            return _schedule(time) if time else OtherSchedule(description="", timetable="assets")
        case {"every_s": seconds}:
            return Every(seconds=seconds, timetable=schedule.get("timetable"))
        case {"cron": expression}:
            return Cron(expression=expression, timetable=schedule.get("timetable"))
    raise ValueError(f"unknown schedule {schedule!r}")


def _condition(schedule: Any) -> AssetCondition | None:
    return (
        _joined(schedule["assets"]) if isinstance(schedule, dict) and "assets" in schedule else None
    )


def _joined(said: Any) -> AssetCondition:
    if isinstance(said, str):
        return said
    ((joint, parts),) = said.items()
    return Assets(type=joint, of=tuple(map(_joined, parts)))


def _rules(dag: DagSpec) -> list[Rule]:
    """Each task's rules in order, closed by one for the tries that none of them matches."""
    return [
        _rule(f"{dag.dag_id}.{task.task_id}", rule)
        for task in dag.tasks
        for rule in (*task.behaviour, RuleSpec())
    ]


def _rule(name: str, spec: RuleSpec) -> Rule:
    when = spec.when
    return Rule(
        tasks=glob.escape(name),
        when=When(
            run_id=when.get("run_id"),
            logical_date=instant(when["logical_date"]) if "logical_date" in when else None,
            map_index=when.get("map_index"),
            try_number=when.get("try"),
        ),
        duration_s=spec.duration_s,
        outcome=spec.outcome,
        follow=None if spec.follow is None else tuple(spec.follow),
        condition=spec.condition,
        length=spec.length,
        true_at_s=spec.true_at_s,
        fire_at_s=spec.fire_at_s,
        fire_after_s=spec.fire_after_s,
        resume_duration_s=spec.resume_duration_s,
    )


def _backfill(spec: BackfillSpec) -> Backfill:
    dates = {name: instant(getattr(spec, name)) for name in ("from_date", "to_date")}
    return Backfill(**{**vars(spec), **dates})


def _manual_run(spec: ManualRunSpec) -> ManualRun:
    date = spec.logical_date
    return ManualRun(
        dag_id=spec.dag_id,
        run_id=spec.run_id,
        at_s=spec.at_s,
        logical_date=instant(date) if date not in ("now", None) else date,
    )
