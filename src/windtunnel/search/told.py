"""What of a search is told: each finding judged, shrunk, with what cures it, and stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from windtunnel.detect import Accepted, Finding, sort_out
from windtunnel.detect.verdicts import Verdicts, judge
from windtunnel.errors import InvalidInput
from windtunnel.model import Scenario, SearchProfile
from windtunnel.search.explore import Exploration
from windtunnel.search.recheck import Rechecked, unchanged
from windtunnel.search.repair import Repairs, with_patches
from windtunnel.search.shrinking.shrink import shrink
from windtunnel.search.store import Counterexample, counterexample, keep, renewed

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""
TRIES_OF_FIXES = 16
"""Simulations that each fix has to stand, at most."""


@dataclass
class Telling:
    """Makes of what a search found what people read."""

    scenario: Scenario
    profile: SearchProfile
    store: Path | None
    """Where counterexamples are kept; None: nowhere, and findings have no id to replay."""
    sources: Path | None
    """What the paths of DAG files are relative to; None: no patches are written."""
    progress: Progress
    findings: list[Finding] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    not_kept: str = ""
    """Why counterexamples were not stored, if they should have been and could not."""

    def told(self, exploration: Exploration, stored: list[Rechecked]) -> Verdicts:
        """What was found, what could happen, and what somebody lives with."""
        tries = min(exploration.simulations, max(1, round(TRIES_OF_FIXES * self.profile.fixing)))
        repairs = Repairs(self.scenario, exploration, tries, effort=self.profile.fixing)
        shares = len(exploration.found)
        for found, variant in exploration.found:
            if (finding := self._judged(found)) is None:
                continue
            known = unchanged(stored, variant)
            small = None
            if known is None:
                small = shrink(
                    variant,
                    found,
                    share=shares,
                    effort=self.profile.shrinking,
                    trace=exploration.first if variant is self.scenario else None,
                    progress=partial(self.progress, "Shrinking"),
                )
            self.progress("Looking for fixes", len(self.findings), shares)
            # What does not even help in the smallest case is out at once, and that is simulated
            # fast.
            full = repairs.of(finding, variant if small is None else small.shown.scenario)
            self._tell(counterexample(full, variant, small) if known is None else
                       renewed(known, full))  # fmt: skip
        for one in exploration.settled:
            if (finding := self._judged(one)) is not None:
                self.findings.append(repairs.of(finding, self.scenario))
        said = sort_out({}, self.findings, known=[one.finding for one in self.accepted])
        return replace(
            said,
            findings=tuple(map(self._patched, said.findings)),
            possible=tuple(map(self._patched, said.possible)),
            accepted=tuple(self.accepted),
        )

    def _judged(self, found: Finding) -> Finding | None:
        """None if somebody accepts it."""
        judged = judge(self.scenario.accept, found)
        if isinstance(judged, Accepted):
            self.accepted.append(judged)
            return None
        return judged

    def _tell(self, one: Counterexample) -> None:
        finding = one.finding
        if self.store is not None and self.sources is not None:
            finding = with_patches(finding, self.scenario.fleet, self.sources, self.store)
        if self.store is not None and not self.not_kept:
            try:
                keep(self.store, one.model_copy(update={"finding": finding}))
            except InvalidInput as error:
                self.not_kept = str(error)
        if self.store is None or self.not_kept:  # what was not stored can't be asked for
            finding = finding.model_copy(update={"counterexample": None})
        self.findings.append(finding)

    def _patched(self, finding: Finding) -> Finding:
        """With patches, if it has none: what needs no simulation is not stored."""
        if self.store is None or self.sources is None or finding.counterexample:
            return finding
        return with_patches(finding, self.scenario.fleet, self.sources, self.store)
