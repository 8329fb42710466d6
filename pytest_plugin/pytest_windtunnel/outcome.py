"""Outcome: what one check of a whole fleet came to, for each of its tests."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import windtunnel as wt
from pytest_windtunnel.checks import Check, Checks
from pytest_windtunnel.words import covered_by, summary_of, title_of
from windtunnel.model import SearchProfile
from windtunnel.report import rechecked_line

FRAMES = 4


@dataclass(frozen=True)
class Outcome:
    """What was found, by the check that it fails."""

    findings: Mapping[Check, tuple[wt.Finding, ...]] = field(default_factory=dict)
    accepted: Mapping[Check, tuple[str, ...]] = field(default_factory=dict)
    """What was found and somebody lives with, in words."""
    skipped: Mapping[Check, str] = field(default_factory=dict)
    """What nothing is known of, and why."""
    title: str = ""
    """How much was found, in how many simulations."""
    summary: tuple[str, ...] = ()
    """What had to be assumed, and what does not count."""
    covered: tuple[str, ...] = ()
    """What the simulations tried."""
    is_stored: bool = False
    """Whether there are counterexamples to replay."""
    unreached: tuple[str, ...] = ()
    """What no simulation came to, of what the profile asks for."""
    mistake: str = ""
    """Why nothing is known."""


def outcome_of(checks: Checks, store: Path, profile: SearchProfile, again: str | None) -> Outcome:
    """Check the fleet, as `windtunnel check` does; what is found is stored. Or simulate, *again*
    and alone, the stored counterexample of this name."""
    assert checks.scenario is not None
    try:
        if again is not None:
            return _replayed(checks, wt.replay(again, checks.scenario, store=store))
        report = wt.check(
            checks.scenario, store=store, sources=checks.sources, again=True, profile=profile
        )
        return replace(_searched(checks, report), unreached=_missed(report, profile))
    except wt.WindtunnelError as error:
        return Outcome(mistake=str(error))
    except Exception as error:
        return Outcome(mistake=_internal(error))


def _searched(checks: Checks, report: wt.Report) -> Outcome:
    accepted: dict[Check, dict[str, None]] = {}
    for one in report.accepted:
        why = f": {one.reason}" if one.reason else ""
        said = f"accepted {one.finding.code} of {' and '.join(one.by)}{why}"
        accepted.setdefault(checks.of(one.finding), {})[said] = None
    findings = _by_check(checks, report.findings)
    idle = {one.dag_id: f"no run of it started: {one.why}" for one in report.never_ran}
    return Outcome(
        findings,
        {check: tuple(said) for check, said in accepted.items()},
        {one: idle[one.dag_id] for one in checks.checks if one.dag_id in idle},
        title_of(report),
        summary_of(report),
        covered_by(report),
        any(one.counterexample for one in report.findings),
    )


def _missed(report: wt.Report, profile: SearchProfile) -> tuple[str, ...]:
    asked = profile.fail_on_unreached
    missed = (one for one in report.unreached if "all" in asked or one.kind in asked)
    return tuple(f"{one.kind} {one.subject}: {one.why}" for one in missed)


def _replayed(checks: Checks, report: wt.Report) -> Outcome:
    (one,) = report.rechecked
    own = checks.of(one.kept)
    why = f"only {one.name} was simulated (--windtunnel-replay)"
    skipped = {check: why for check in checks.checks if check != own}
    return Outcome(_by_check(checks, report.findings), {}, skipped, rechecked_line(one))


def _by_check(
    checks: Checks, findings: Iterable[wt.Finding]
) -> dict[Check, tuple[wt.Finding, ...]]:
    found: dict[Check, list[wt.Finding]] = {}
    for finding in findings:
        found.setdefault(checks.of(finding), []).append(finding)
    return {check: tuple(some) for check, some in found.items()}


def _internal(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return "\n".join(
        [
            "internal error, a mistake of windtunnel and not of your files: "
            f"{type(error).__name__}: {error}",
            *(f"in {Path(frame.filename).name}:{frame.lineno}, {frame.name}" for frame in frames),
            "Please report it with these lines, and the DAG file if you can share it.",
        ]
    )
