"""Outcomes: how tries end, and how long those take that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from windtunnel.calibration.fitting.laws import Lengths, law_of, stats
from windtunnel.calibration.fitting.tries import Tries, seconds_of
from windtunnel.calibration.past import PastTry
from windtunnel.model import Odds, Task

LATER = 5
"""Retries that are enough to say something of them alone."""
UNLIKELY = 0.01
OWN = 3
"""Failures that are enough to have a length of their own."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What failures say of how long tries take."""

    at_end: bool = False
    """They fail when their work is done: they took as long as others."""
    cut: bool = False
    """They were stopped at any moment: they would have taken longer."""


def failures_of(tries: Tries, done: Lengths) -> Failures:
    """What the failures of a task look like, by what makes their times likeliest: the same times as
    those of successes; a moment like any other while a try runs; or times of their own."""
    times = [max(seconds_of(one), 0.001) for one in tries.failed]
    if not times or len(done.exact) < OWN:
        return Failures()
    import numpy as np  # noqa: PLC0415

    law, seen = law_of(done), np.asarray(times)
    at_end = float(law.logpdf(seen).sum())
    stopped = float((law.logsf(seen) - np.log(law.mean())).sum())
    if len(times) >= OWN:
        logs = np.log(seen)
        spread = max(float(logs.std()), 0.05)
        own = float(stats().lognorm(spread, scale=np.exp(logs.mean())).logpdf(seen).sum()) - 2
        if own > max(at_end, stopped):
            return Failures()
    return Failures(at_end=True) if at_end >= stopped else Failures(cut=True)


def odds_of(tries: Tries, task: Task | None) -> Odds | tuple[Odds, ...] | None:
    """How likely each end is; of first tries and of retries, where these differ. ``None``: all
    succeed. What a timeout ends is left out: it comes by itself."""
    ended = [*tries.succeeded, *tries.skipped, *tries.failed]
    ended += _unseen([*ended, *tries.timed_out])
    first = [one for one in ended if one.try_number <= 1]
    later = [one for one in ended if one.try_number > 1]
    if len(later) >= LATER and first:
        table = [[_failures(some), len(some) - _failures(some)] for some in (first, later)]
        if float(stats().fisher_exact(table)[1]) < UNLIKELY:
            found = tuple(_odds(some, task) for some in (first, later))
            return found if any(one != Odds() for one in found) else None
    odds = _odds(ended, task)
    return None if odds == Odds() else odds


def _unseen(ended: Sequence[PastTry]) -> list[PastTry]:
    """Tries that nobody kept, before ones that were: they failed, else there were no later ones."""
    numbers: dict[tuple[str, str, str, int], set[int]] = {}
    for one in ended:
        numbers.setdefault(one.key, set()).add(one.try_number)
    unnumbered = Counter(one.key for one in ended if one.try_number == 0)
    found = []
    for one in ended:
        if one.last and one.try_number > 1:
            missing = sorted({*range(1, one.try_number)} - numbers[one.key])
            for number in missing[unnumbered[one.key] :]:
                found.append(one._replace(try_number=number, state="failed", last=False))
    return found


def _failures(tries: Sequence[PastTry]) -> int:
    return sum(one.state not in ("success", "skipped") for one in tries)


def _odds(tries: Sequence[PastTry], task: Task | None) -> Odds:
    if not tries:
        return Odds()
    failed = [one for one in tries if one.state not in ("success", "skipped")]
    final = [one for one in failed if _gives_up(one, task)]
    counts: dict[str, Any] = {
        "fail": len(failed) - len(final),
        "fail_no_retry": len(final),
        "skip": sum(one.state == "skipped" for one in tries),
    }
    return Odds(**{end: round(count / len(tries), 4) for end, count in counts.items()})


def _gives_up(one: PastTry, task: Task | None) -> bool:
    """Whether it failed for good with retries left, as after AirflowFailException."""
    return one.last and task is not None and 0 < one.try_number <= task.retries
