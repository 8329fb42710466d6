"""Trials: the simulations of each setting, made once, and what they come to so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import ceil, inf, log
from time import perf_counter
from typing import Any, Protocol

from windtunnel.capacity.day import UNSOUND, Days, Item, Settings, is_drawn, seed_of, simulate_day
from windtunnel.capacity.estimate import Estimate, share
from windtunnel.capacity.looks import Looks
from windtunnel.capacity.plan import Kept, Point, Verdict
from windtunnel.capacity.warm_up import WarmUp, warm_up
from windtunnel.capacity.workers import DAY_H, worker_hours
from windtunnel.errors import InvalidInput
from windtunnel.loaders import said_deadline
from windtunnel.model import Question
from windtunnel.sweep import HERE, Backend, Progress, processes, sweep
from windtunnel.sweep import Kept as Keeping

Answer = dict[str, Any]
SHOWN = 3
"""Seeds of late days that are named."""
ALIKE = 2
"""So many days that are alike ask for a proof that nothing is drawn."""
WORTH_S = 2.0
"""After so many seconds it is worth going on in several processes."""
PORTION_S = 0.25
"""Seconds of work at once that are worth sending there."""
FARTHEST = 1_000_000
"""Days: more are as good as none."""


class Simulate(Protocol):
    """Whoever simulates days: the answers to items, in their order."""

    def __call__(self, items: Sequence[Item]) -> Iterable[Answer]:
        """Simulate these."""
        ...


class Simulating:
    """Days as a sweep makes them: here, if that is soon done, else where it was said, or in as many
    processes as there are cores. Where has no influence on what comes out."""

    def __init__(
        self,
        days: Days,
        tell: Progress | None = None,
        on: Backend | None = None,
        kept: Keeping | None = None,
    ) -> None:
        self._days = days
        self._tell = tell
        self._on = on
        self._kept = kept
        self._made, self._took_s = 0, 0.0

    def __call__(self, items: Sequence[Item]) -> Iterable[Answer]:
        """The answers, in the order of the items."""
        on = self._on or self._worth(len(items))
        began = perf_counter()
        answers = list(
            sweep(simulate_day, self._days, items, on=on, tell=self._tell, kept=self._kept)
        )
        if on == HERE:
            self._made += len(items)
            self._took_s += perf_counter() - began
        return answers

    def _worth(self, items: int) -> Backend:
        """Processes take a second or more to start, and then half of the time or less."""
        expected_s = items * self._took_s / max(1, self._made)
        return HERE if self._took_s < WORTH_S or expected_s < PORTION_S else processes(None)


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
        answers = self._answers[settings]
        same = self._same.get(settings, False)
        confidence = self._level(settings, look)
        kept = tuple(self._kept(answers, confidence, same=same))
        verdict = _verdict(kept, self.question.share)
        scenario = self._days.of(settings).scenario
        hours, busy = worker_hours(scenario.cluster), _busy_hours(answers, scenario.duration_s)
        price = self.question.cost_per_worker_hour
        paid = busy if self.question.elastic else hours
        unsound = [number for number, one in enumerate(answers) if _unsound(one)]
        late = [
            number
            for number, one in enumerate(answers)
            if number in unsound or one["on_time"] != one["due"]
        ]
        return Point(
            settings=settings,
            verdict=verdict,
            days=len(answers),
            kept=kept,
            waits=_waits(answers),
            findings=_findings(answers),
            late_seeds=tuple(seed_of(scenario, number) for number in late[:SHOWN]),
            worker_hours=hours,
            busy_worker_hours=busy,
            cost=None if price is None or paid is None else paid * price,
            warm_up=self._before(settings),
            more_days=_more(kept, self.question, len(answers)) if verdict == "unknown" else None,
        )

    def busy_hours(self, settings: Settings, days: int) -> float:
        """Worker-hours in 24 h in which a worker runs something, on average over some days; to the
        second, so that settings that come to the same are equal."""
        self.upto(settings, min(days, self.looks.at[0]))
        found = _busy_hours(self._answers[settings], self._days.of(settings).scenario.duration_s)
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

    def _kept(self, answers: list[Answer], confidence: float, *, same: bool) -> Iterable[Kept]:
        for number, deadline in enumerate(self.question.deadlines):
            clusters = [(one["on_time"][number], one["due"][number]) for one in answers]
            due = sum(of for _, of in clusters)
            said = said_deadline(deadline)
            if not due:
                raise InvalidInput(
                    f"deadline {said!r}: in {len(answers)} simulations nothing of it was due "
                    "before the window ended; simulate longer (--for, or duration in "
                    "scenario.toml)"
                )
            landed = [seconds for one in answers for seconds in one["landed"][number]]
            found = _estimate(clusters, confidence, same=same)
            yield Kept(
                said,
                found.value,
                found.low,
                found.high,
                due,
                due - sum(on_time for on_time, _ in clusters),
                _quantile(landed, 0.5),
                _quantile(landed, self.question.share),
            )
        bad = sum(_unsound(one) for one in answers)
        if bad:
            clusters = [(int(not _unsound(one)), 1) for one in answers]
            found = _estimate(clusters, confidence, same=same)
            said = "no deadlock, nothing used up"
            yield Kept(said, found.value, found.low, found.high, len(answers), bad)


def _estimate(clusters: list[tuple[int, int]], confidence: float, *, same: bool) -> Estimate:
    if same:
        value = sum(hits for hits, _ in clusters) / sum(of for _, of in clusters)
        return Estimate(value, value, value, len(clusters), confidence)
    return share(clusters, confidence)


def _verdict(kept: Sequence[Kept], wanted: float) -> Verdict:
    if all(one.low >= wanted for one in kept):
        return "yes"
    return "no" if any(one.high < wanted for one in kept) else "unknown"


def _unsound(answer: Answer) -> bool:
    return any(str(code).startswith(UNSOUND) for code in answer["codes"])


def _quantile(landed: Sequence[float | None], at: float) -> float | None:
    if not landed:
        return None
    ordered = sorted(inf if seconds is None else seconds for seconds in landed)
    found = ordered[max(0, ceil(at * len(ordered)) - 1)]
    return None if found == inf else found


def _waits(answers: Sequence[Answer]) -> tuple[tuple[str, float], ...]:
    spent: Counter[str] = Counter()
    for one in answers:
        spent.update(one["waits"])
    means = [(limit, seconds / len(answers)) for limit, seconds in spent.items()]
    return tuple(sorted(means, key=lambda one: (-one[1], one[0])))


def _findings(answers: Sequence[Answer]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(code for one in answers for code in one["codes"]).items()))


def _busy_hours(answers: Sequence[Answer], window_s: float) -> float | None:
    seconds = [one["busy_s"] for one in answers if one["busy_s"] is not None]
    if not seconds:
        return None
    return float(sum(seconds)) / len(seconds) / window_s * DAY_H


def _more(kept: Sequence[Kept], question: Question, days: int) -> int:
    """About how many days more it takes, if the shares are as they look: after Wald, the evidence
    that a day brings is how far the share is from the one asked for."""
    worst = min(kept, key=lambda one: abs(one.estimate - question.share))
    each = _evidence(worst.estimate, question.share)
    needed = log(2 / (1 - question.confidence)) / each if each else FARTHEST
    return max(1, min(FARTHEST, ceil(needed * 2) - days))


def _evidence(share_: float, wanted: float) -> float:
    """Kullback and Leibler's divergence of one share from another."""
    parts = ((share_, wanted), (1 - share_, 1 - wanted))
    return sum(one * log(one / other) for one, other in parts if one)
