"""Ahead: the simulations of a course in their order, as if they were made one after the other,
while several are made at once.

What a simulation is to be depends on what earlier ones taught, but most of them teach nothing new.
So the next ones are drawn as if nothing were learned any more, and made; each counts if in its turn
it turns out that it had to be just this one, and else the right one is made. So what comes out is
the same for any number of workers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy

from windtunnel.choices import Portfolio
from windtunnel.search.course import Course, Plan, luck_of
from windtunnel.search.seen import Seen, see
from windtunnel.sweep import HERE, Backend, Kept, sweep

FIRST, MOST = 16, 128
"""Simulations that are sent together: few at the beginning, when there is most to learn; and never
so many that much of it was in vain if one of them teaches something."""


def seen_ahead(
    course: Course, corners: int, left: int, on: Backend = HERE, kept: Kept | None = None
) -> Iterator[Seen]:
    """What is seen in each of *left* simulations, of which the first ones are at the *corners*."""
    at_corners: list[Plan] = [{"corner": number} for number in range(corners)]
    yield from sweep(see, course, at_corners, on=on, kept=kept)
    yield from _Ahead(course, left - corners, on, kept).seen()


class _Ahead:
    def __init__(self, course: Course, left: int, on: Backend, kept: Kept | None) -> None:
        self._course, self._left = course, left
        self._on, self._kept = on, kept
        self._portfolio = course.portfolio()
        self._known: dict[str, Seen] = {}

    def seen(self) -> Iterator[Seen]:
        """In order."""
        number, most = 0, 1 if self._on == HERE else FIRST
        plan = self._drawn(self._portfolio, number)
        while number < self._left:
            plans = self._next(plan, number, most)
            for made, seen in zip(plans, self._sweep(plans), strict=True):
                self._known[_key(made)] = seen
                while (right := self._known.pop(_key(plan), None)) is not None:
                    self._portfolio.learn(right["noted"])
                    yield right
                    number += 1
                    if number == self._left:
                        return
                    plan = self._drawn(self._portfolio, number)
            most = 1 if self._on == HERE else min(MOST, 2 * most)

    def _sweep(self, plans: list[Plan]) -> Iterator[Seen]:
        return sweep(see, self._course, plans, on=self._on, kept=self._kept)

    def _drawn(self, portfolio: Portfolio, number: int) -> Plan:
        return portfolio.draw(luck_of(self._course.scenario, number))

    def _next(self, plan: Plan, number: int, most: int) -> list[Plan]:
        """This plan, and those of the simulations after it as far as can be said now, without what
        was made already."""
        plans = [plan]
        if most == 1:
            return plans
        foreseen = deepcopy(self._portfolio)
        foreseen.expect(plan)
        while len(plans) < most and number + 1 < self._left:
            number += 1
            one = self._drawn(foreseen, number)
            seen = self._known.get(_key(one))
            if seen is None:
                plans.append(one)
                foreseen.expect(one)
            else:
                foreseen.learn(seen["noted"])
        return plans


def _key(plan: Plan) -> str:
    return json.dumps(plan, sort_keys=True)
