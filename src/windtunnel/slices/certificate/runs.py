"""What holds of dag runs while nothing moves."""

from __future__ import annotations

from itertools import pairwise

from windtunnel.slices.certificate.picture import Instance, Picture, Run
from windtunnel.slices.certificate.terms import (
    FALSE,
    TRUE,
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
    times,
)
from windtunnel.slices.fleet import Trigger


def describe_runs(picture: Picture) -> None:
    """Which come to be, which start, and which are held back."""
    for dag in picture.dags:
        _describe_queue(picture, dag)
        _describe_creation(picture, dag)
    for run in picture.runs():
        _describe_state(picture, run)


def _describe_state(picture: Picture, run: Run) -> None:
    exists, queued = picture.exists(run), picture.queued(run)
    held, lost = picture.held(run), picture.lost(run)
    picture.require(queued, exists)
    for left, right in ((queued, held), (queued, lost), (held, lost)):
        picture.formula.add(no(both(left, right)) if FALSE not in (left, right) else TRUE)
    cleared = picture.unfolding.clears(run.dag)
    if cleared and picture.of.clears_always and picture.dags[run.dag].dagrun_timeout is None:
        picture.require(picture.finished(run), picture.succeeded(run))
    for one in picture.instances(run):
        idle = picture.not_begun(one)
        picture.require(no(exists), idle)
        picture.require(either(held, lost), idle)
        # What succeeded before a clear stays so.
        picture.require(queued, either(idle, picture.success(one)) if cleared else idle)


def _describe_queue(picture: Picture, name: str) -> None:
    """max_active_runs (Airflow: SchedulerJobRunner._start_queued_dagruns)."""
    dag, formula = picture.dags[name], picture.formula
    runs = list(picture.runs(name))
    if not runs:
        return
    running = formula.sum_of(f"running of {name}", picture.how_many_run(name))
    limit = dag.max_active_runs
    setting = f"max_active_runs of {name}"
    if len(runs) > limit:
        formula.add(
            implies(formula.fact(setting, "at most", limit), at_most(running, number(limit)))
        )
    enough = min(limit, len(runs))
    has_room = both(formula.fact(setting, "at least", enough), less(running, number(enough)))
    for run in runs:
        picture.require(picture.queued(run), no(has_room))
        # Who had it held back is active still: whoever ends calls it in. Those that time out don't.
        if picture.held(run) != FALSE and dag.dagrun_timeout is None:
            picture.require(picture.held(run), no(has_room))
    if picture.unfolding.start_in_order(name):
        for run in runs:
            waits = either(picture.queued(run), picture.held(run))
            for later in runs[run.k + 1 :]:
                picture.require(waits, no(picture.started(later)))
                picture.require(picture.held(run), no(picture.queued(later)))


def _describe_creation(picture: Picture, name: str) -> None:
    """Triggers and asset updates create runs, one after the other."""
    unfolding, formula = picture.unfolding, picture.formula
    created = list(picture.runs(name))[unfolding.scheduled(name) :]
    if not created:
        return
    for before, after in pairwise(created):
        picture.require(picture.exists(after), picture.exists(before))
    surely: list[Term] = []
    perhaps: list[Term] = []
    for one in picture.instances():
        _count_triggers(picture, one, name, surely, perhaps)
    by_assets = _created_by_assets(picture, name)
    there = formula.sum_of(f"created of {name}", count((picture.exists(run), 1) for run in created))
    formula.add(at_most(there, plus(*perhaps, by_assets)))
    formula.add(at_most(plus(*surely, by_assets), there))


def _count_triggers(
    picture: Picture, one: Instance, name: str, surely: list[Term], perhaps: list[Term]
) -> None:
    """Runs that the tries of one task instance created."""
    bodies = picture.bodies(one)
    most = 0
    for body, steps in enumerate(bodies):
        mine = [n for n, step in enumerate(steps) if isinstance(step, Trigger) and step.dag == name]
        most = max(most, len(mine))
        for step in mine:
            passed = either(picture.passed(one, body, step), picture.success(one))
            perhaps.append(count([(passed, 1)]))
            trigger = steps[step]
            if isinstance(trigger, Trigger) and not trigger.dedupe:
                certain = passed if len(bodies) == 1 else picture.passed(one, body, step)
                surely.append(count([(certain, 1)]))
    if most and picture.failed_tries[one] != "0":
        perhaps.append(times(picture.failed_tries[one], most))


def _created_by_assets(picture: Picture, name: str) -> Term:
    """Each run takes at least one update of each asset; updates that are left make one at least."""
    dag, formula = picture.dags[name], picture.formula
    if not dag.on_assets:
        return "0"
    made = formula.integer(f"runs of {name} by assets", 0)
    updated: list[Term] = []
    for asset in dag.on_assets:
        by = [picture.success(one) for one in picture.instances() if asset in one.task.updates]
        formula.add(at_most(made, count((term, 1) for term in by)))
        updated.append(either(*by))
    picture.require(both(*updated), at_most("1", made))
    return made
