"""Overview: what was simulated, what was found, where the time went, what was assumed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from windtunnel.detect import Finding
from windtunnel.loaders import said_faults
from windtunnel.model import Scenario
from windtunnel.report.html.view import Json, Subject
from windtunnel.report.text import cluster_text, verdict_text
from windtunnel.result import Result
from windtunnel.units import clock, duration


def data(subject: Subject) -> Json | None:
    """What is said first of a simulation or a check; None of anything else."""
    result, summary = subject.result, subject.summary
    if result is None or summary is None:
        return None
    told = subject.report or result
    simulations = 1 if subject.report is None else subject.report.simulations
    return {
        "verdict": verdict_text(told, result, simulations),
        "covered": "" if subject.report is None else subject.report.covered,
        "facts": _facts(result.scenario),
        "figures": _figures(result, simulations),
        "findings": _findings(told.findings, shown=True),
        "possible": _findings(told.possible, shown=False),
        "accepted": [
            {"headline": one.finding.headline, "by": list(one.by), "reason": one.reason}
            for one in told.accepted
        ],
        "limits": [
            {
                "limit": one.limit,
                "total_s": one.total_s,
                "longest_s": one.longest_s,
                "longest_by": one.longest_by,
                "instances": one.instances,
            }
            for one in summary.limits
        ],
        "assumed": [[one.subject, one.assumed] for one in told.assumptions],
        "problems": [str(one) for one in told.problems],
        "never_ran": [[one.dag_id, one.why] for one in told.never_ran],
    }


def _facts(scenario: Scenario) -> list[list[str]]:
    window = f"{clock(scenario.start)} UTC, {duration(scenario.duration_s)}"
    facts = [
        ["Window", window],
        ["Cluster", cluster_text(scenario.cluster)],
        ["Seed", str(scenario.seed)],
    ]
    faults = said_faults(scenario.faults)
    return [*facts, ["Faults", faults]] if faults else facts


def _figures(result: Result, simulations: int) -> list[dict[str, Any]]:
    """The large numbers on top."""
    trace, fleet = result.trace, result.scenario.fleet
    runs, instances = trace.dag_runs(), len(trace.ti_run)
    failed = sum(run.state == "failed" for run in runs)
    return [
        {"value": simulations, "of": "simulation" if simulations == 1 else "simulations"},
        {"value": len(fleet.dags), "of": "DAGs"},
        {"value": len(runs), "of": "dag runs", "beside": f"{failed} failed" if failed else ""},
        {"value": instances, "of": "task instances"},
    ]


def _findings(findings: Iterable[Finding], *, shown: bool) -> list[dict[str, Any]]:
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for one in findings:
        alike.setdefault(one.identity, []).append(one)
    return [
        {
            "code": first.code,
            "title": first.title,
            "summary": first.summary,
            "place": first.place,
            "since": None if first.since is None else clock(first.since),
            "until": None if first.until is None else clock(first.until),
            "ended_by": first.ended_by,
            "fix": _fix(first),
            "counterexample": first.counterexample,
            "more": len(others),
            "shown": shown,
        }
        for first, *others in alike.values()
    ]


def _fix(finding: Finding) -> str:
    """The first of its fixes in a few words."""
    if not finding.fixes:
        return ""
    first = finding.fixes[0]
    return f"{first.setting}: {first.before} → {first.after}"
