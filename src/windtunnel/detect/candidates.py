"""Candidates: what did not go wrong in a simulation, and could, where it is worth looking.

Two accesses to the same data that came one after the other, with nothing that orders them and
nothing that keeps them apart: with other durations, or another order of equal candidates, they
would meet. This is never a finding: a search steers at it, and what it then shows is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.exclusion import Holdings, could_meet
from windtunnel.detect.order import Order
from windtunnel.detect.overlap import conflict
from windtunnel.model import Scenario
from windtunnel.trace import Access, Trace, told_accesses

NEAREST = 8
"""Accesses of each task that one is compared with: those that came last before it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two tries that could meet at the same data."""

    dataset: str
    first: Access
    second: Access
    apart_us: int
    """How long the first was over when the second began: by so much one must move."""

    def tasks(self, trace: Trace) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
        """(dag_id, run, task_id) of both."""
        return _who(trace, self.first.ti), _who(trace, self.second.ti)


def candidates(scenario: Scenario, trace: Trace) -> list[Candidate]:
    """One for each pair of tasks, the runs that came nearest to each other; the nearest pairs
    first."""
    if not trace.touches:
        return []
    attempts = Attempts(scenario, trace)
    nearest: dict[tuple[tuple[int, int], tuple[int, int], bool], Candidate] = {}
    near = list(_near(trace, attempts))
    tries = [(a.ti, a.try_number) for pair in near for a in (pair.first, pair.second)]
    order, holdings = Order(scenario, trace, tries), Holdings(trace)
    for one in sorted(near, key=lambda pair: pair.apart_us):
        first, second = attempts.key(one.first.ti), attempts.key(one.second.ti)
        same_run = trace.ti_run[one.first.ti] == trace.ti_run[one.second.ti]
        key = (min(first, second), max(first, second), same_run)
        if key not in nearest and _is_open(scenario, attempts, order, holdings, one):
            nearest[key] = one
    return list(nearest.values())


def _near(trace: Trace, attempts: Attempts) -> Iterator[Candidate]:
    """Each access with the last ones of each task before it that it would spoil, or they it."""
    before: dict[str, dict[tuple[int, int], list[Access]]] = {}
    for access in sorted(told_accesses(trace), key=lambda one: one.from_us):
        there = before.setdefault(access.dataset, {})
        for others in there.values():
            for other in others:
                apart = access.from_us - other.to_us
                own = (other.ti, other.try_number) == (access.ti, access.try_number)
                if apart >= 0 and not own and conflict(other.verb, access.verb):
                    yield Candidate(access.dataset, other, access, apart)
        recent = there.setdefault(attempts.key(access.ti), [])
        recent.append(access)
        del recent[:-NEAREST]


def _is_open(
    scenario: Scenario, attempts: Attempts, order: Order, holdings: Holdings, pair: Candidate
) -> bool:
    first, second = (
        ((access.ti, access.try_number), holdings.at((access.ti, access.try_number), at))
        for access, at in ((pair.first, pair.first.from_us), (pair.second, pair.second.from_us))
    )
    if order.ordered(first[0], second[0]):
        return False
    return could_meet(scenario, attempts, (first, second), pair.first.to_us)


def _who(trace: Trace, ti: int) -> tuple[str, str, str]:
    record = trace.runs[trace.ti_run[ti]]
    return trace.dag_ids[record.dag], record.name, trace.task_ids[record.dag][trace.ti_task[ti]]
