"""Points: what the days of one choice of settings come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, fsum, inf, log

from windtunnel.capacity.days.day import UNSOUND, Settings, seed_of
from windtunnel.capacity.days.warm_up import WarmUp
from windtunnel.capacity.days.workers import DAY_H, worker_hours
from windtunnel.capacity.estimating.estimate import Estimate, share
from windtunnel.capacity.plans.plan import Kept, Point, Verdict
from windtunnel.capacity.plans.simulating import Answer
from windtunnel.errors import InvalidInput
from windtunnel.loaders import said_deadline
from windtunnel.model import Question, Scenario

SHOWN = 3
"""Seeds of late days that are named."""
FARTHEST = 1_000_000
"""Days: more are as good as none."""


def point_of(
    question: Question,
    settings: Settings,
    scenario: Scenario,
    answers: Sequence[Answer],
    *,
    warm_up: WarmUp,
    confidence: float,
    same: bool,
) -> Point:
    """What they come to.

    Args:
        question: What was asked.
        settings: The choice.
        scenario: The scenario with these settings.
        answers: Its days, as `simulate_day` tells of them.
        warm_up: What was simulated before each.
        confidence: Of the intervals, between 0 and 1.
        same: Nothing is drawn, so that all days are like the one that was simulated.

    Raises:
        InvalidInput: on no day anything of a deadline was due.
    """
    kept = tuple(_kept(question, answers, confidence, same=same))
    verdict = _verdict(kept, question.share)
    hours, busy = worker_hours(scenario.cluster), busy_hours(answers, scenario.duration_s)
    price = question.cost_per_worker_hour
    paid = busy if question.elastic else hours
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
        warm_up=warm_up,
        more_days=_more(kept, question, len(answers)) if verdict == "unknown" else None,
    )


def busy_hours(answers: Sequence[Answer], window_s: float) -> float | None:
    """Worker-hours in 24 h in which a worker runs something, on average over the days; None: no
    workers are counted."""
    seconds = [one["busy_s"] for one in answers if one["busy_s"] is not None]
    if not seconds:
        return None
    return fsum(seconds) / len(seconds) / window_s * DAY_H


def _kept(
    question: Question, answers: Sequence[Answer], confidence: float, *, same: bool
) -> Iterable[Kept]:
    for number, deadline in enumerate(question.deadlines):
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
            _quantile(landed, question.share),
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


def _more(kept: Sequence[Kept], question: Question, days: int) -> int:
    """About how many days more it takes, if the shares are as they look. The evidence of so many
    days reached as far as the end of the interval; to reach no farther than the share that is asked
    for, it has to be as much larger as that is nearer."""
    worst = min(kept, key=lambda one: abs(one.estimate - question.share))
    end = worst.low if worst.estimate > question.share else worst.high
    each = _evidence(worst.estimate, question.share)
    needed = days * _evidence(worst.estimate, end) / each if each else FARTHEST
    return max(1, min(FARTHEST, ceil(needed) - days))


def _evidence(share_: float, wanted: float) -> float:
    """Kullback and Leibler's divergence of one share from another."""
    parts = ((share_, wanted), (1 - share_, 1 - wanted))
    return sum(one * log(one / other) if other else inf for one, other in parts if one)
