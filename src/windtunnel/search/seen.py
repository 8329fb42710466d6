"""Seen: what a search keeps of one simulation, as plain data, wherever that was made."""

from __future__ import annotations

from typing import Any

from windtunnel.detect import Accepted, Finding, detect, judge
from windtunnel.model import Chosen, Scenario
from windtunnel.search.course import Course, Maker, Plan
from windtunnel.search.reached import Reached
from windtunnel.search.steered import chosen
from windtunnel.sweep import prepared
from windtunnel.trace import Trace

OF_LOAD = frozenset(("WT404",))
"""Findings that come of how much there is to do. Where everything takes its longest at once any
queue is long, and no night is like that: of lengths that vary only what the seed draws counts."""

Seen = dict[str, Any]
"""Of one simulation: ``by`` whom, what was ``asked`` and what was ``decided`` to go another way,
what was ``found``, what it ``reached``, and what was ``noted`` for later ones."""
Same = tuple[bool, tuple[str, ...]]
"""What makes a finding one with others."""


def see(course: Course, plan: Plan) -> Seen:
    """Make a simulation, and look at it."""
    variant, trace, noted = prepared(course, Maker).make(plan)
    look = prepared(course, _looking_at)
    return look.at(plan.get("by", "corner"), variant, trace) | {"noted": noted}


def _looking_at(course: Course) -> Looking:
    return Looking(course.scenario)


class Looking:
    """Looks at simulations of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._reached = Reached(scenario)

    def at(self, by: str, variant: Scenario, trace: Trace) -> Seen:
        """What is to be kept of one; *variant* is the scenario that repeats it."""
        unlikely = variant.choices is not None and trace.asked["lengths"] > 0
        return {
            "by": by,
            "asked": dict(trace.asked),
            "decided": [(c.kind, list(c.actor), c.nth, c.value) for c in chosen(trace)],
            "found": [
                (same_of(self._scenario, one), one.model_dump(mode="json", exclude_defaults=True))
                for one in detect(variant, trace)
                if not (unlikely and one.code in OF_LOAD)
            ],
            "reached": self._reached.of(trace),
        }


def same_of(scenario: Scenario, finding: Finding) -> Same:
    """What makes it one with others. What etl does and somebody accepts doesn't stand for what mart
    does to the same pool."""
    return isinstance(judge(scenario.accept, finding), Accepted), finding.identity


def repeated(scenario: Scenario, seen: Seen) -> Scenario:
    """The scenario that repeats a simulation in which somebody chose."""
    choices = tuple(
        Chosen(kind=kind, actor=tuple(actor), nth=nth, value=value)
        for kind, actor, nth, value in seen["decided"]
    )
    return scenario.model_copy(update={"choices": choices})
