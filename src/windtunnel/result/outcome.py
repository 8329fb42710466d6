"""Outcome: what a result and a report have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from windtunnel.detect import Accepted, Finding
from windtunnel.result.dag_runs import DagRuns
from windtunnel.units import count


class Outcome(Protocol):
    """One simulation, or several, and what was found."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong."""
        ...

    @property
    def accepted(self) -> Sequence[Accepted]:
        """What was found, and somebody lives with."""
        ...

    def dag_runs(self, dag_id: str | None = None) -> DagRuns:
        """The dag runs; of several simulations those of the first."""
        ...


def said_findings(outcome: Outcome) -> str:
    """What was found, in a few words."""
    codes = ", ".join(sorted({one.code for one in outcome.findings}))
    said = f"{count(len(outcome.findings), 'finding')} ({codes})" if codes else "no findings"
    return said + (f", {len(outcome.accepted)} accepted" if outcome.accepted else "")
