"""Report: several simulations of one scenario, and what they found."""

from __future__ import annotations

from dataclasses import dataclass, field

from windtunnel.detect import Accepted, Finding
from windtunnel.model import Assumption, Problem, Scenario
from windtunnel.result.dag_runs import DagRuns
from windtunnel.result.outcome import said_findings
from windtunnel.result.result import Result
from windtunnel.search import Proof, Rechecked, Unreached, Varied
from windtunnel.units import count
from windtunnel.window import Idle


@dataclass(frozen=True, repr=False)
class Report:
    """Several simulations of one scenario, what they found, and what that covers."""

    scenario: Scenario
    findings: tuple[Finding, ...]
    simulations: int
    covered: str
    result: Result
    """The first, calm simulation; of a replay, the replayed one."""
    problems: tuple[Problem, ...] = field(default=())
    assumptions: tuple[Assumption, ...] = field(default=())
    not_kept: str = ""
    """Why counterexamples were not stored, if they should have been and could not."""
    unreached: tuple[Unreached, ...] = ()
    """What no simulation came to: limits that nobody waited for, faults that struck nothing."""
    varied: tuple[Varied, ...] = ()
    """What was found with other values of some settings."""
    rechecked: tuple[Rechecked, ...] = ()
    """What became of counterexamples that had been stored; of a replay, the one."""
    proof: Proof | None = None
    """For which DAGs a deadlock is excluded; None: not asked."""
    profile: str = ""
    """How hard was searched; empty: it was no search."""

    @property
    def possible(self) -> tuple[Finding, ...]:
        """What could happen, and was not shown to."""
        return self.result.possible

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """What was found, and somebody lives with."""
        return self.result.accepted

    @property
    def never_ran(self) -> tuple[Idle, ...]:
        """The DAGs of which no run started in the first simulation, and why."""
        return self.result.never_ran

    def dag_runs(self, dag_id: str | None = None) -> DagRuns:
        """The dag runs of the first simulation, as `Result.dag_runs`."""
        return self.result.dag_runs(dag_id)

    def __repr__(self) -> str:
        return f"<Report of {count(self.simulations, 'simulation')}: {said_findings(self)}>"
