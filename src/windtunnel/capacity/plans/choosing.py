"""Choosing: which of all settings to simulate, to find the one that is wanted most of those that
are enough.

More of something is not always better: with other slots a list of tasks may end later (Graham
1966), more slots take more memory, a larger pool may fill what is behind it. So few settings are
tried one after the other, beginning with the one that is wanted most, and all before the answer are
refused by simulations. Of many, a search proposes some, and the answer's neighbours are tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from windtunnel.capacity.days.day import Settings
from windtunnel.capacity.plans.plan import Point
from windtunnel.capacity.plans.trials import Trials
from windtunnel.errors import InvalidInput

FEW_VALUES = 16
"""Values of one setting that are tried one by one."""
FEW_SETTINGS = 100
"""Choices of several settings that are tried one by one."""
COARSE = 12
"""Steps in which values are tried, if the largest is not enough."""
BELOW = 2
"""Values below the answer that are tried, where not all are."""
GENERATIONS, FOLK = 8, 6
"""Of the optimiser."""
QUICK = 40
"""Days, about, after which the optimiser takes a share as it looks."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a search came to."""

    answer: Point | None
    perhaps: Point | None
    """One that is wanted more than the answer, and may be enough."""
    searched: str


def choose(trials: Trials, ordered: Sequence[Settings]) -> Choice:
    """The first of these settings that is enough.

    Args:
        trials: Who simulates.
        ordered: All settings, the one that is wanted most first.
    """
    several = len(ordered[0]) > 1
    if len(ordered) <= (FEW_SETTINGS if several else FEW_VALUES):
        return _one_by_one(trials, ordered)
    return _optimised(trials, ordered) if several else _bisected(trials, ordered)


def _one_by_one(trials: Trials, ordered: Sequence[Settings]) -> Choice:
    perhaps: Point | None = None
    for number, settings in enumerate(ordered):
        point = trials.decide(settings)
        if point.verdict == "yes":
            before = f"the {number} that are" if number > 1 else "the one that is"
            tries = "were" if number > 1 else "was"
            said = f"Of {len(ordered)} settings {before} wanted more {tries} tried, too."
            return Choice(point, perhaps, said if number else "It is the least that was allowed.")
        if point.verdict == "unknown":
            perhaps = perhaps or point
    several = f"All {len(ordered)} settings were tried."
    return Choice(None, perhaps, several if len(ordered) > 1 else "No other setting was allowed.")


def _bisected(trials: Trials, ordered: Sequence[Settings]) -> Choice:
    """As if more were never worse; whether that is so next to the answer is tried."""
    points: dict[int, Point] = {}

    def tried(place: int) -> Point:
        points[place] = trials.decide(ordered[place])
        return points[place]

    last = len(ordered) - 1
    low, high = -1, last
    if tried(last).verdict != "yes":
        # The most of all is not enough: perhaps it is too much, and something between is.
        low, high = last, last + 1
        for before, place in pairwise([-1, *range(0, last, max(1, last // COARSE))]):
            if tried(place).verdict == "yes":
                low, high = before, place
                break
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tried(middle).verdict == "yes" else (middle, high)
    while high in points:
        below = [place for place in range(max(0, high - BELOW), high) if place not in points]
        better = [place for place in below if tried(place).verdict == "yes"]
        if not better:
            break
        high = min(better)
    answer = points.get(high)
    if answer is not None and high + 1 < len(ordered):
        tried(high + 1)
    unknown = [place for place, one in sorted(points.items()) if one.verdict == "unknown"]
    perhaps = next((points[place] for place in unknown if place < high), None)
    said = f"{len(points)} of {len(ordered)} values were tried, by bisection"
    worse = [place for place, one in points.items() if place > high and one.verdict == "no"]
    said += (
        "; more is worse again with some of them, so others may be enough, too."
        if worse
        else "; as far as they show, more is never worse."
    )
    return Choice(answer, perhaps, said[0].upper() + said[1:])


def _optimised(trials: Trials, ordered: Sequence[Settings]) -> Choice:
    """Differential evolution (SciPy) proposes; then all that it asked for that is wanted more than
    its best, and the neighbours of that, are decided."""
    place = {settings: number for number, settings in enumerate(ordered)}
    axes = [sorted({one[axis] for one in ordered}) for axis in range(len(ordered[0]))]
    asked: dict[Settings, float] = {}

    def at(numbers: Sequence[Any]) -> Settings:
        return tuple(axis[round(float(x))] for axis, x in zip(axes, numbers, strict=True))

    def badness(numbers: Sequence[Any]) -> float:
        settings = at(numbers)
        if settings not in asked:
            point = trials.decide(settings, most=QUICK)
            short = trials.question.share - point.estimate
            asked[settings] = 1 + short if short > 0 else place[settings] / len(ordered)
        return asked[settings]

    _evolve(badness, [len(axis) - 1 for axis in axes])
    wanted = sorted((one for one in asked if asked[one] < 1), key=place.__getitem__)
    answer = perhaps = None
    unknown: list[Point] = []
    for settings in wanted:
        point = trials.decide(settings)
        if point.verdict == "yes":
            answer = point
            break
        perhaps = perhaps or (point if point.verdict == "unknown" else None)
    while answer is not None:
        nearer = [
            one for one in _less(answer.settings, axes) if place[one] < place[answer.settings]
        ]
        points = [trials.decide(one) for one in nearer]
        enough = [one for one in points if one.verdict == "yes"]
        if not enough:
            unknown = [one for one in points if one.verdict == "unknown"]
            perhaps = min(unknown, key=lambda one: place[one.settings], default=perhaps)
            break
        answer = min(enough, key=lambda one: place[one.settings])
    said = (
        f"{len(trials.asked)} of {len(ordered)} settings were tried, as differential evolution "
        "proposed them"
    )
    if answer is not None and unknown:
        said += "; with one step less it is not known."
    else:
        said += "; one step less of any is not enough." if answer is not None else "."
    return Choice(answer, perhaps, said)


def _less(settings: Settings, axes: Sequence[Sequence[tuple[str, int]]]) -> list[Settings]:
    """The same with one step less of one setting."""
    found = []
    for number, (axis, now) in enumerate(zip(axes, settings, strict=True)):
        step = axis.index(now)
        if step:
            found.append((*settings[:number], axis[step - 1], *settings[number + 1 :]))
    return found


def _evolve(badness: Any, last: Sequence[int]) -> None:
    try:
        from scipy.optimize import differential_evolution  # noqa: PLC0415 - only who plans needs it
    except ImportError as error:
        raise InvalidInput("this search needs SciPy: pip install 'windtunnel[plan]'") from error
    differential_evolution(
        badness,
        [(0, most) for most in last],
        integrality=[True] * len(last),
        popsize=FOLK,
        maxiter=GENERATIONS,
        polish=False,
        seed=0,
        tol=0,
    )
