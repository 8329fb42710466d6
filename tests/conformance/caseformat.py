"""The neutral case format: what a case file may say, and what holds where it says nothing.

Only the standard library is used, because two very different readers need it: `case.py` builds a
windtunnel scenario from it, and the recorder (which runs in an Airflow interpreter where windtunnel
is not installed) builds real DAGs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

OUTCOMES = frozenset({"success", "fail", "fail_no_retry", "skip"})
KINDS = frozenset(
    {"task", "empty", "branch", "short_circuit", "latest_only", "sensor", "deferrable"}
)
SELECTORS = frozenset({"run_id", "logical_date", "map_index", "try"})
WEEK_S = 7 * 24 * 3600.0

Json = dict[str, Any]
T = TypeVar("T")


class CaseFormatError(ValueError):
    """A case file breaks the format."""


@dataclass(frozen=True)
class RuleSpec:
    """What the tries that match ``when`` do."""

    when: Mapping[str, Any] = field(default_factory=dict)
    duration_s: float = 1.0
    outcome: str = "success"
    follow: list[str] | None = None
    condition: bool = True
    length: int = 1
    true_at_s: float | None = None
    fire_at_s: float | None = None
    fire_after_s: float | None = None
    resume_duration_s: float = 0.0


@dataclass(frozen=True)
class TaskSpec:
    """One task, with the defaults that Airflow gives the same arguments."""

    task_id: str
    kind: str = "task"
    upstream: list[str] = field(default_factory=list)
    group: str | None = None
    trigger_rule: str = "all_success"
    pool: str = "default_pool"
    pool_slots: int = 1
    priority_weight: int = 1
    weight_rule: str = "downstream"
    retries: int = 0
    retry_delay_s: float = 300.0
    retry_exponential_backoff: bool | float = False
    max_retry_delay_s: float | None = None
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    ignore_first_depends_on_past: bool = True
    wait_for_past_depends_before_skipping: bool = False
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None
    execution_timeout_s: float | None = None
    is_setup: bool = False
    is_teardown: bool = False
    setups: list[str] = field(default_factory=list)
    on_failure_fail_dagrun: bool = False
    ignore_downstream_trigger_rules: bool = True
    mode: str = "reschedule"
    poke_interval_s: float = 60.0
    timeout_s: float | None = None
    soft_fail: bool = False
    expand: Mapping[str, Any] | None = None
    inlets: list[str] = field(default_factory=list)
    outlets: list[str] = field(default_factory=list)
    behaviour: list[RuleSpec] = field(default_factory=list)


@dataclass(frozen=True)
class GroupSpec:
    """A task group; with ``expand`` a mapped one."""

    group_id: str
    parent: str | None = None
    expand: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DagSpec:
    """One DAG."""

    dag_id: str
    tasks: list[TaskSpec]
    groups: list[GroupSpec] = field(default_factory=list)
    schedule: Any = None
    """With ``assets`` (a name, ``{"all": [..]}`` or ``{"any": [..]}``): their updates make runs, in
    the place of the rest of the schedule or beside it."""
    timezone: str = "UTC"
    start_date: str | None = None
    end_date: str | None = None
    catchup: bool = False
    max_active_runs: int | None = None
    max_active_tasks: int | None = None
    max_consecutive_failed_dag_runs: int = 0
    dagrun_timeout_s: float | None = None
    fail_fast: bool = False


@dataclass(frozen=True)
class PoolSpec:
    """A pool; -1 slots are unlimited."""

    slots: int
    include_deferred: bool = False


@dataclass(frozen=True)
class ManualRunSpec:
    """A run that somebody triggers at ``at_s``."""

    dag_id: str
    run_id: str
    at_s: float = 0.0
    logical_date: str | None = "now"


@dataclass(frozen=True)
class BackfillSpec:
    """A backfill that somebody asks for at ``at_s`` (3.x only)."""

    dag_id: str
    from_date: str
    to_date: str
    at_s: float = 0.0
    max_active_runs: int = 10
    run_backwards: bool = False
    reprocess_behavior: str = "none"


@dataclass(frozen=True)
class DagChangeSpec:
    """Another version of a DAG, parsed at ``at_s``."""

    at_s: float
    dag: DagSpec


@dataclass(frozen=True)
class AssetUpdateSpec:
    """An event of an asset that no task makes, as from the API."""

    asset: str
    at_s: float


@dataclass(frozen=True)
class ConfigSpec:
    """The deployment's settings.

    The two ``max_dagruns_*`` ceilings are far above Airflow's own 20 and 10, so that one scheduler
    pass sees every run.
    """

    parallelism: int = 32
    max_active_tasks_per_dag: int = 16
    max_active_runs_per_dag: int = 16
    max_tis_per_query: int = 16
    default_pool_slots: int = 128
    max_dagruns_per_loop_to_schedule: int = 1000
    max_dagruns_to_create_per_loop: int = 1000
    reparse_every_s: float | None = None
    mini_scheduler: bool = True


@dataclass(frozen=True)
class CaseSpec:
    """A whole case."""

    id: str
    start: str
    end_s: float
    dags: list[DagSpec]
    title: str = ""
    tags: list[str] = field(default_factory=list)
    config: ConfigSpec = ConfigSpec()
    pools: dict[str, PoolSpec] = field(default_factory=dict)
    manual_runs: list[ManualRunSpec] = field(default_factory=list)
    backfills: list[BackfillSpec] = field(default_factory=list)
    asset_updates: list[AssetUpdateSpec] = field(default_factory=list)
    dag_changes: list[DagChangeSpec] = field(default_factory=list)


def instant(text: str) -> datetime:
    """An ISO 8601 instant; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def expanded_over(expand: Mapping[str, Any] | None) -> list[str]:
    """The ids of the tasks whose results are mapped over; empty for a literal or no mapping."""
    over = (expand or {}).get("over", [])
    return [over] if isinstance(over, str) else list(over)


def groups_around(dag: DagSpec, task: TaskSpec) -> Iterator[GroupSpec]:
    """The groups that the task lies in, innermost first."""
    by_id = {group.group_id: group for group in dag.groups}
    name = task.group
    while name is not None:
        yield by_id[name]
        name = by_id[name].parent


def read_case(source: Path | str | Json) -> CaseSpec:
    """Read a case from a file, its text's path or its parsed JSON.

    Raises:
        CaseFormatError: the case has an unknown field, id or word.
    """
    raw = dict(source) if isinstance(source, dict) else json.loads(Path(source).read_text("utf-8"))
    if raw.pop("format", 1) != 1:
        raise CaseFormatError("only format 1 is known")
    where = f"case {raw.get('id')}"
    raw["config"] = _built(ConfigSpec, raw.get("config", {}), f"{where}: config")
    raw["pools"] = {
        name: _built(PoolSpec, pool, f"{where}: pool {name}")
        for name, pool in raw.get("pools", {}).items()
    }
    raw["dags"] = [_dag(dag, where) for dag in raw["dags"]]
    raw["manual_runs"] = [
        _built(ManualRunSpec, run, f"{where}: manual run") for run in raw.get("manual_runs", [])
    ]
    raw["backfills"] = [
        _built(BackfillSpec, backfill, f"{where}: backfill")
        for backfill in raw.get("backfills", [])
    ]
    raw["dag_changes"] = [
        _built(DagChangeSpec, {**change, "dag": _dag(change["dag"], where)}, f"{where}: change")
        for change in raw.get("dag_changes", [])
    ]
    raw["asset_updates"] = [
        _built(AssetUpdateSpec, update, f"{where}: asset update")
        for update in raw.get("asset_updates", [])
    ]
    case = _built(CaseSpec, raw, where)
    _check_references(case)
    return case


def _built(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    unknown = sorted(set(values) - {item.name for item in fields(kind)})  # type: ignore[arg-type]
    if unknown:
        raise CaseFormatError(f"{where}: unknown field {', '.join(unknown)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise CaseFormatError(f"{where}: {error}") from error


def _dag(raw: Json, where: str) -> DagSpec:
    where = f"{where}: dag {raw.get('dag_id')}"
    tasks = [_task(task, where) for task in raw["tasks"]]
    groups = [_built(GroupSpec, group, f"{where}: group") for group in raw.get("groups", [])]
    return _built(DagSpec, {**raw, "tasks": tasks, "groups": groups}, where)


def _task(raw: Json, where: str) -> TaskSpec:
    where = f"{where}: task {raw.get('task_id')}"
    rules = [_built(RuleSpec, rule, f"{where}: behaviour") for rule in raw.get("behaviour", [])]
    for rule in rules:
        if rule.outcome not in OUTCOMES or not set(rule.when) <= SELECTORS:
            raise CaseFormatError(f"{where}: unknown outcome or selector in {rule}")
    task = _built(TaskSpec, {**raw, "behaviour": rules}, where)
    if task.kind not in KINDS:
        raise CaseFormatError(f"{where}: unknown kind {task.kind!r}")
    return task


def _check_references(case: CaseSpec) -> None:
    dag_ids = {dag.dag_id for dag in case.dags}
    for run in case.manual_runs:
        if run.dag_id not in dag_ids:
            raise CaseFormatError(f"case {case.id}: manual run of unknown dag {run.dag_id!r}")
    for dag in case.dags:
        tasks, groups = {task.task_id for task in dag.tasks}, {g.group_id for g in dag.groups}
        wanted = [up for task in dag.tasks for up in (*task.upstream, *task.setups)]
        for expand in [t.expand for t in dag.tasks] + [g.expand for g in dag.groups]:
            wanted += expanded_over(expand)
        wanted_groups = [t.group for t in dag.tasks] + [g.parent for g in dag.groups]
        lost = sorted(set(wanted) - tasks) + sorted(set(filter(None, wanted_groups)) - groups)
        if lost:
            raise CaseFormatError(
                f"case {case.id}: dag {dag.dag_id} names unknown {', '.join(lost)}"
            )
