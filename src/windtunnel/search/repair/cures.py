"""What cures a finding: single settings, changed as little as possible, each simulated before it is
named.

A larger limit is not always safer, so nothing is named that was not simulated in just that size.
Where one limit stands alone, the smallest size is searched by doubling and halving, and where there
are several, or locks, small sizes are tried one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from windtunnel.detect import Finding, Fix
from windtunnel.model import Scenario
from windtunnel.search.explore import Exploration
from windtunnel.search.proofs import prove
from windtunnel.search.repair.before import Before
from windtunnel.search.repair.change import Change, Offer, Size
from windtunnel.search.repair.landing import Landing
from windtunnel.search.repair.offers import offers
from windtunnel.search.repair.trial import FEWEST, WORK, Budget, SpentError, Trial

ROOM = 1_000_000
"""A size that no fleet fills: if this is not enough, none is."""
DOUBLINGS = 16
ONE_BY_ONE = 6
"""Sizes that are tried one after the other where a larger one may be worse."""
GROWN = 3
"""Sizes that are tried after one that the counterexample allowed and a search did not."""
DEADLOCK = "WT101"
ASKED, EFFORT = 4, 500_000
"""So many fixes of a deadlock are tried to be proved, each with so many steps of the solver."""
LEVELS = {"proved": 0, "survived": 1, "shortens": 2}


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was learned about cures."""

    fixes: tuple[Fix, ...]
    """The best first."""
    no_help: tuple[str, ...]
    """What one might try, and in vain, in words."""
    left: int
    """Changes that were not tried any more."""


class Repairs:
    """What cures each of the findings of one search."""

    def __init__(
        self, scenario: Scenario, exploration: Exploration, tries: int, *, effort: float = 1.0
    ) -> None:
        self._before = Before(scenario)
        self._effort = effort
        self._tries = tries
        self._known = [*(found for found, _ in exploration.found), *exploration.settled]

    def of(self, finding: Finding, shown_by: Scenario) -> Finding:
        """The finding, with what cures it."""
        if not self._effort:
            return finding
        found = repair(
            self._before.scenario,
            finding,
            self._tries,
            self._known,
            shown_by=shown_by,
            before=self._before,
            share=len(self._known),
            effort=self._effort,
        )
        told = {"fixes": found.fixes, "no_help": found.no_help, "fixes_left": found.left}
        return finding.model_copy(update=told)


def repair(
    scenario: Scenario,
    finding: Finding,
    seeds: int,
    known: Collection[Finding] = (),
    *,
    shown_by: Scenario | None = None,
    before: Before | None = None,
    share: int = 1,
    effort: float = 1.0,
) -> Repaired:
    """The smallest change of each setting with which no simulation shows the finding any more, nor
    anything that was not there before.

    Args:
        scenario: The one that was checked.
        finding: What was found in it.
        seeds: The number of further simulations it was checked with: a fix is held to the same,
            and to as many that go other ways.
        known: What else was found in it, and may stay.
        shown_by: The scenario that shows the finding: what does not even help there is out.
        before: The scenario as it is, if it was looked at already.
        share: Among how many findings the budget is divided.
        effort: How many times the usual budget there is.
    """
    may_stay = {other.identity for other in known} - {finding.identity}
    fewest = 0 if finding.since is None else FEWEST
    budget = Budget(round(WORK * effort) // max(1, share), round(fewest * effort))
    before = before or Before(scenario)
    try:
        trial = Trial(before, shown_by or scenario, finding, may_stay, max(1, seeds), budget)
    except SpentError:
        return Repaired((), (), len(offers(scenario, finding)))
    return _Repair(trial).repaired(offers(scenario, finding))


class _Repair:
    """The search for what cures one finding."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._finding = trial.finding
        self._no_help: list[str] = []
        limits = trial.finding.limits
        self._is_monotone = len(limits) == 1 and limits[0].kind != "resource"

    def repaired(self, offered: list[Offer]) -> Repaired:
        ranked: list[tuple[tuple[float, ...], Fix, Change]] = []
        left = 0
        for number, offer in enumerate(offered):
            try:
                for change, fix, ends in self._enough(offer):
                    order = (
                        LEVELS[fix.level], fix.by_timing, ends.unfinished > 0, change.touched,
                        ends.later_s or 0.0, number,
                    )  # fmt: skip
                    ranked.append((order, fix, change))
            except SpentError:
                left += 1
        ranked.sort(key=lambda one: one[0])
        ranked = [self._proved(one) if n < ASKED else one for n, one in enumerate(ranked)]
        ranked.sort(key=lambda one: one[0])
        return Repaired(
            tuple(dict.fromkeys(fix for _, fix, _ in ranked)),
            tuple(dict.fromkeys(self._no_help)),
            left,
        )

    def _proved(
        self, one: tuple[tuple[float, ...], Fix, Change]
    ) -> tuple[tuple[float, ...], Fix, Change]:
        """With what can be proved of it: that none of the DAGs in a deadlock is ever in one again,
        or that a state in which they are is not excluded."""
        order, fix, change = one
        before = self._trial.before
        if self._finding.code != DEADLOCK or fix.level != "survived" or not before.proofs:
            return one
        before.proofs -= 1
        parties = (*self._finding.holding, *self._finding.waiting)
        proof = prove(change.apply(before.scenario), effort=EFFORT)
        verdicts = {proof.of(dag_id).verdict for dag_id in {party.dag_id for party in parties}}
        if verdicts == {"proved"}:
            proved = fix.model_copy(update={"level": "proved", "by_timing": False})
            return (LEVELS["proved"], 0, *order[2:]), proved, change
        if "candidate" in verdicts:
            return (order[0], 1, *order[2:]), fix.model_copy(update={"by_timing": True}), change
        return one

    def _enough(self, offer: Offer) -> Iterator[tuple[Change, Fix, Landing]]:
        """What of it is enough, if anything is."""
        tries = self._grown(offer) if isinstance(offer, Size) else iter(offer)
        refused: list[Change] = []
        shorter: tuple[Change, Fix, Landing] | None = None
        for change in tries:
            how = self._trial.replayed(change)
            stood = self._trial.stands(change) if how == "gone" else None
            if stood is not None:
                fix = change.fix.model_copy(
                    update={"simulations": stood.simulations, **_costs(change, stood.landing)}
                )
                yield change, fix, stood.landing
                return
            if how == "sooner" and shorter is None:
                ends = self._trial.calm_landing(change)
                if not ends.fails:
                    fix = change.fix.model_copy(
                        update={"level": "shortens", "simulations": 1, **_costs(change, ends)}
                    )
                    shorter = (change, fix, ends)
            refused.append(change)
        if shorter is not None:
            yield shorter
        elif isinstance(offer, Size):
            self._no_help.append(f"{offer.grown(offer.now + 1).fix.setting} of any larger size")
        elif refused:
            fix = refused[-1].fix
            self._no_help.append(f"{fix.setting}: {fix.before} -> {fix.after}")

    def _grown(self, size: Size) -> Iterator[Change]:
        """Sizes that the counterexample allows, the smallest first."""
        if not self._is_monotone:
            yield from (size.grown(size.now + n) for n in range(1, ONE_BY_ONE + 1))
        if not self._is_gone(size, size.now + ROOM):
            return
        too_small, step = size.now, 1
        for _ in range(DOUBLINGS):
            if self._is_gone(size, too_small + step):
                break
            too_small, step = too_small + step, 2 * step
        else:
            return
        enough = too_small + step
        while enough - too_small > 1:
            middle = (too_small + enough) // 2
            if self._is_gone(size, middle):
                enough = middle
            else:
                too_small = middle
        yield from (size.grown(enough + n) for n in range(GROWN))
        yield from (size.grown(enough + 2**n) for n in range(2, 6))

    def _is_gone(self, size: Size, slots: int) -> bool:
        return self._trial.replayed(size.grown(slots)) == "gone"


def _costs(change: Change, ends: Landing) -> dict[str, object]:
    note = change.fix.note
    if ends.unfinished:
        runs = "1 dag run does" if ends.unfinished == 1 else f"{ends.unfinished} dag runs do"
        said = f"with it {runs} not end in this window"
        note = f"{note}; {said}" if note else said
    return {"later_s": ends.later_s, "later": ends.dag_id, "note": note}
