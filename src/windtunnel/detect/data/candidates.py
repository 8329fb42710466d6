"""Candidates: what did not go wrong in a simulation, and could, where it is worth looking.

Two accesses to the same data that came one after the other, with nothing that orders them and
nothing that keeps them apart: with other durations, or another order of equal candidates, they
would meet. This is never a finding: a search steers at it, and what it then shows is one.
"""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.data.exclusion import Holdings, could_meet
from windtunnel.detect.data.order import Order
from windtunnel.detect.data.overlap import conflict
from windtunnel.model import Scenario
from windtunnel.trace import Access, Trace, told_accesses

NEAREST = 2
"""Accesses of each task that one is compared with: those that came last before it."""
TRIED = 12
"""Accesses of a pair of tasks, those that came nearest to each other, that are looked at."""

Key = tuple[tuple[int, int], tuple[int, int], bool]
"""Two tasks, and whether in one run."""


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
    near = _near(trace, attempts)
    tries = {
        (access.ti, access.try_number): None
        for pairs in near.values()
        for pair in pairs
        for access in (pair.first, pair.second)
    }
    order, holdings = Order(scenario, trace, tries), Holdings(trace)
    found = []
    for pairs in near.values():
        for pair in sorted(pairs, key=lambda pair: pair.apart_us):
            if _is_open(scenario, attempts, order, holdings, pair):
                found.append(pair)
                break
    return sorted(found, key=lambda pair: pair.apart_us)


def _near(trace: Trace, attempts: Attempts) -> dict[Key, list[Candidate]]:
    """Each access with the last ones of each task before it that it would spoil, or they it; of
    each pair of tasks those that came nearest to each other."""
    before: dict[str, dict[tuple[tuple[int, int], str], list[Access]]] = {}
    found: dict[Key, list[Candidate]] = {}
    for access in sorted(told_accesses(trace), key=lambda one: one.from_us):
        there, own = before.setdefault(access.dataset, {}), attempts.key(access.ti)
        for (task, verb), others in there.items():
            if conflict(verb, access.verb):
                for other in others:
                    _keep(trace, found, (min(task, own), max(task, own)), other, access)
        recent = there.setdefault((own, access.verb), [])
        recent.append(access)
        del recent[:-NEAREST]
    return found


def _keep(
    trace: Trace,
    found: dict[Key, list[Candidate]],
    tasks: tuple[tuple[int, int], tuple[int, int]],
    first: Access,
    second: Access,
) -> None:
    apart = second.from_us - first.to_us
    if apart < 0 or (first.ti, first.try_number) == (second.ti, second.try_number):
        return
    same_run = trace.ti_run[first.ti] == trace.ti_run[second.ti]
    kept = found.setdefault((*tasks, same_run), [])
    if len(kept) == TRIED:
        farthest = max(kept, key=lambda pair: pair.apart_us)
        if farthest.apart_us <= apart:
            return
        kept.remove(farthest)
    kept.append(Candidate(second.dataset, first, second, apart))


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
