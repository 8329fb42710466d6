"""Findings over time: who holds and who waits for what, and how each finding came about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from windtunnel.detect import Finding
from windtunnel.report.html.view import Json, Subject
from windtunnel.result.dag_runs import DagRun
from windtunnel.result.wait_graph import Edge, Step, WaitSteps
from windtunnel.result.wait_scene import wait_steps

FINDINGS = 24
"""Findings whose steps are shown, one for each that are the same trouble."""


def data(subject: Subject) -> Json | None:
    """The steps of each finding that a simulation shows; None if there are none."""
    found = [_finding(one) for one in _steps(subject)]
    return {"findings": found} if found else None


def _steps(subject: Subject) -> Iterator[WaitSteps]:
    told = subject.report or subject.result
    alike: dict[tuple[str, ...], Finding] = {}
    for one in () if told is None else told.findings:
        alike.setdefault(one.identity, one)
    for finding in list(alike.values())[:FINDINGS]:
        result = subject.shows(finding)
        if result is None:
            result = subject.result
        runs: list[DagRun] = [] if result is None else result.dag_runs()
        steps = wait_steps(runs[0].record, finding) if runs else None
        if steps is not None and any(step.edges for step in steps.steps):
            yield steps


def _finding(one: WaitSteps) -> dict[str, Any]:
    finding = one.finding
    return {
        "code": finding.code,
        "title": finding.title,
        "summary": finding.summary,
        "since": None if finding.since is None else _ms(finding.since),
        "until": None if finding.until is None else _ms(finding.until),
        "ended_by": finding.ended_by,
        "replay": finding.counterexample,
        "nodes": [[node.name, node.run, node.size] for node in one.nodes],
        "steps": [_step(step) for step in one.steps],
        "left_out": one.left_out,
    }


def _step(step: Step) -> list[Any]:
    return [_ms(step.at), list(step.what), list(step.states), [_edge(one) for one in step.edges]]


def _edge(one: Edge) -> list[Any]:
    return [one.source, one.target, one.kind, one.closed]


def _ms(at: Any) -> float:
    found: float = at.timestamp() * 1000
    return round(found)
