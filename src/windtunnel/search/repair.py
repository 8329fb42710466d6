"""What cures a finding: single settings, changed as little as possible, each simulated before it is
named.

A larger limit is not always safer, so every size is tried in turn and nothing is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from windtunnel.detect import Finding, Fix
from windtunnel.model import (
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    Pool,
    Scenario,
    Task,
    TriggerDagRun,
)
from windtunnel.search.explore import explore

LARGEST_STEP = 64
"""How much larger than now a limit is tried at most."""

Change = tuple[Fix, Scenario]


def repair(scenario: Scenario, finding: Finding, seeds: int) -> tuple[Fix, ...]:
    """The smallest change of each setting with which no simulation shows the finding's code any
    more.

    ``scenario`` is the one that was checked, ``seeds`` the number of further seeds it was checked
    with: a fix is held to the same.
    """
    fixes: list[Fix] = []
    for candidates in _settings(scenario, finding):
        for fix, changed in candidates:
            if _is_clean(changed, finding.code, seeds):
                fixes.append(fix)
                break
    return tuple(fixes)


def _is_clean(scenario: Scenario, code: str, seeds: int) -> bool:
    if any(f.code == code for f, _ in explore(scenario, 0).found):
        return False
    return all(f.code != code for f, _ in explore(scenario, seeds).found)


def _settings(scenario: Scenario, finding: Finding) -> Iterator[Iterator[Change]]:
    """For each setting that takes part, its changes from the smallest on."""
    words = " ".join(holding for party in finding.holding for holding in party.holds)
    if "worker slots" in words:
        yield _more_worker_slots(scenario)
    for name in sorted({p for d in scenario.fleet.dags for p in _pools(d)}):
        if f"pool {name} " in words:
            yield _larger_pool(scenario, name)
    if "parallelism" in words:
        yield _more_parallelism(scenario)
    for dag in scenario.fleet.dags:
        if f"max_active_runs {dag.dag_id} " in words:
            yield _more_runs(scenario, dag)
        if f"max_active_tasks {dag.dag_id} " in words:
            yield _more_tasks(scenario, dag)
    yield _deferrable(scenario, {party.name.split("[")[0] for party in finding.holding})


def _pools(dag: Dag) -> set[str]:
    return {task.pool for task in dag.tasks}


def _with_cluster(scenario: Scenario, **changes: object) -> Scenario:
    cluster: Cluster = scenario.cluster.model_copy(update=changes)
    return scenario.model_copy(update={"cluster": cluster, "choices": None})


def _more_worker_slots(scenario: Scenario) -> Iterator[Change]:
    groups = scenario.cluster.workers or ()
    before = sum(g.count * g.slots for g in groups)
    for more in range(1, LARGEST_STEP):
        larger = tuple(g.model_copy(update={"slots": g.slots + more}) for g in groups)
        after = sum(g.count * g.slots for g in larger)
        if after > before + LARGEST_STEP:
            return
        each = ", ".join(f"{g.name}: {g.slots} each" for g in larger)
        fix = Fix(setting="worker slots", before=str(before), after=str(after), note=each)
        yield fix, _with_cluster(scenario, workers=larger)


def _larger_pool(scenario: Scenario, name: str) -> Iterator[Change]:
    pool = scenario.cluster.pool(name)
    if pool is None or pool.slots < 0:
        return
    for slots in range(pool.slots + 1, pool.slots + LARGEST_STEP):
        larger = Pool(slots=slots, include_deferred=pool.include_deferred)
        pools = {**scenario.cluster.pools, name: larger}
        fix = Fix(setting=f"pool {name}", before=str(pool.slots), after=str(slots))
        yield fix, _with_cluster(scenario, pools=pools)


def _more_parallelism(scenario: Scenario) -> Iterator[Change]:
    before = scenario.cluster.parallelism
    for after in range(before + 1, before + LARGEST_STEP):
        fix = Fix(setting="parallelism", before=str(before), after=str(after))
        yield fix, _with_cluster(scenario, parallelism=after)


def _more_runs(scenario: Scenario, dag: Dag) -> Iterator[Change]:
    before = dag.max_active_runs
    if before is None:
        before = scenario.cluster.max_active_runs_per_dag
    return _larger_limit(scenario, dag, "max_active_runs", before)


def _more_tasks(scenario: Scenario, dag: Dag) -> Iterator[Change]:
    before = dag.max_active_tasks
    if before is None:
        before = scenario.cluster.max_active_tasks_per_dag
    return _larger_limit(scenario, dag, "max_active_tasks", before)


def _larger_limit(scenario: Scenario, dag: Dag, name: str, before: int) -> Iterator[Change]:
    for after in range(before + 1, before + LARGEST_STEP):
        fix = Fix(setting=f"{name} of {dag.dag_id}", before=str(before), after=str(after))
        changed = dag.model_copy(update={name: after})
        yield fix, _with_dags(scenario, {dag.dag_id: changed})


def _with_dags(scenario: Scenario, changed: Mapping[str, Dag]) -> Scenario:
    dags = tuple(changed.get(dag.dag_id, dag) for dag in scenario.fleet.dags)
    fleet: Fleet = scenario.fleet.model_copy(update={"dags": dags})
    return scenario.model_copy(update={"fleet": fleet, "choices": None})


def _deferrable(scenario: Scenario, names: set[str]) -> Iterator[Change]:
    """All waits that hold something wait in the triggerer instead."""
    waiting = [
        f"{dag.dag_id}.{task.task_id}"
        for dag in scenario.fleet.dags
        for task in dag.tasks
        if f"{dag.dag_id}.{task.task_id}" in names and _can_defer(task)
    ]
    if not waiting:
        return

    def change(dag: Dag) -> Dag:
        tasks = tuple(
            _deferring(task) if f"{dag.dag_id}.{task.task_id}" in waiting else task
            for task in dag.tasks
        )
        return dag.model_copy(update={"tasks": tasks})

    shown = ", ".join(waiting[:4]) + (f" and {len(waiting) - 4} more" if len(waiting) > 4 else "")
    fix = Fix(setting=f"deferrable of {shown}", before="False", after="True")
    yield fix, _with_dags(scenario, {dag.dag_id: change(dag) for dag in scenario.fleet.dags})


def _can_defer(task: Task) -> bool:
    return isinstance(task.kind, TriggerDagRun | ExternalTaskSensor) and not task.kind.deferrable


def _deferring(task: Task) -> Task:
    return task.model_copy(update={"kind": task.kind.model_copy(update={"deferrable": True})})
