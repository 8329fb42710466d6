"""What cures a finding: single settings, changed as little as possible, each simulated before it is
named.

A larger limit is not always safer, so nothing is named that was not simulated in just that size.
The smallest one is searched by doubling and halving; below it another may hide, but none next to
it.
"""

from __future__ import annotations

from collections.abc import Collection

from windtunnel.detect import Finding, Fix, detect
from windtunnel.model import Scenario
from windtunnel.search.apart import apart
from windtunnel.search.changes import Change, Size, sizes, switches
from windtunnel.search.simulations import simulations

ROOM = 1_000_000
"""A size that no fleet fills: if this is not enough, none is."""

DOUBLINGS = 16
STANDS_STILL = frozenset({"WT101", "WT102", "WT103"})
"""What no change may bring about, whatever it cures."""

Identity = tuple[str, ...]


def repair(
    scenario: Scenario, finding: Finding, seeds: int, known: Collection[Finding] = ()
) -> tuple[Fix, ...]:
    """The smallest change of each setting with which no simulation shows the finding any more, nor
    any deadlock that was not there before.

    Args:
        scenario: The one that was checked.
        finding: What was found in it.
        seeds: The number of further seeds it was checked with: a fix is held to the same.
        known: What else was found in it, and may stay.
    """
    search = _Repair(finding, seeds, {other.identity for other in known} - {finding.identity})
    fixes = [search.smallest(size) for size in sizes(scenario, finding)]
    both = (*switches(scenario, finding), *apart(scenario, finding))
    fixes += [search.first(changes) for changes in both]
    return tuple(fix for fix in fixes if fix is not None)


class _Repair:
    """The search for what cures one finding."""

    def __init__(self, finding: Finding, seeds: int, may_stay: Collection[Identity]) -> None:
        self._code = finding.code
        self._seeds = seeds
        self._may_stay = may_stay

    def first(self, changes: list[Change]) -> Fix | None:
        """The first of these changes that is enough."""
        return next((fix for fix, changed in changes if self._is_clean(changed, self._seeds)), None)

    def smallest(self, size: Size) -> Fix | None:
        """The smallest size that is enough, if any is. The calm simulation narrows it down, the
        seeds decide."""
        if not self._is_clean(size.grown(size.now + ROOM)[1], seeds=0):
            return None
        found: int | None = size.now + 1
        for seeds in (0, self._seeds):
            if found is not None:
                found = self._smallest_above(found - 1, size, seeds)
        return None if found is None else size.grown(found)[0]

    def _smallest_above(self, too_small: int, size: Size, seeds: int) -> int | None:
        step = 1
        for _ in range(DOUBLINGS):
            if self._is_clean(size.grown(too_small + step)[1], seeds):
                break
            too_small, step = too_small + step, 2 * step
        else:
            return None
        enough = too_small + step
        while enough - too_small > 1:
            middle = (too_small + enough) // 2
            if self._is_clean(size.grown(middle)[1], seeds):
                enough = middle
            else:
                too_small = middle
        return enough

    def _is_clean(self, scenario: Scenario, seeds: int) -> bool:
        """Whether nothing of this code, and nothing that stands still, is found but what was there
        before; the first simulation that says no is the last."""
        for one in simulations(scenario, seeds):
            for found in detect(one.scenario, one.trace):
                bad = found.code == self._code or (found.certain and found.code in STANDS_STILL)
                if bad and found.identity not in self._may_stay:
                    return False
        return True
