"""Trial: what a change withstands: the counterexample, then a search as long as the one that found
it, with other luck."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from windtunnel.choices import Calm
from windtunnel.detect import Finding, detect
from windtunnel.engine import simulate
from windtunnel.errors import WindtunnelError
from windtunnel.lint import lint
from windtunnel.model import Scenario
from windtunnel.search.repair.before import Before
from windtunnel.search.repair.change import Change
from windtunnel.search.repair.landing import Landing, ends_of, landing
from windtunnel.search.simulations import CALM, simulations, size_of
from windtunnel.search.steered import steered
from windtunnel.trace import Trace

WORK, FEWEST = 100_000, 2
"""State changes in the simulations of all changes, for all that was found; but so many simulations
at least for each."""
OTHER_LUCK = 7_919
"""Added to the seed of a search that shall not go the ways of the first."""
NO_SCENARIO = (WindtunnelError, ValueError, LookupError, AssertionError)
"""A change of a scenario may be none any more. That is an answer: it does not help."""

FEWEST_TRIES = 1
PARTS = 10
"""A search with a change may take so much of what there is for all of them."""
OF_ONE = frozenset({"WT201", "WT204"})
"""What befalls single tasks, so that another one has it in another simulation."""

Replayed = Literal["gone", "sooner", "there"]
Known = tuple[str, ...]


class SpentError(Exception):
    """There is no time left for more simulations."""


@dataclass(slots=True)
class Budget:
    """Simulations that may still be made."""

    work: int
    simulations: int

    def spend(self, trace: Trace) -> None:
        """One simulation was made."""
        self.work -= size_of(trace)
        self.simulations -= 1

    def look(self, work: int) -> None:
        """The DAGs are looked at, without a simulation.

        Raises:
            SpentError: too little is left.
        """
        if self.simulations <= 0 and self.work < work:
            raise SpentError
        self.work -= work

    def check(self) -> None:
        """
        Raises:
            SpentError: nothing is left.
        """
        if self.work <= 0 and self.simulations <= 0:
            raise SpentError


@dataclass(slots=True)
class Stood:
    """What a search with a change came to."""

    simulations: int
    landing: Landing


@dataclass
class Trial:
    """Tries changes against one finding."""

    before: Before
    shown_by: Scenario
    finding: Finding
    known: Collection[Known]
    """What else was found before, and may stay."""
    tries: int
    """Simulations of each of the two searches."""
    budget: Budget
    _is_static: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._is_static = self.finding.since is None
        if self._is_static:
            self.budget.look(self.before.look)
        affordable = self.budget.work // size_of(self.before.calm)
        self.tries = min(self.tries, max(FEWEST_TRIES, affordable // PARTS))

    def replayed(self, change: Change) -> Replayed:
        """What the counterexample shows with a change."""
        try:
            changed = change.apply(self.shown_by)
            if self._is_static:
                self.budget.look(self.before.look)
                return "gone" if self._passes(lint(changed)) else "there"
            self.budget.check()
            trace = simulate(changed)
            found = detect(changed, trace)
        except NO_SCENARIO:
            return "there"
        self.budget.spend(trace)
        if self._passes(found):
            return "gone"
        return "sooner" if change.ends_waits and self._is_sooner(found) else "there"

    def stands(self, change: Change) -> Stood | None:
        """A search with a change; None if it shows the finding, or something new, or a run fails
        that did not. Without simulations left it is as short as it can be."""
        changed = change.apply(self.before.scenario)
        self.budget.work -= self.before.look
        if not self._passes_lint(changed):
            return None
        ends: Trace | None = None
        count = 0
        for luck in (0, OTHER_LUCK):
            lucky = changed.model_copy(update={"seed": changed.seed + luck})
            for one in simulations(lucky, self.tries, to_the_corners=not luck, calm=True):
                self.budget.spend(one.trace)
                count += 1
                if ends is None or (not luck and one.by == CALM):
                    ends = one.trace
                if not self._passes(detect(one.scenario, one.trace)):
                    return None
            if ends is None or not ends.asked or self.budget.work <= 0:
                break
        assert ends is not None
        cost = landing(self.before.ends, ends_of(ends))
        return None if cost.fails and not change.may_fail else Stood(count, cost)

    def calm_landing(self, change: Change) -> Landing:
        """Only how dag runs end."""
        self.budget.check()
        _, trace = steered(change.apply(self.before.scenario), Calm())
        self.budget.spend(trace)
        return landing(self.before.ends, ends_of(trace))

    def _passes_lint(self, changed: Scenario) -> bool:
        new = [
            f
            for f in lint(changed)
            if f.identity not in self.before.said or f.code == self.finding.code
        ]
        return self._passes(new)

    def _passes(self, found: Iterable[Finding]) -> bool:
        """Whether nothing is found but what was there before."""
        own = self.finding.code
        return not any(
            (one.code == own or one.certain)
            and one.identity not in self.known
            and not self._is_of_others(one)
            for one in found
        )

    def _is_of_others(self, found: Finding) -> bool:
        """Whether it is what luck does to one task or another, and here it was others."""
        return found.code in OF_ONE and found.code == self.finding.code and not (
            _tasks(found) & _tasks(self.finding)
        )  # fmt: skip

    def _is_sooner(self, found: Iterable[Finding]) -> bool:
        """Whether it is the same, and over in less than half the time."""
        new = [one for one in found if one.certain and one.identity not in self.known]
        until, since = self.finding.until, self.finding.since
        for one in new:
            if one.code != self.finding.code or one.until is None or one.since is None:
                return False
            if until is not None and since is not None and (
                2 * (one.until - one.since) > until - since
            ):  # fmt: skip
                return False
        return True


def _tasks(finding: Finding) -> set[tuple[str, str]]:
    return {(party.dag_id, party.task_id) for party in finding.holding}
