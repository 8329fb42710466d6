"""Values: what a backtest came to."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from windtunnel.calibration.backtesting.figures import Compared
from windtunnel.calibration.backtesting.span import Span
from windtunnel.calibration.deployed import Platform
from windtunnel.units import count

GOOD, FAIR = 0.10, 0.25
"""Median errors up to which a plan can be trusted well, or for coarse questions only."""


@dataclass(frozen=True, slots=True)
class Queued:
    """How long tries of a DAG waited in the queue before they ran, on average, in seconds."""

    actual_s: float
    predicted_s: float | None
    uncalibrated_s: float | None


@dataclass(frozen=True, slots=True)
class DagBacktest:
    """One DAG: what its runs of the window took, and what was predicted."""

    dag_id: str
    runs: int
    """Runs that were due in the window."""
    unended: int
    """Of these, those of which the past tells no end."""
    not_simulated: int
    """... and those that the simulation did not have, or did not end."""
    invented: float
    """Runs that the simulation had and the past had not; the mean over simulations."""
    landing: Compared | None
    """From when a run was due (a scheduled one at its ``run_after``, another one when it was asked
    for) to its end."""
    makespan: Compared | None
    """From the start of a run to its end."""
    queued: Queued | None
    uncalibrated_landing: Compared | None
    """With the default durations, and without what was learned of the deployment."""
    uncalibrated_makespan: Compared | None
    failed: tuple[float, float] = (0.0, 0.0)
    """Share of its runs that failed, and what was predicted."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """A past window, simulated and compared with what happened."""

    source: str
    """Where the past was read."""
    learned_from: str | None
    """Another past, if it was learned from that."""
    span: Span
    mode: str
    """``calibrated``: from what was known before the window; ``replayed``: with the durations that
    were measured in the window itself, so that only the scheduler's model is tested."""
    trials: int
    """Simulations."""
    dags: tuple[DagBacktest, ...]
    """In order of their ids; those with runs in the window."""
    platform: Platform
    notes: tuple[str, ...]
    """Where the simulation is another one than the past was."""
    reasons: tuple[str, ...]
    """What happened in the window that nothing before it tells of."""

    @property
    def landing_error(self) -> float | None:
        """The median over DAGs of how far the predicted median landing time is off."""
        return _middle([abs(one.landing.error) for one in self.dags if one.landing])

    @property
    def makespan_error(self) -> float | None:
        """The same of the makespan."""
        return _middle([abs(one.makespan.error) for one in self.dags if one.makespan])

    @property
    def uncalibrated_landing_error(self) -> float | None:
        """The same without calibration."""
        known = [one.uncalibrated_landing for one in self.dags]
        return _middle([abs(one.error) for one in known if one])

    @property
    def uncalibrated_makespan_error(self) -> float | None:
        """The same without calibration, of the makespan."""
        known = [one.uncalibrated_makespan for one in self.dags]
        return _middle([abs(one.error) for one in known if one])

    @property
    def trust(self) -> str:
        """In one sentence, how far to trust a plan for this deployment."""
        known = [one for one in self.dags if one.landing]
        middle = self.landing_error
        if middle is None:
            if any(one.unended for one in self.dags):
                return (
                    "None of the window's runs that the simulation has had ended when the past "
                    "ends, so nothing can be compared: begin earlier with --since, or come back "
                    "when more has run."
                )
            return "No run of the window can be compared: this says nothing of a plan."
        worst = max(known, key=lambda one: abs(one.landing.error) if one.landing else 0.0)
        assert worst.landing is not None
        far = abs(worst.landing.error)
        said = f"Half of the DAGs land within {middle:.0%} of what was predicted"
        if len(known) == 1:
            said = f"{worst.dag_id} lands within {middle:.0%} of what was predicted"
        else:
            said += f", the worst ({worst.dag_id}) {far:.0%} off"
        compared = sum(one.landing.runs for one in known if one.landing)
        few = f" (from {count(compared, 'run')} only)" if compared < 10 * len(known) else ""
        if middle <= GOOD and far <= FAIR:
            return f"{said}{few}: a plan can be trusted where it decides by more than that."
        if middle <= FAIR:
            return (
                f"{said}{few}: trust a plan where it decides by more than {max(far, middle):.0%}."
            )
        return f"{said}{few}: don't rely on a plan before the reasons below are mended."


def _middle(values: list[float]) -> float | None:
    return median(values) if values else None
