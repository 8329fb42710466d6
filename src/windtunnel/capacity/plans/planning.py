"""Planning: a question, a scenario and some hundred simulations make a plan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from windtunnel.capacity.days.day import Days, Settings
from windtunnel.capacity.days.workers import worker_hours
from windtunnel.capacity.estimating.looks import Looks, growing
from windtunnel.capacity.plans.choosing import FEW_SETTINGS, choose
from windtunnel.capacity.plans.formula import formula
from windtunnel.capacity.plans.knee import knee
from windtunnel.capacity.plans.plan import Plan, Point
from windtunnel.capacity.plans.simulating import Simulate, Simulating
from windtunnel.capacity.plans.trials import Trials
from windtunnel.errors import InvalidInput
from windtunnel.loaders import with_setting
from windtunnel.model import Question, Scenario
from windtunnel.sweep import Backend, Kept, Progress

FIRST = 8
"""Days at the first look."""
GROWTH = 1.4
"""Of the days from look to look."""
CURVE_DAYS = 30
"""Of each value of the first setting, at least, beside the answer: its curve is drawn."""
CURVE = 12
"""Values of the first setting on the curve, at most."""


def make_plan(
    scenario: Scenario,
    question: Question,
    *,
    tell: Progress | None = None,
    on: Backend | None = None,
    kept: Kept | None = None,
    simulate: Simulate | None = None,
) -> Plan:
    """Answer a question.

    Args:
        scenario: What is simulated; its seed is that of the first day, and decides the others.
        question: What may vary, and what has to be on time.
        tell: Called as simulations are made.
        on: Where simulations are made; None: here, or in several processes where that is worth it.
        kept: Where what was simulated is kept until the plan is made.
        simulate: Who makes them, in the place of a sweep.

    Raises:
        InvalidInput: the question can't be asked of this scenario.
    """
    _check(question)
    days = Days(scenario, question.deadlines)
    ordered = _ordered(days, question)
    trials = Trials(
        question,
        days,
        simulate or Simulating(days, tell, on, kept),
        _looks(question, len(ordered)),
    )
    if question.cost_per_worker_hour is not None and question.elastic:
        ordered = _by_busy_hours(trials, ordered)
    choice = choose(trials, ordered)
    answer = choice.answer
    if answer is not None:
        answer = trials.decide(answer.settings, precision=question.precision)
    middle = answer or choice.perhaps or _best(trials, trials.asked)
    curve = _curve(trials, question, middle, is_answer=answer is not None)
    perhaps = None if choice.perhaps is None else trials.point(choice.perhaps.settings)
    place = {settings: number for number, settings in enumerate(ordered)}
    points = tuple(
        trials.point(settings) for settings in sorted(trials.asked, key=place.__getitem__)
    )
    static, more = formula(trials, days, middle)
    return Plan(
        question=question,
        scenario=scenario,
        points=points,
        answer=answer,
        perhaps=perhaps,
        simulations=trials.simulations + more,
        knee=knee([trials.point(settings) for settings in curve]),
        formula=static,
        drawn=trials.any_drawn,
        searched=choice.searched,
    )


def _check(question: Question) -> None:
    if not question.vary:
        raise InvalidInput(
            "plan: nothing may vary; say --vary 'workers=2..6', or vary in [plan] of scenario.toml"
        )
    if not question.deadlines:
        raise InvalidInput(
            "plan: nothing has to be on time; say --deadline 'report by 07:00', or deadlines in "
            "[plan] of scenario.toml"
        )
    if question.elastic and question.cost_per_worker_hour is None:
        raise InvalidInput(
            "elastic: it says when workers are paid, and needs what an hour of one costs "
            "(--cost-per-worker-hour)"
        )
    names = [setting.name for setting in question.vary]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"vary {name!r}: it is said twice; name all of its values once")


def _looks(question: Question, settings: int) -> Looks:
    first = min(FIRST, question.days)
    return growing(
        first,
        question.days,
        growth=GROWTH,
        confidence=question.confidence,
        settings=settings,
    )


def _ordered(days: Days, question: Question) -> list[Settings]:
    """All settings, the one that is wanted most first: the cheapest, if workers have a price, else
    the one with least of the first setting, then of the second. A mistake in any of them is told
    before anything is simulated."""
    each = [[(one.name, value) for value in one.values] for one in question.vary]
    for choices in each:
        for name, value in choices:
            with_setting(days.scenario, name, value)
    found: list[Settings] = list(product(*each))
    days.of(found[0])
    if question.cost_per_worker_hour is None:
        return found
    hours = {one: _hours(days, one) for one in found}
    if any(each is None for each in hours.values()):
        raise InvalidInput(
            "cost per worker-hour: the cluster has no workers that are counted; name them in "
            "[[workers]] of cluster.toml"
        )
    return sorted(found, key=lambda one: hours[one] or 0.0)


def _by_busy_hours(trials: Trials, ordered: Sequence[Settings]) -> list[Settings]:
    """What elastic workers cost is known only from days: some of each setting."""
    if len(ordered) > FEW_SETTINGS:
        raise InvalidInput(
            f"elastic workers: what each of {len(ordered)} settings costs has to be simulated; "
            f"vary fewer values, {FEW_SETTINGS} settings at most"
        )
    busy = {one: trials.busy_hours(one, FIRST) for one in ordered}
    return sorted(ordered, key=lambda one: busy[one])


def _hours(days: Days, settings: Settings) -> float | None:
    scenario = days.scenario
    for name, value in settings:
        scenario = with_setting(scenario, name, value)
    return worker_hours(scenario.cluster)


def _best(trials: Trials, asked: Sequence[Settings]) -> Point:
    """That with most on time; of several the one with most of everything, which was asked for last
    of all, and not the least of what is not nearly enough."""
    points = [trials.point(settings) for settings in asked]
    return max(reversed(points), key=lambda one: one.estimate)


def _curve(trials: Trials, question: Question, middle: Point, *, is_answer: bool) -> list[Settings]:
    """All values of the first setting, the others as in the middle; each is simulated often enough
    to be drawn, but for the answer: what was said of it stands."""
    first = question.vary[0]
    values = list(first.values)
    if len(values) > CURVE:
        step = (len(values) - 1) / (CURVE - 1)
        kept = {values[round(number * step)] for number in range(CURVE)}
        near = values.index(middle.settings[0][1])
        kept.update(values[max(0, near - 1) : near + 2])
        values = [value for value in values if value in kept]
    enough = next((at for at in trials.looks.at if at >= CURVE_DAYS), trials.looks.at[-1])
    found: list[Settings] = []
    for value in values:
        settings: Settings = ((first.name, value), *middle.settings[1:])
        stands = is_answer and settings == middle.settings
        if trials.count(settings) < enough and not stands:
            trials.upto(settings, enough)
        found.append(settings)
    return found
