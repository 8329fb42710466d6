"""What holds of task instances while nothing moves: what is before them, and how they failed."""

from __future__ import annotations

from windtunnel.slices.certificate.loose import Place
from windtunnel.slices.certificate.phases import stray_places
from windtunnel.slices.certificate.picture import Instance, Picture
from windtunnel.slices.certificate.terms import (
    FALSE,
    TRUE,
    Term,
    at_most,
    both,
    either,
    implies,
    less,
    no,
    number,
    plus,
)
from windtunnel.slices.certificate.unfolding import children_of
from windtunnel.slices.fleet import Step, Wait


def describe_instances(picture: Picture) -> None:
    """Upstream tasks, the past, failures, and how many faults they take."""
    formula = picture.formula
    timed_out = {
        run: formula.boolean(f"{run} timed out")
        for run in picture.runs()
        if picture.dags[run.dag].dagrun_timeout is not None
    }
    for run, term in timed_out.items():
        picture.require(term, picture.finished(run))
    for one in picture.instances():
        _describe_start(picture, one)
        _describe_failure(picture, one, timed_out.get(one.run, FALSE))
        _describe_tries(picture, one)
    struck = plus(*(term for term in picture.strikes.values() if term != "0"))
    if struck != "0":
        most = picture.of.max_faults
        formula.add(implies(formula.fact("faults", "at most", most), at_most(struck, number(most))))


def may_begin(picture: Picture, one: Instance) -> Term:
    """What was so when it began and is so for ever."""
    past = picture.past_met(one) if picture.past_is_told(one) else TRUE
    if one.task.all_done or _place(one) in picture.loose.starts:
        return past
    return both(past, *(picture.success(other) for other in picture.upstream(one)))


def _place(one: Instance) -> Place:
    return one.run.dag, one.task.name


def _describe_start(picture: Picture, one: Instance) -> None:
    started = picture.started(one.run)
    underway, success = picture.underway(one), picture.success(one)
    upstream = picture.upstream(one)
    may = may_begin(picture, one)
    picture.require(either(underway, picture.failed(one)), started)
    picture.require(either(underway, success), may)
    if one.task.all_done and _place(one) not in picture.loose.starts:
        over = both(*(picture.over(other) for other in upstream))
        picture.require(underway, over)
        if not picture.unfolding.clears(one.run.dag):
            picture.require(success, over)
    if not one.task.all_done:
        broken = either(*(picture.failed(other) for other in upstream))
        picture.require(both(started, picture.not_begun(one)), no(broken))
    waits = [no(picture.over(other)) for other in upstream]
    picture.require(
        both(started, picture.not_begun(one)), either(*waits, no(picture.past_met(one)))
    )


def _describe_failure(picture: Picture, one: Instance, timed_out: Term) -> None:
    """Failed: its tries were used up, or an upstream task failed, or its run timed out."""
    formula, unfolding = picture.formula, picture.unfolding
    dag, task = one.run.dag, one.task
    causes = [timed_out]
    if _place(one) in picture.loose.ends:
        causes.append(TRUE)
    if not task.all_done:
        causes += [picture.failed(other) for other in picture.upstream(one)]
    by_fault = FALSE
    if unfolding.is_struck(task):
        # A try that timed out before a clear was not struck.
        timed = picture.dags[dag].dagrun_timeout is not None and unfolding.clears(dag)
        by_fault = at_most(number(1 if timed else task.retries + 1), picture.strikes[one])
    by_child = _child_failed(picture, one) if unfolding.fails_by_child(task) else FALSE
    if by_fault != FALSE or by_child != FALSE:
        used_up = formula.boolean(f"{one} used up its tries")
        picture.require(used_up, either(by_fault, by_child))
        picture.require(used_up, may_begin(picture, one))
        picture.require(used_up, at_most(number(task.retries + 1), picture.failed_tries[one]))
        causes.append(used_up)
    picture.require(picture.failed(one), either(*causes))
    # That of a run that was cleared may be from before.
    if not unfolding.clears(dag) and picture.failed_tries[one] != "0":
        picture.require(picture.not_begun(one), at_most(picture.failed_tries[one], "0"))


def _child_failed(picture: Picture, one: Instance) -> Term:
    failed: list[Term] = []
    for name in sorted(children_of(one.task)):
        if picture.unfolding.clears(name):
            return TRUE
        for run in list(picture.runs(name))[picture.unfolding.scheduled(name) :]:
            failed += [picture.failed(other) for other in picture.instances(run)]
    return either(*failed)


def _describe_tries(picture: Picture, one: Instance) -> None:
    """How many tries there were, what struck them, and what they have behind them."""
    formula, unfolding = picture.formula, picture.unfolding
    task, failed = one.task, picture.failed_tries[one]
    bodies = picture.bodies(one)
    if failed != "0":
        tries = unfolding.tries(one.run.dag, task)
        if tries is not None:
            begun = either(picture.underway(one), picture.success(one))
            picture.require(begun, less(failed, number(tries)))
        if not unfolding.fails_freely(one.run.dag, task):
            formula.add(at_most(failed, picture.strikes[one]))
    for phase in picture.phases(one):
        place = picture.at(one, phase)
        picture.require(place, _waits_met(picture, one, bodies[phase.body][: phase.passed]))
        if phase.step is not None and phase.passed == phase.step:
            step = bodies[phase.body][phase.step]
            if isinstance(step, Wait):
                picture.require(place, no(picture.met(one, step)))
        if phase.body and failed != "0":
            picture.require(place, at_most("1", failed))
    ways = [_waits_met(picture, one, steps) for steps in bodies]
    if len(ways) > 1:
        ways[1] = both(ways[1], at_most("1", failed))
    picture.require(picture.success(one), either(*ways))
    _describe_strays(picture, one)


def _waits_met(picture: Picture, one: Instance, steps: tuple[Step, ...]) -> Term:
    if _place(one) in picture.loose.passes:
        return TRUE
    return both(*(picture.met(one, step) for step in steps if isinstance(step, Wait)))


def _describe_strays(picture: Picture, one: Instance) -> None:
    """Tries that were cut off and go on: each was struck, and had begun."""
    strays = picture.strays[one]
    if not strays:
        return
    formula, bodies = picture.formula, picture.bodies(one)
    for most in (picture.strikes[one], picture.failed_tries[one]):
        formula.add(at_most(plus(*strays.values()), most))
    if len(bodies) > 1:
        first = [there for place, there in strays.items() if place.body == 0]
        formula.add(at_most(plus(*first), "1"))
    for place in stray_places(one.task, picture.unfolding.tries(one.run.dag, one.task)):
        there = less("0", strays[place])
        picture.require(there, may_begin(picture, one))
        if not picture.unfolding.clears(one.run.dag):
            picture.require(there, no(picture.not_begun(one)))
        picture.require(there, _waits_met(picture, one, bodies[place.body][: place.step]))
        last = bodies[place.body][place.step]
        if isinstance(last, Wait):
            picture.require(there, no(picture.met(one, last)))
