"""What holds of Airflow's limits while nothing moves: who is ready finds one of them full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from windtunnel.slices.certificate.picture import Instance, Picture, Run
from windtunnel.slices.certificate.terms import (
    FALSE,
    Term,
    at_most,
    both,
    count,
    either,
    implies,
    less,
    no,
    number,
    plus,
)
from windtunnel.slices.fleet import UNLIMITED


class Limit(NamedTuple):
    """One of them, with those whom it counts."""

    setting: str
    size: int
    members: tuple[tuple[Instance, int], ...]
    """Who needs how much of it."""
    counts_deferred: bool = False
    counts_queued: bool = True


def limits_of(picture: Picture) -> Iterator[Limit]:
    """All that can say no."""
    of = picture.of
    everybody = tuple(picture.instances())
    if of.parallelism < UNLIMITED:
        yield _limit("parallelism", of.parallelism, everybody)
    for pool, slots in sorted(of.pools.items()):
        members = tuple((one, one.task.slots) for one in everybody if one.task.pool == pool)
        if slots < UNLIMITED:
            yield Limit(f"slots of pool {pool}", slots, members, pool in of.counts_deferred)
    if of.worker_slots is not None:
        for queue in sorted({one.task.queue for one in everybody}):
            members = tuple((one, 1) for one in everybody if one.task.queue == queue)
            slots = of.worker_slots.get(queue, 0)
            yield Limit(f"worker slots of queue {queue}", slots, members, counts_queued=False)
    for dag in of.dags:
        if dag.max_active_tasks < UNLIMITED:
            setting = f"max_active_tasks of {dag.name}"
            runs = list(picture.runs(dag.name))
            groups = [[run] for run in runs] if of.tasks_limited_by == "run" else [runs]
            for group in groups:
                inside = [one for run in group for one in picture.instances(run)]
                yield _limit(setting, dag.max_active_tasks, inside)
        for task in dag.tasks:
            if task.max_active_tis < UNLIMITED:
                setting = f"max_active_tis_per_dag of {dag.name}.{task.name}"
                each = [picture.instance(run, task.name) for run in picture.runs(dag.name)]
                counted = picture.loose.instances_count_deferred
                members = tuple((one, 1) for one in each)
                yield Limit(setting, task.max_active_tis, members, counted)


def _limit(setting: str, size: int, members: Iterable[Instance]) -> Limit:
    return Limit(setting, size, tuple((one, 1) for one in members))


def describe_limits(picture: Picture) -> None:
    """No limit is exceeded, and none that has room keeps anybody waiting."""
    refusals: dict[Instance, list[Term]] = {one: [] for one in picture.instances()}
    no_worker: dict[Instance, Term] = {}
    for number_of, limit in enumerate(limits_of(picture)):
        amounts = [count([(_takes(picture, one, limit), n)]) for one, n in limit.members]
        taken = picture.formula.sum_of(f"{limit.setting} taken, {number_of}", plus(*amounts))
        _keep(picture, limit, taken)
        for one, slots in limit.members:
            full = _full(picture, limit, taken, slots)
            if limit.counts_queued:
                refusals[one].append(full)
            else:
                no_worker[one] = full
    for dag in sorted(picture.loose.windows):
        for run in picture.runs(dag):
            _stand_in_line(picture, run, refusals)
    for one, saying_no in refusals.items():
        for phase in picture.phases(one):
            if phase.kind == "ready":
                picture.require(picture.at(one, phase), either(*saying_no))
            elif phase.kind == "queued":
                picture.require(picture.at(one, phase), no_worker[one])


def _stand_in_line(picture: Picture, run: Run, refusals: dict[Instance, list[Term]]) -> None:
    """Behind max_active_tasks others of the run that are ready, a task is not looked at."""
    most = picture.dags[run.dag].max_active_tasks
    inside = list(picture.instances(run))
    if len(inside) <= most:
        return
    ready = count(
        (picture.at(one, phase), 1)
        for one in inside
        for phase in picture.phases(one)
        if phase.kind == "ready"
    )
    waiting = picture.formula.sum_of(f"{run} ready", ready)
    for one in inside:
        refusals[one].append(less(number(most), waiting))


def _takes(picture: Picture, one: Instance, limit: Limit) -> Term:
    kinds = {"blocked"}
    if limit.counts_queued:
        kinds.add("queued")
    if limit.counts_deferred:
        kinds.add("deferred")
    return either(*(picture.at(one, phase) for phase in picture.phases(one) if phase.kind in kinds))


def _keep(picture: Picture, limit: Limit, taken: Term) -> None:
    """It is not exceeded; a limit that can't be reached says nothing."""
    formula = picture.formula
    most = sum(slots for one, slots in limit.members if _takes(picture, one, limit) != FALSE)
    if most > limit.size and limit.setting not in picture.loose.exceeded:
        fact = formula.fact(limit.setting, "at most", limit.size)
        formula.add(implies(fact, at_most(taken, number(limit.size))))


def _full(picture: Picture, limit: Limit, taken: Term, slots: int) -> Term:
    """It has no room for so many more."""
    formula = picture.formula
    most = sum(each for one, each in limit.members if _takes(picture, one, limit) != FALSE)
    needed = min(limit.size, most + slots)
    fits = at_most(plus(taken, number(slots)), number(needed))
    return no(both(formula.fact(limit.setting, "at least", needed), fits))
