"""Data: what keeps tasks apart that must not be at the same data, or at the same resource, at
once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from windtunnel.detect import Finding, Fix
from windtunnel.model import Dag, ExternalTaskSensor, Pool, Resource, Rule, Scenario, Step, Task
from windtunnel.model.resources import LOCK
from windtunnel.search.repair.change import (
    Apply,
    Change,
    Name,
    Tries,
    both,
    dag_edits,
    edits,
    on_dags,
    on_pool,
    on_resource,
    on_tasks,
    shown,
    with_arguments,
)
from windtunnel.search.repair.limits import pool_set
from windtunnel.search.repair.settings import parties, retries

Rewrite = Callable[[tuple[Step, ...]], tuple[Step, ...]]
LEASE_S = 900.0


def one_at_a_time(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """One run, one instance, or one of these tasks after the other, by what they have in common;
    of two tries of one task instance, only one."""
    names = [name for name, _ in parties(scenario, finding)]
    if not names:
        return
    runs = {party.run for party in finding.holding}
    if len(names) == 1 and len({(party.run, party.name) for party in finding.holding}) == 1:
        note = "what fails then stays failed until somebody looks"
        yield from retries(scenario, names, (0,), note)
        return
    if len({dag_id for dag_id, _ in names}) == 1 and len(runs) > 1:
        dag = scenario.fleet.dag(names[0][0])
        if dag.max_active_runs != 1:
            fix = Fix(
                setting=f"max_active_runs of {dag.dag_id}",
                before=_or_default(dag.max_active_runs),
                after="1",
                edits=tuple(dag_edits(scenario, [dag.dag_id], "max_active_runs", 1)),
            )
            yield [Change(fix, on_dags([dag.dag_id], max_active_runs=1))]
    if len(names) == 1:
        limit = "max_active_tis_per_dag" if len(runs) > 1 else "max_active_tis_per_dagrun"
        yield _argument(scenario, names[0], limit, 1)
        if len(runs) > 1:
            yield _argument(scenario, names[0], "depends_on_past", after=True)
    else:
        yield [_shared_pool(scenario, names, 1)]
        yield from _after_each_other(scenario, names)


def _argument(scenario: Scenario, name: Name, argument: str, after: object) -> Tries:
    now = getattr(scenario.fleet.dag(name[0]).task(name[1]), argument)
    if now == after:
        return []
    fix = Fix(
        setting=f"{argument} of {shown([name])}",
        before=_or_default(now),
        after=str(after),
        edits=tuple(edits(scenario, [name], argument, after)),
    )
    return [Change(fix, on_tasks([name], lambda task: with_arguments(task, **{argument: after})))]


def _or_default(value: object) -> str:
    return "the default" if value is None else str(value)


def guarded(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """A lock around the work itself, which also holds against processes that were given up; and a
    place of its own for each run."""
    names = [name for name, _ in parties(scenario, finding)]
    datasets = _datasets(scenario, finding)
    if names and datasets:
        lock = f"{LOCK}{datasets[0]}"
        fix = Fix(
            setting=f"lock around {datasets[0]} in {shown(names)}",
            before="none",
            after=lock,
            where="the code of these tasks",
        )
        step = Step(acquire=lock)
        yield [Change(fix, _with_steps(names, lambda steps: (step, *steps)), 2 * len(names))]
        if len(names) == 1 and len({party.run for party in finding.holding}) > 1:
            yield [_apart(names[0], datasets[0])]


def a_pool_as_large(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """One pool for all that use a resource, as large as it is."""
    for limit in finding.limits:
        resource = scenario.resources.get(limit.subject)
        if limit.kind == "resource" and resource is not None and resource.slots is not None:
            names = [
                (dag.dag_id, task.task_id)
                for dag in scenario.fleet.dags
                for task in dag.tasks
                if any(_takes(rule, limit.subject) for rule in _rules(scenario, dag, task))
            ]
            if names:
                yield from _own_pool(scenario, names, resource.slots)
                yield [_shared_pool(scenario, names, resource.slots)]
        if limit.kind == "pool":
            yield from _with_deferred(scenario, limit.subject)


def _own_pool(scenario: Scenario, names: list[Name], slots: int) -> Iterator[Tries]:
    """The pool in which all of them are, if it is small enough but for what is deferred."""
    pools = {scenario.fleet.dag(dag_id).task(task_id).pool for dag_id, task_id in names}
    for name in pools if len(pools) == 1 else ():
        pool = scenario.cluster.pool(name)
        if pool is not None and 0 <= pool.slots <= slots:
            yield from _with_deferred(scenario, name)


def _with_deferred(scenario: Scenario, name: str) -> Iterator[Tries]:
    """A pool in which what is deferred holds its slot."""
    pool = scenario.cluster.pool(name)
    if pool is not None and not pool.include_deferred:
        fix = Fix(
            setting=f"include_deferred of pool {name}",
            before="False",
            after="True",
            where=pool_set(name, pool.slots, include_deferred=True),
        )
        counted = pool.model_copy(update={"include_deferred": True})
        yield [Change(fix, on_pool(name, counted))]


def lease(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """What nobody gives back is free again after a time."""
    for limit in finding.limits:
        resource = scenario.resources.get(limit.subject)
        if limit.subject.startswith(LOCK) and resource is None:
            resource = Resource(slots=1)
        if limit.kind == "resource" and resource is not None and resource.lease_s is None:
            fix = Fix(
                setting=f"lease of {limit.subject}",
                before="none",
                after=f"{LEASE_S:g} s",
                note="renewed while its try works",
                where=f"what {limit.subject} stands for; scenario.toml [resources] lease",
            )
            leased = resource.model_copy(update={"lease_s": LEASE_S})
            yield [Change(fix, on_resource(limit.subject, leased))]


def lock_order(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """The same order of locks in one of the tasks, or in all."""
    names = [
        name
        for name, task in parties(scenario, finding)
        if any(
            rule.steps is not None and sorted_locks(rule.steps) != rule.steps
            for rule in _rules(scenario, scenario.fleet.dag(name[0]), task)
        )
    ]
    groups = [[name] for name in names]
    if len(names) > 1:
        groups.append(names)
    tries = []
    for group in groups:
        fix = Fix(
            setting=f"order of locks in {shown(group)}",
            before="as written",
            after="all at first, by name",
            where="the code of these tasks" if len(group) > 1 else "the code of this task",
        )
        tries.append(Change(fix, _with_steps(group, sorted_locks), 2 * len(group)))
    if tries:
        yield tries


def sorted_locks(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps with all that is taken taken at once, where the first is, by name. Steps that
    give something back before they take the next one are left as they are."""
    taken = [n for n, step in enumerate(steps) if step.acquire is not None]
    if len(taken) < 2 or any(step.release for step in steps[: taken[-1]]):
        return steps
    locks = sorted((steps[n] for n in taken), key=lambda step: step.acquire or "")
    if all((a.acquire or "") <= (b.acquire or "") for a, b in pairwise(steps[n] for n in taken)):
        return steps
    rest = [step for n, step in enumerate(steps[taken[0] :], taken[0]) if n not in taken]
    return (*steps[: taken[0]], *locks, *rest)


def safe_to_repeat(scenario: Scenario, finding: Finding) -> Iterator[Tries]:
    """The task puts its rows in the place of those of another try."""
    names = [name for name, _ in parties(scenario, finding)]
    datasets = _datasets(scenario, finding)
    if names and datasets:
        yield [_apart(names[0], datasets[0])]


def _apart(name: Name, dataset: str) -> Change:
    place = f"{dataset}/{{run}}" if "{run}" not in dataset else dataset
    fix = Fix(
        setting=f"what {shown([name])} writes",
        before=dataset,
        after=place,
        note="a part of its own for each run, which a retry writes anew",
        where="the code of this task",
    )

    def moved(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(
            step.model_copy(update={"append": None, "write": place})
            if dataset in (step.append, step.write)
            else step
            for step in steps
        )

    return Change(fix, _with_steps([name], moved), 3)


def _datasets(scenario: Scenario, finding: Finding) -> list[str]:
    """The data that those who take part are at, as their steps name it."""
    said = {party.does.partition(" in try ")[0].rpartition(" ")[2] for party in finding.holding}
    named = [
        name
        for (dag_id, _), task in parties(scenario, finding)
        for rule in _rules(scenario, scenario.fleet.dag(dag_id), task)
        for step in rule.steps or ()
        for name in (step.read, step.write, step.append)
        if name is not None and any(_is_filled(name, one) for one in said)
    ]
    return list(dict.fromkeys(named))


def _is_filled(name: str, with_values: str) -> bool:
    """Whether this is the name with something in the place of its braces."""
    parts = re.split(r"\{[^{}]*\}", name)
    return re.fullmatch(".*".join(map(re.escape, parts)), with_values) is not None


def _shared_pool(scenario: Scenario, names: list[Name], slots: int) -> Change:
    pool = "one_at_a_time" if slots == 1 else f"at_most_{slots}"
    while scenario.cluster.pool(pool) is not None:
        pool += "_"
    before = sorted({scenario.fleet.dag(d).task(t).pool for d, t in names})
    fix = Fix(
        setting=f"pool of {shown(names)}",
        before=", ".join(before),
        after=pool,
        note=f"a new pool of {slots} slot{'s' if slots > 1 else ''}, include_deferred",
        where=pool_set(pool, slots, include_deferred=True),
        edits=tuple(edits(scenario, names, "pool", pool)),
    )
    shared = both(
        on_pool(pool, Pool(slots=slots, include_deferred=True)),
        on_tasks(names, lambda task: with_arguments(task, pool=pool, pool_slots=1)),
    )
    return Change(fix, shared, len(names) + 1)


def _after_each_other(scenario: Scenario, names: list[Name]) -> Iterator[Tries]:
    """One task after the other, where nothing orders them yet: by an arrow in one DAG, by a sensor
    in two of the same schedule."""
    tries = []
    for (dag_id, first), (other, second) in ((names[0], names[1]), (names[1], names[0])):
        if dag_id != other:
            tries += _sensor(scenario, (dag_id, first), (other, second))
        elif not _reaches(scenario.fleet.dag(dag_id), second, first):
            fix = Fix(
                setting=f"order of {dag_id}",
                before="none",
                after=f"{first} >> {second}",
                where="the DAG file",
            )
            name = [(dag_id, second)]
            tries.append(Change(fix, on_tasks(name, _behind(first))))
    if tries:
        yield tries


def _sensor(scenario: Scenario, first: Name, second: Name) -> list[Change]:
    """The second waits for the first of the same logical date."""
    before, after = scenario.fleet.dag(first[0]), scenario.fleet.dag(second[0])
    task_id = f"wait_for_{first[0]}"
    if before.schedule is None or before.schedule != after.schedule or after.find(task_id):
        return []
    kind = ExternalTaskSensor(
        external_dag_id=first[0],
        external_task_ids=(first[1],),
        failed_states=("failed", "upstream_failed"),
        mode="reschedule",
    )
    fix = Fix(
        setting=f"order of {shown([first, second])}",
        before="none",
        after=f"an ExternalTaskSensor for {first[1]} before {second[1]}",
        note="it fails where the other one does",
        where="the DAG file",
    )

    def added(scenario: Scenario) -> Scenario:
        dags = tuple(
            dag.model_copy(
                update={
                    "tasks": (
                        *dag.tasks,
                        Task(task_id=task_id, operator="ExternalTaskSensor", kind=kind),
                    )
                }
            )
            if dag.dag_id == second[0]
            else dag
            for dag in scenario.fleet.dags
        )
        fleet = scenario.fleet.model_copy(update={"dags": dags})
        return scenario.model_copy(update={"fleet": fleet})

    return [Change(fix, both(added, on_tasks([second], _behind(task_id))), 3, may_fail=True)]


def _behind(first: str) -> Callable[[Task], Task]:
    return lambda task: with_arguments(task, upstream=(*task.upstream, first))


def _reaches(dag: Dag, from_task: str, to_task: str) -> bool:
    upstream = {task.task_id: task.upstream for task in dag.tasks}
    seen, todo = {to_task}, [to_task]
    while todo:
        for up in upstream[todo.pop()]:
            if up not in seen:
                seen.add(up)
                todo.append(up)
    return from_task in seen


def _rules(scenario: Scenario, dag: Dag, task: Task) -> list[Rule]:
    return [rule for rule in scenario.behavior.rules if rule.is_for(dag, task)]


def _takes(rule: Rule, name: str) -> bool:
    return name in rule.needs or any(step.acquire == name for step in rule.steps or ())


def _with_steps(names: Iterable[Name], update: Rewrite) -> Apply:
    """Other steps of these tasks alone: for others a rule stays as it is."""
    wanted = list(names)

    def applied(scenario: Scenario) -> Scenario:
        own: list[Rule] = []
        for dag_id, task_id in wanted:
            dag = next((d for d in scenario.fleet.dags if d.dag_id == dag_id), None)
            task = None if dag is None else dag.find(task_id)
            if dag is None or task is None:
                continue
            for rule in _rules(scenario, dag, task):
                steps = None if rule.steps is None else update(rule.steps)
                named = {"tasks": f"{dag_id}.{task_id}", "steps": steps}
                own.append(rule.model_copy(update=named))
        behavior = scenario.behavior
        rules = (*own, *behavior.rules)
        return scenario.model_copy(
            update={"behavior": behavior.model_copy(update={"rules": rules})}
        )

    return applied
