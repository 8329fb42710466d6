"""Outcome: what one check of a whole fleet came to, for each of its tests."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import windtunnel as wt
from pytest_windtunnel.checks import Check, Checks
from pytest_windtunnel.words import covered_by, summary_of, title_of
from windtunnel.model import SearchProfile

FRAMES = 4


@dataclass(frozen=True)
class Outcome:
    """What was found, by the check that it fails."""

    findings: Mapping[Check, tuple[wt.Finding, ...]] = field(default_factory=dict)
    accepted: Mapping[Check, tuple[str, ...]] = field(default_factory=dict)
    """What was found and somebody lives with, in words."""
    idle: Mapping[str, str] = field(default_factory=dict)
    """Why no run of a DAG started, by dag_id."""
    title: str = ""
    """How much was found, in how many simulations."""
    summary: tuple[str, ...] = ()
    """What had to be assumed, and what does not count."""
    covered: tuple[str, ...] = ()
    """What the simulations tried."""
    is_stored: bool = False
    """Whether there are counterexamples to replay."""
    mistake: str = ""
    """Why nothing is known."""


def outcome_of(checks: Checks, store: Path, profile: SearchProfile) -> Outcome:
    """Check the fleet, as `windtunnel check` does; what is found is stored."""
    assert checks.scenario is not None
    try:
        report = wt.check(
            checks.scenario, store=store, sources=checks.sources, again=True, profile=profile
        )
    except wt.WindtunnelError as error:
        return Outcome(mistake=str(error))
    except Exception as error:
        return Outcome(mistake=_internal(error))
    found: dict[Check, list[wt.Finding]] = {}
    for finding in report.findings:
        found.setdefault(checks.of(finding), []).append(finding)
    accepted: dict[Check, list[str]] = {}
    for one in report.accepted:
        why = f": {one.reason}" if one.reason else ""
        said = f"accepted {one.finding.code} of {' and '.join(one.by)}{why}"
        accepted.setdefault(checks.of(one.finding), []).append(said)
    return Outcome(
        {check: tuple(some) for check, some in found.items()},
        {check: tuple(dict.fromkeys(some)) for check, some in accepted.items()},
        {one.dag_id: one.why for one in report.never_ran},
        title_of(report),
        summary_of(report),
        covered_by(report),
        any(one.counterexample for one in report.findings),
    )


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
