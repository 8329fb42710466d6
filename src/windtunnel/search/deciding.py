"""Deciding: which of the rules in which two releases of Airflow differ decide anything in a fleet.

Each is turned back alone, and the scenario simulated again. A rule that changes nothing then may
still matter together with another one, or in another window: nothing is said of that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from windtunnel.engine import Simulation
from windtunnel.model import Scenario
from windtunnel.model.profile import Profile
from windtunnel.model.rules import RuleChange, rule_changes
from windtunnel.trace import Trace

_Events = dict[str, list[tuple[int, str, str, int, str]]]


@dataclass(frozen=True, slots=True)
class Decided:
    """A rule without whose change a fleet would go another way."""

    rule: RuleChange
    dags: tuple[str, ...]
    """The DAGs that would, by dag_id."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What the change of a release decides in a fleet."""

    decided: tuple[Decided, ...]
    """In the order of the fields of `Profile`."""
    changed: int
    """Rules in which the two releases differ."""
    tried: int
    """Of these, how many were turned back; fewer where the fleet is too large to do it."""


def deciding(
    scenario: Scenario,
    trace: Trace,
    before: Profile,
    *,
    budget: int,
    tell: Callable[[int, int], None] | None = None,
) -> Deciding:
    """Which rules decide something in a scenario that were different in another release.

    Args:
        scenario: With the release after the change.
        trace: Its simulation.
        before: The release before the change.
        budget: State changes that all simulations together may come to.
        tell: Called with how many rules are done, and of how many.
    """
    after = scenario.cluster.airflow
    changes = list(rule_changes(before, after))
    usual, found = _events(trace), []
    affordable = min(len(changes), budget // (1 + len(trace.history)))
    for number, change in enumerate(changes[:affordable]):
        if tell is not None:
            tell(number, affordable)
        rules = {**scenario.cluster.rules, change.name: change.before}
        cluster = scenario.cluster.model_copy(update={"rules": rules})
        other = Simulation(scenario.model_copy(update={"cluster": cluster})).run()
        if dags := _otherwise(usual, _events(other)):
            found.append(Decided(change, dags))
    return Deciding(tuple(found), len(changes), affordable)


def _events(trace: Trace) -> _Events:
    """Of each DAG what happened, in an order that does not depend on who came first at an
    instant."""
    found: _Events = {}
    for one in trace.events():
        event = (one.at_us, one.run, one.task_id or "", one.map_index, one.state)
        found.setdefault(one.dag_id, []).append(event)
    return {dag_id: sorted(events) for dag_id, events in found.items()}


def _otherwise(one: _Events, other: _Events) -> tuple[str, ...]:
    return tuple(sorted(d for d in {*one, *other} if one.get(d) != other.get(d)))
