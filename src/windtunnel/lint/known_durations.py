"""Known durations: how long a try takes at least and at most, where somebody said so.

Of what is drawn without a bound, the most is what one try in a million exceeds: a lognormal median
of half an hour does not mean that a day could happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, inf, log
from statistics import NormalDist

from windtunnel.engine.tries.durations import longest_us
from windtunnel.model import (
    Dag,
    Distribution,
    Gamma,
    History,
    LogNormal,
    Rule,
    RuleBook,
    Sample,
    Scenario,
    Step,
    Task,
    Triangular,
    Uniform,
    Weibull,
)

RARE = 1e-6
"""How likely a try is that takes longer than what counts as the most."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the tries of one task."""

    least_s: float
    most_s: float
    """Infinite where something may slow it down, by whatever factor."""
    source: str
    """Who says so: ``behavior``, ``history`` or ``execution_timeout``."""


class KnownDurations:
    """What the behavior of a scenario and the tasks themselves say."""

    def __init__(self, scenario: Scenario) -> None:
        self._behavior = scenario.behavior
        self._book = RuleBook(scenario.behavior.rules)
        history = scenario.behavior.history
        self._measured = {
            (one.dag_id, one.task_id): one.values_s
            for one in (history.measured if history is not None else ())
        }

    def of(self, dag: Dag, task: Task) -> Known | None:
        """None if nobody said anything. A rule for some tries leaves the others unsaid."""
        timeout = task.execution_timeout_s
        said = self._said(dag, task)
        if said is None:
            return None if timeout is None else Known(0.0, timeout, "execution_timeout")
        if any(slow.is_for(dag, task) for slow in self._behavior.slowdowns):
            said = Known(0.0, inf, said.source)
        if timeout is not None and timeout < said.most_s:
            return Known(min(said.least_s, timeout), timeout, said.source)
        return said

    def _said(self, dag: Dag, task: Task) -> Known | None:
        measured = self._measured.get((dag.dag_id, task.task_id))
        spans = [span for rule in self._book.of(dag, task) for span in _spans(rule)]
        if spans:
            return Known(min(a for a, _ in spans), max(b for _, b in spans), "behavior")
        return None if measured is None else Known(min(measured), max(measured), "history")


def _spans(rule: Rule) -> list[tuple[float, float]]:
    if rule.steps is not None:
        return [_of_steps(rule.steps)]
    given = rule.duration_s
    if given is None or isinstance(given, History):
        return []
    several = given if isinstance(given, tuple) else (given,)
    if rule.fails_after_s is not None:
        several = (*several, rule.fails_after_s)
    return [(_least(one), _most(one)) for one in several]


def _of_steps(steps: tuple[Step, ...]) -> tuple[float, float]:
    """One piece of work after the other; what may be left out takes no time at least. A try that
    defers gives its worker back, so nothing is known of how long it stays."""
    if any(step.defer_s is not None for step in steps):
        return 0.0, 0.0
    works = [step.work_s for step in steps if step.work_s is not None]
    may_end_early = any(
        step.fail or step.done_if is not None or step.unless is not None for step in steps
    )
    least = 0.0 if may_end_early else sum(_least(one) for one in works)
    return least, sum(_most(one) for one in works)


def _least(given: float | Distribution) -> float:
    if isinstance(given, Uniform | Triangular):
        return given.low
    if isinstance(given, Sample):
        return min(given.values_s)
    return float(given) if isinstance(given, int | float) else 0.0


def _most(given: float | Distribution) -> float:
    if isinstance(given, int | float):
        return float(given)
    if isinstance(given, LogNormal):
        return _minutes(given.median_s * exp(given.sigma * NormalDist().inv_cdf(1 - RARE)))
    if isinstance(given, Weibull):
        return _minutes(given.scale_s * (-log(RARE)) ** (1 / given.shape))
    if isinstance(given, Gamma):
        return _minutes(given.mean_s * _times_the_mean(given.shape))
    longest = longest_us(given)
    return inf if longest is None else longest / 1e6


def _minutes(seconds: float) -> float:
    """Rounded up: that it is rare is no matter of seconds."""
    return 60.0 * ceil(seconds / 60)


def _times_the_mean(shape: float) -> float:
    """How many times its mean a gamma distributed amount exceeds that rarely, by Chernoff's bound:
    ``P(X > k mean) <= exp(-shape (k - 1 - ln k))``."""
    low, high = 1.0, 2.0 - 2 * log(RARE) / shape
    for _ in range(60):
        middle = (low + high) / 2
        rare = shape * (middle - 1 - log(middle)) > -log(RARE)
        low, high = (low, middle) if rare else (middle, high)
    return high
