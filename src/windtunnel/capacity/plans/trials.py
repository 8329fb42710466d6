"""Trials: the simulations of each setting, made once, and what they come to so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from windtunnel.capacity.days.day import Days, Item, Settings, is_drawn
from windtunnel.capacity.days.warm_up import WarmUp, warm_up
from windtunnel.capacity.estimating.looks import Looks
from windtunnel.capacity.plans.plan import Point
from windtunnel.capacity.plans.points import busy_hours, point_of
from windtunnel.capacity.plans.simulating import Answer, Simulate
from windtunnel.model import Question

ALIKE = 2
"""So many days that are alike ask for a proof that nothing is drawn."""


class Trials:
    """All that was simulated for one question."""

    def __init__(
        self,
        question: Question,
        days: Days,
        simulate: Simulate,
        looks: Looks,
        drawn: Callable[[Settings], bool] | None = None,
    ) -> None:
        self.question = question
        self.looks = looks
        self._days = days
        self._simulate = simulate
        self._drawn = drawn or (lambda settings: is_drawn(days, settings))
        self._answers: dict[Settings, list[Answer]] = {}
        self._same: dict[Settings, bool] = {}
        self._warm_ups: dict[Settings, WarmUp] = {}
        self._looked: set[Settings] = set()
        """Those that were looked at again and again, until they were known."""

    @property
    def asked(self) -> list[Settings]:
        """The settings that were simulated, in the order in which they were first."""
        return list(self._answers)

    @property
    def simulations(self) -> int:
        """In all."""
        return sum(len(answers) for answers in self._answers.values())

    @property
    def any_drawn(self) -> bool:
        """Whether days differ, with any of the settings."""
        return not all(self._same.get(settings, False) for settings in self._answers)

    def count(self, settings: Settings) -> int:
        """How many days there are of these settings."""
        return len(self._answers.get(settings, ()))

    def upto(self, settings: Settings, days: int) -> None:
        """Simulate until there are so many days; of days that are all alike one is enough."""
        answers = self._answers.setdefault(settings, [])
        if self._same.get(settings):
            return
        self._more(settings, min(days, ALIKE))
        if settings not in self._same and len(answers) >= ALIKE:
            alike = len({one["print"] for one in answers}) == 1
            self._same[settings] = alike and not self._drawn(settings)
            if self._same[settings]:
                del answers[1:]
                return
        self._more(settings, days)

    def _more(self, settings: Settings, days: int) -> None:
        answers = self._answers[settings]
        if days > len(answers):
            answers.extend(self._simulate(self._items(settings, range(len(answers), days))))

    def decide(
        self, settings: Settings, most: int | None = None, precision: float | None = None
    ) -> Point:
        """Simulate until it is known whether these settings are enough (with a *precision*: until
        the interval is that narrow), or there are no more looks, or *most* days."""
        point: Point | None = None
        self._looked.add(settings)
        for look, upto in enumerate(self.looks.at):
            if point is not None and most is not None and upto > most:
                break
            if upto < self.count(settings):
                continue
            self.upto(settings, upto)
            point = self.point(settings, look)
            wide = precision is not None and (point.high - point.low) / 2 > precision
            if self._same.get(settings) or (point.verdict != "unknown" and not wide):
                break
        assert point is not None
        return point

    def point(self, settings: Settings, look: int | None = None) -> Point:
        """What the days of these settings come to so far; None: at the last look that was taken.

        The interval of settings that were looked at again and again, so that the answer could be
        chosen, holds for all looks and all settings together. That of others, which were simulated
        once to be shown, holds for each by itself.
        """
        return point_of(
            self.question,
            settings,
            self._days.of(settings).scenario,
            self._answers[settings],
            warm_up=self._before(settings),
            confidence=self._level(settings, look),
            same=self._same.get(settings, False),
        )

    def busy_hours(self, settings: Settings, days: int) -> float:
        """Worker-hours in 24 h in which a worker runs something, on average over some days; to the
        second, so that settings that come to the same are equal."""
        self.upto(settings, min(days, self.looks.at[0]))
        found = busy_hours(self._answers[settings], self._days.of(settings).scenario.duration_s)
        return round(found or 0.0, 4)

    def peak_of(self, settings: Settings, days: int) -> int:
        """The largest number of tasks that run at once in so many days with settings that are not
        part of the question."""
        items = self._items(settings, range(days))
        return max((int(one["peak"]) for one in self._simulate(items)), default=0)

    def _items(self, settings: Settings, days: Iterable[int]) -> list[Item]:
        before_s = self._before(settings).seconds
        return [(settings, day, before_s) for day in days]

    def _before(self, settings: Settings) -> WarmUp:
        if settings not in self._warm_ups:
            scenario = self._days.of(settings).scenario
            self._warm_ups[settings] = warm_up(scenario, self.question.deadlines)
        return self._warm_ups[settings]

    def _level(self, settings: Settings, look: int | None) -> float:
        if settings not in self._looked:
            return self.question.confidence
        if look is None:
            days = self.count(settings)
            passed = [number for number, at in enumerate(self.looks.at) if at >= days]
            look = passed[0] if passed else len(self.looks.at) - 1
        return self.looks.level(look)
