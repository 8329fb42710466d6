"""slices_of: a scenario as slices that have nothing to do with each other, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from windtunnel.model import Dag, ExternalTaskSensor, RuleBook, Scenario, TriggerDagRun
from windtunnel.slices.certificate import Fact, Loose
from windtunnel.slices.fleet import UNLIMITED, Acquire, Slice, Trigger, Wait, WaitChild, ordered
from windtunnel.slices.of_scenario.bodies import is_mapped
from windtunnel.slices.of_scenario.calendar import Calendar
from windtunnel.slices.of_scenario.carrying import MOST_MAPPED, NO_POOL, Carried, Carrier, locks_of
from windtunnel.slices.of_scenario.places import FREE, UncoveredError
from windtunnel.slices.of_scenario.splitting import (
    Kept,
    Needs,
    can_wait_with_slots,
    parts,
    ties,
)

MOST_RUNS = 200
"""Runs of a DAG that are caused by other runs and count as endless."""


@dataclass(frozen=True)
class Part:
    """DAGs that have to do with each other."""

    dags: tuple[str, ...]
    of: Slice | None
    """None: nothing in them waits for anything but limits that can't be full."""
    loose: Loose
    spare: tuple[Fact, ...]
    """What keeps limits from being full that were left out."""


@dataclass(frozen=True)
class Carryover:
    """A scenario, carried over."""

    parts: tuple[Part, ...]
    uncovered: Mapping[str, str]
    """DAG -> why it is in no part."""
    waiting: Mapping[str, tuple[str, ...]]
    """Pool -> tasks that can wait with its slots."""


def slices_of(scenario: Scenario, calendar: Calendar) -> Carryover:
    """Slices in which at least all deadlocks of the scenario can be found.

    Args:
        scenario: What is carried over.
        calendar: The dag runs that come in its window.
    """
    carrier = Carrier(scenario, calendar)
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    refusal = carrier.refusal() or _full_triggerers(carrier)
    if refusal is not None:
        return Carryover((), dict.fromkeys(dags, refusal), {})
    carried: dict[str, Carried] = {}
    uncovered: dict[str, str] = {}
    for name, dag in dags.items():
        try:
            carried[name] = carrier.carry(dag)
        except UncoveredError as error:
            idle = carrier.idle(dag, str(error))
            if idle is None:
                uncovered[name] = str(error)
            else:
                carried[name] = idle
    for name in _endless(carried):
        del carried[name]
        uncovered[name] = f"runs of {name} trigger further runs of it"
    while True:
        kept = Needs(carrier, carried, uncovered).kept()
        more = dict(_drawn_in(scenario, carrier, carried, uncovered, kept))
        if not more:
            break
        for name, why in more.items():
            known = carried.pop(name)
            idle = None if known.why else carrier.idle(dags[name], why)
            if idle is None:
                uncovered[name] = why
            else:
                carried[name] = idle
    made: list[Part] = []
    for group in parts(sorted(carried), ties(carried, _uses(carried, kept))):
        try:
            made.append(_part(carrier, [carried[name] for name in group], kept))
        except UncoveredError as error:
            uncovered |= dict.fromkeys(group, str(error))
    return Carryover(tuple(made), uncovered, _waiting(carrier, carried, uncovered))


def _waiting(
    carrier: Carrier, carried: Mapping[str, Carried], uncovered: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, one in carried.items():
        for task in one.dag.tasks:
            if can_wait_with_slots(task):
                found.setdefault(task.pool, []).append(f"{name}.{task.name}")
    for dag in carrier.scenario.fleet.dags:
        for other in dag.tasks if dag.dag_id in uncovered else ():
            if carrier.bodies.holds_while_waiting(dag, other):
                found.setdefault(other.pool, []).append(f"{dag.dag_id}.{other.task_id}")
    return {pool: tuple(sorted(names)) for pool, names in found.items()}


# -- what is not covered --------------------------------------------------------------------------


def _full_triggerers(carrier: Carrier) -> str | None:
    """Why nothing is covered where tasks that wait for others can fill all triggerers: the
    triggers of those that they wait for then never run."""
    cluster, bodies = carrier.scenario.cluster, carrier.bodies
    room = cluster.triggerers * cluster.triggerer_capacity
    waiting, defers = 0, False
    for dag in carrier.scenario.fleet.dags:
        for task in dag.tasks:
            defers |= bodies.defers(dag, task)
            if bodies.waits_deferred(dag, task):
                many = MOST_MAPPED if is_mapped(dag, task) else 1
                waiting += carrier.runs_at_once(dag) * many
    if defers and waiting >= room:
        return f"tasks that wait can fill the triggerers, which run {room} triggers at once"
    return None


def _endless(carried: Mapping[str, Carried]) -> list[str]:
    """DAGs whose runs trigger, in the end, further runs of them."""
    after = {
        name: {
            step.dag for task in one.dag.tasks for step in task.steps if isinstance(step, Trigger)
        }
        for name, one in carried.items()
    }
    found: list[str] = []
    for name in after:
        reached: set[str] = set()
        todo = [name]
        while todo:
            new = after.get(todo.pop(), set()) - reached
            reached |= new
            todo += new
        if name in reached:
            found.append(name)
    return found


def _drawn_in(
    scenario: Scenario,
    carrier: Carrier,
    carried: Mapping[str, Carried],
    uncovered: Mapping[str, str],
    kept: Kept,
) -> Iterator[tuple[str, str]]:
    """DAGs that depend on one that is not covered, and why."""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    book = RuleBook(scenario.behavior.rules)
    unknown = {**{name: one.why for name, one in carried.items() if one.why}, **uncovered}
    triggered: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in unknown:
        for other in _triggers(dags[name], book):
            triggered.setdefault(other, name)
        for resource in _resources(dags[name], book):
            taken.setdefault(resource, name)
    holders = {name: _held(carrier, dags[name], kept) for name in uncovered}
    for name, one in carried.items():
        why = _because(one, unknown, triggered, taken) or _shared(one, holders, kept)
        if one.why:
            why = one.why if _is_limited(one, kept) else ""
        if why:
            yield name, why


def _is_limited(one: Carried, kept: Kept) -> bool:
    """Whether a limit of it can be full."""
    return kept.parallelism or any(
        task.pool in kept.pools or task.queue in kept.queues for task in one.dag.tasks
    )


def _because(
    one: Carried,
    uncovered: Mapping[str, str],
    triggered: Mapping[str, str],
    taken: Mapping[str, str],
) -> str:
    name = one.dag.name
    if name in triggered:
        return f"{triggered[name]} triggers runs of it: {uncovered[triggered[name]]}"
    for task in one.dag.tasks:
        waits = any(isinstance(step, WaitChild) for step in task.steps)
        for step in task.steps:
            if isinstance(step, Wait) and step.dag in uncovered:
                return f"{name}.{task.name} waits for {step.dag}: {uncovered[step.dag]}"
            if isinstance(step, Trigger) and waits and step.dag in uncovered:
                return f"{name}.{task.name} waits for {step.dag}: {uncovered[step.dag]}"
            if isinstance(step, Acquire) and step.lock in taken:
                return f"it shares {step.lock} with {taken[step.lock]}, which is not covered"
    return ""


def _held(carrier: Carrier, dag: Dag, kept: Kept) -> set[str] | None:
    """Pools of which a DAG that is not covered may hold slots while nothing moves; None: nothing
    at all, not even other slots."""
    bodies = carrier.bodies
    held = {
        task.pool
        for task in dag.tasks
        if kept.queues or bodies.holds_while_waiting(dag, task) or bodies.waits_deferred(dag, task)
    }
    return held or None


def _shared(one: Carried, holders: Mapping[str, set[str] | None], kept: Kept) -> str:
    """A limit that can be full because of what is not covered."""
    for other, pools in holders.items():
        if pools is None:
            continue
        for task in one.dag.tasks:
            if task.pool in kept.pools and task.pool in pools:
                return f"it shares pool {task.pool} with {other}, which is not covered"
            if task.queue in kept.queues:
                return f"it shares queue {task.queue}, perhaps, with {other}, which is not covered"
        if kept.parallelism:
            return f"it shares parallelism with {other}, which is not covered"
    return ""


def _triggers(dag: Dag, book: RuleBook) -> Iterator[str]:
    for task in dag.tasks:
        if isinstance(task.kind, TriggerDagRun):
            yield task.kind.trigger_dag_id
        for rule in book.of(dag, task):
            yield from (step.trigger for step in rule.steps or () if step.trigger is not None)


def _resources(dag: Dag, book: RuleBook) -> Iterator[str]:
    for task in dag.tasks:
        for rule in book.of(dag, task):
            yield from rule.needs
            yield from (step.acquire for step in rule.steps or () if step.acquire is not None)


# -- parts ----------------------------------------------------------------------------------------


def _uses(carried: Mapping[str, Carried], kept: Kept) -> dict[str, set[str]]:
    """Limit -> DAGs that it can keep waiting, or that can fill it."""
    found: dict[str, set[str]] = {}
    for name, one in carried.items():
        for task in one.dag.tasks:
            if task.pool in kept.pools:
                found.setdefault(f"pool {task.pool}", set()).add(name)
            if task.queue in kept.queues:
                found.setdefault(f"queue {task.queue}", set()).add(name)
        if kept.parallelism:
            found.setdefault("parallelism", set()).add(name)
    return found


def _part(carrier: Carrier, carried: list[Carried], kept: Kept) -> Part:
    names = tuple(one.dag.name for one in carried)
    if not any(_waits(one, kept) for one in carried) and not kept.parallelism:
        return Part(names, None, Loose(), _spare(carried, kept))
    scenario = carrier.scenario
    cluster = scenario.cluster
    pools = {NO_POOL: UNLIMITED}
    for one in carried:
        for task in one.dag.tasks:
            pool = cluster.pool(task.pool)
            slots = UNLIMITED if pool is None or task.pool not in kept.pools else pool.slots
            pools.setdefault(task.pool, slots)
    counting = {name for name in pools if (p := cluster.pool(name)) and p.include_deferred}
    queues = {task.queue for one in carried for task in one.dag.tasks}
    workers = None
    if queues & kept.queues:
        slots_of = carrier.places.slots
        workers = {q: slots_of[q] if q in kept.queues else UNLIMITED for q in queues}
    profile = cluster.airflow
    of = Slice(
        dags=ordered([one.dag for one in carried]),
        pools=pools,
        counts_deferred=frozenset(counting),
        parallelism=cluster.executor_slots if kept.parallelism else UNLIMITED,
        worker_slots=workers,
        locks=locks_of(scenario, carried),
        tasks_limited_by=profile.max_active_tasks_per,
        max_faults=scenario.faults_up_to,
        max_runs=MOST_RUNS + max(len(one.dag.at) for one in carried),
    )
    return Part(names, of, _loose(carrier, carried, kept), _spare(carried, kept))


def _spare(carried: list[Carried], kept: Kept) -> tuple[Fact, ...]:
    settings = {"parallelism"}
    for one in carried:
        for task in one.dag.tasks:
            settings |= {f"slots of pool {task.pool}", f"worker slots of queue {task.queue}"}
    found = {fact for name in settings for fact in kept.spare.get(name, ())}
    return tuple(sorted(found))


def _waits(one: Carried, kept: Kept) -> bool:
    """Whether anything in it can wait for more than its upstream tasks."""
    if not one.dag.max_active_tasks:
        return True
    return any(
        task.depends_on_past
        or not task.max_active_tis
        or task.pool in kept.pools
        or task.queue in kept.queues
        or any(isinstance(step, Acquire | Wait | WaitChild) for step in task.steps)
        for task in one.dag.tasks
    )


def _loose(carrier: Carrier, carried: list[Carried], kept: Kept) -> Loose:
    cluster, profile = carrier.scenario.cluster, carrier.scenario.cluster.airflow
    # What waits too long for a worker fails.
    timed = cluster.task_queued_timeout_s < carrier.scenario.duration_s
    queued = {
        (one.dag.name, task.name)
        for one in carried
        for task in one.dag.tasks
        if timed and task.queue in kept.queues and task.queue != FREE
    }
    window = profile.candidate_window
    names = {one.dag.name for one in carried}
    return Loose(
        ends=frozenset({(o.dag.name, name) for o in carried for name in o.ends} | queued),
        starts=frozenset((o.dag.name, name) for o in carried for name in o.starts),
        passes=frozenset((o.dag.name, name) for o in carried for name in o.passes),
        pasts=frozenset(
            dag.dag_id
            for dag in carrier.scenario.fleet.dags
            if dag.dag_id in names and carrier.has_unknown_past(dag)
        ),
        exceeded=frozenset(f"worker slots of queue {queue}" for queue in carrier.places.inexact),
        windows=frozenset(o.dag.name for o in carried) if window else frozenset(),
        instances_count_deferred=profile.deferred_counts_for_task_limits,
    )


def sensors_of(scenario: Scenario) -> Iterator[tuple[Dag, ExternalTaskSensor]]:
    """All sensors that look at other DAGs."""
    for dag in scenario.fleet.dags:
        for task in dag.tasks:
            if isinstance(task.kind, ExternalTaskSensor):
                yield dag, task.kind
