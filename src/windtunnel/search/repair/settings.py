"""Settings: arguments of DAGs and tasks that decide who comes first, how often, and how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from windtunnel.detect import Finding, Fix
from windtunnel.model import (
    Dag,
    ExternalTaskSensor,
    Scenario,
    Sensor,
    Task,
    TriggerDagRun,
    TriggerRule,
)
from windtunnel.search.repair.change import (
    Change,
    Name,
    Tries,
    dag_edits,
    edits,
    on_cluster,
    on_dags,
    on_tasks,
    shown,
    with_arguments,
    with_kind,
)

LONGER = (2, 4, 8, 16, 32)
"""Times as long that a visibility timeout may be."""
FIRST = 10_000
"""A priority_weight that comes before all others."""


def priorities(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """Those that wait for the limits go first. What is full of waits already stays full, so this
    only changes who comes in time; for work that is passed over it is the cure."""
    known = {(dag.dag_id, task.task_id) for dag in scenario.fleet.dags for task in dag.tasks}
    waiting = dict.fromkeys(
        (party.dag_id, party.task_id) for party in finding.waiting if party.state != "none"
    )
    names = [name for name in waiting if name in known]
    if not names or not finding.limits:
        return
    tasks = [scenario.fleet.dag(dag_id).task(task_id) for dag_id, task_id in names]
    fix = Fix(
        setting=f"priority_weight of {shown(names)}",
        before=" or ".join(sorted({str(task.priority_weight) for task in tasks})),
        after=str(FIRST),
        by_timing=finding.code != "WT104",
        edits=tuple(edits(scenario, names, "priority_weight", FIRST)),
    )
    raised = on_tasks(names, lambda task: with_arguments(task, priority_weight=FIRST))
    yield [Change(fix, raised, len(names))]
    wide = [(n, t) for n, t in zip(names, tasks, strict=True) if t.pool_slots > 1]
    for name, task in wide:
        yield [_pool_slots(scenario, name, task, n) for n in range(task.pool_slots - 1, 0, -1)]


def _pool_slots(scenario: Scenario, name: Name, task: Task, slots: int) -> Change:
    fix = Fix(
        setting=f"pool_slots of {shown([name])}",
        before=str(task.pool_slots),
        after=str(slots),
        edits=tuple(edits(scenario, [name], "pool_slots", slots)),
    )
    return Change(fix, on_tasks([name], lambda task: with_arguments(task, pool_slots=slots)))


def poke_less_often(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """A longer poke_interval gives others the slot between two pokes."""
    for name, task in parties(scenario, finding):
        kind = task.kind
        if isinstance(kind, Sensor | ExternalTaskSensor) and kind.mode == "reschedule":
            tries = []
            for times in (2, 5, 10):
                seconds = kind.poke_interval_s * times
                fix = Fix(
                    setting=f"poke_interval of {shown([name])}",
                    before=f"{kind.poke_interval_s:g} s",
                    after=f"{seconds:g} s",
                    by_timing=True,
                    edits=tuple(edits(scenario, [name], "poke_interval", seconds)),
                )
                tries.append(Change(fix, on_tasks([name], _poking(seconds))))
            yield tries


def _poking(seconds: float) -> Callable[[Task], Task]:
    return lambda task: with_kind(task, poke_interval_s=seconds)


def past(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """Tasks that do not look at how they ended before."""
    known = dict.fromkeys((p.dag_id, p.task_id) for p in (*finding.holding, *finding.waiting))
    names = [n for n in known if (t := task_of(scenario, n)) is not None and t.depends_on_past]
    if names:
        fix = Fix(
            setting=f"depends_on_past of {shown(names)}",
            before="True",
            after="False",
            note="a run then starts whatever became of the one before",
            edits=tuple(edits(scenario, names, "depends_on_past", False)),
        )
        free = {"depends_on_past": False, "wait_for_downstream": False}
        yield [Change(fix, on_tasks(names, lambda task: with_arguments(task, **free)), len(names))]


def retries(
    scenario: Scenario, names: list[Name], to: tuple[int, ...], note: str = ""
) -> Iterator[Tries]:
    """Another number of retries."""
    for name in names:
        task = task_of(scenario, name)
        if task is None:
            continue
        tries = []
        for count in (n for n in to if n != task.retries):
            fix = Fix(
                setting=f"retries of {shown([name])}",
                before=str(task.retries),
                after=str(count),
                note=note,
                edits=tuple(edits(scenario, [name], "retries", count)),
            )
            fewer = count < task.retries
            # A task that failed so often may fail once more.
            fix = fix.model_copy(update={"by_timing": not fewer})
            tries.append(Change(fix, on_tasks([name], _retrying(count)), may_fail=fewer))
        if tries:
            yield tries


def _retrying(count: int) -> Callable[[Task], Task]:
    return lambda task: with_arguments(task, retries=count)


def catchup(scenario: Scenario, dag_ids: list[str], *, to: bool, note: str = "") -> Iterator[Tries]:
    """Whether a DAG makes runs for what it missed."""
    default = scenario.cluster.catchup_by_default
    default = scenario.cluster.airflow.catchup_default if default is None else default
    for dag in _dags(scenario, dag_ids):
        now = default if dag.catchup is None else dag.catchup
        if dag.schedule is not None and now != to:
            fix = Fix(
                setting=f"catchup of {dag.dag_id}",
                before=str(now),
                after=str(to),
                note=note,
                edits=tuple(dag_edits(scenario, [dag.dag_id], "catchup", to)),
            )
            yield [Change(fix, on_dags([dag.dag_id], catchup=to), 2)]


def unpaused(scenario: Scenario) -> Iterator[Tries]:
    """A DAG that is paused goes on."""
    for dag in scenario.fleet.dags:
        if dag.is_paused:
            fix = Fix(
                setting=f"is_paused of {dag.dag_id}",
                before="True",
                after="False",
                where=f"airflow dags unpause {dag.dag_id}",
            )
            yield [Change(fix, on_dags([dag.dag_id], is_paused=False))]


def visibility(scenario: Scenario) -> Iterator[Tries]:
    """The broker waits for longer."""
    celery = scenario.cluster.celery
    now = celery.visibility_timeout_s
    if not isinstance(now, float | int):
        return
    tries = []
    for times in LONGER:
        fix = Fix(
            setting="visibility_timeout",
            before=f"{now:g} s",
            after=f"{now * times:g} s",
            where="airflow.cfg [celery_broker_transport_options] visibility_timeout",
        )
        changed = celery.model_copy(update={"visibility_timeout_s": now * times})
        tries.append(Change(fix, on_cluster(celery=changed)))
    yield tries


def retry_delay(scenario: Scenario, dag_id: str | None, line: int | None) -> Iterator[Tries]:
    """Retries that come sooner, or fewer of them, of the task on this line."""
    for dag in _dags(scenario, [dag_id or ""]):
        for task in dag.tasks:
            if task.line == line and task.retries:
                name = (dag.dag_id, task.task_id)
                tries = []
                for part in (2, 4, 10):
                    delay = task.retry_delay_s / part
                    fix = Fix(
                        setting=f"retry_delay of {shown([name])}",
                        before=f"{task.retry_delay_s:g} s",
                        after=f"{delay:g} s",
                        where="the DAG file",
                    )
                    tries.append(Change(fix, on_tasks([name], _delayed(delay))))
                yield tries


def joined(scenario: Scenario, dag_id: str, task_id: str) -> Iterator[Tries]:
    """A task runs, whichever of its upstream tasks a branch has skipped."""
    rule, name = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, (dag_id, task_id)
    task = task_of(scenario, name)
    if task is not None:
        fix = Fix(
            setting=f"trigger_rule of {shown([name])}",
            before=task.trigger_rule.value,
            after=rule.value,
            edits=tuple(edits(scenario, [name], "trigger_rule", rule.value)),
        )
        yield [Change(fix, on_tasks([name], _with_rule(rule)))]


def _with_rule(rule: TriggerRule) -> Callable[[Task], Task]:
    return lambda task: with_arguments(task, trigger_rule=rule)


def dagrun_timeout(scenario: Scenario, dag_ids: list[str]) -> Iterator[Tries]:
    """A run has longer."""
    for dag in _dags(scenario, dag_ids):
        now = dag.dagrun_timeout_s
        if now is not None:
            tries = []
            for seconds in (2 * now, 4 * now, None):
                fix = Fix(
                    setting=f"dagrun_timeout of {dag.dag_id}",
                    before=f"{now:g} s",
                    after="none" if seconds is None else f"{seconds:g} s",
                    where="the DAG file",
                )
                tries.append(Change(fix, on_dags([dag.dag_id], dagrun_timeout_s=seconds)))
            yield tries


def _delayed(seconds: float) -> Callable[[Task], Task]:
    return lambda task: with_arguments(task, retry_delay_s=seconds)


def own_runs(scenario: Scenario, dag_id: str | None) -> Iterator[Tries]:
    """Triggers of a DAG that make a run of their own each time."""
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            kind = task.kind
            if not isinstance(kind, TriggerDagRun) or dag_id not in (kind.trigger_dag_id,
                                                                     dag.dag_id):  # fmt: skip
                continue
            for argument in ("trigger_run_id", "logical_date"):
                now = getattr(kind, argument)
                if now is not None:
                    name = (dag.dag_id, task.task_id)
                    fix = Fix(
                        setting=f"{argument} of {shown([name])}",
                        before=str(now),
                        after="None",
                        note="each trigger then makes a run of its own",
                        edits=tuple(edits(scenario, [name], argument, None)),
                    )
                    yield [Change(fix, on_tasks([name], _without(argument)))]


def _without(argument: str) -> Callable[[Task], Task]:
    return lambda task: with_kind(task, **{argument: None})


def parties(scenario: Scenario, finding: Finding) -> list[tuple[Name, Task]]:
    """The tasks that hold something in a finding, as far as the scenario has them."""
    found = {}
    for party in finding.holding:
        name = (party.dag_id, party.task_id)
        task = task_of(scenario, name)
        if task is not None:
            found[name] = task
    return list(found.items())


def task_of(scenario: Scenario, name: Name) -> Task | None:
    """The task of this name, if there is one."""
    return next((d.find(name[1]) for d in scenario.fleet.dags if d.dag_id == name[0]), None)


def _dags(scenario: Scenario, dag_ids: list[str]) -> list[Dag]:
    return [dag for dag in scenario.fleet.dags if dag.dag_id in dag_ids]
