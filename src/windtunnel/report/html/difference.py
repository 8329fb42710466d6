"""Difference: what lands later, waits more, and can go wrong after a change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from windtunnel.comparison import Comparison
from windtunnel.detect import Finding
from windtunnel.report.comparison_text import (
    comparison_verdict,
    said_change,
    said_tried,
    waits_changed,
)
from windtunnel.report.html.segments import group_of
from windtunnel.report.html.view import Json, Subject
from windtunnel.result import ChangedRun, ChangedTask
from windtunnel.units import clock, duration

ROWS = 500
"""Dag runs, and task instances, that are shown; those that are moved most."""


def data(subject: Subject) -> Json | None:
    """What two comparisons differ in; None of anything else."""
    told = subject.outcome
    if not isinstance(told, Comparison):
        return None
    difference, scenario = told.difference, told.before.scenario
    runs = sorted(difference.runs, key=_weight)
    tasks = sorted(difference.tasks, key=lambda one: -sum(abs(b - a) for _, a, b in one.waits))
    waits = waits_changed(told.before.result.trace, told.after.result.trace)
    return {
        "verdict": comparison_verdict(told),
        "window": f"{clock(scenario.start)} UTC, {duration(scenario.duration_s)}",
        "simulations": [told.before.simulations, told.after.simulations],
        "changes": [said_change(one) for one in told.changes],
        "new": [_finding(one) for one in difference.new],
        "gone": [_finding(one) for one in difference.gone],
        "runs": [_run(one) for one in runs[:ROWS]],
        "runs_in_all": len(runs),
        "tasks": [_task(one) for one in tasks[:ROWS]],
        "tasks_in_all": len(tasks),
        "waits": [[limit, was, now, group_of(limit)] for limit, was, now in waits],
        "rules": None if told.deciding is None else _rules(told),
    }


def _weight(run: ChangedRun) -> tuple[bool, float, str]:
    return run.state_before == run.state_after, -abs(run.later_s or 0.0), run.dag_id


def _run(one: ChangedRun) -> list[Any]:
    """(DAG, run, due, state before, after, seconds to its end before, after, how much later, when
    it was due before where its schedule was moved)."""
    zero = min(one.due, one.due_before or one.due)
    before, after = (_seconds(zero, at) for at in (one.ended_before, one.ended_after))
    if after is not None and one.later_s is not None:
        before = after - one.later_s  # each from when it was due itself, where nobody scheduled it
    was_due = None if one.due_before is None else clock(one.due_before, beside=one.due)
    return [
        one.dag_id, one.run, clock(one.due), one.state_before, one.state_after, before, after,
        one.later_s, was_due,
    ]  # fmt: skip


def _seconds(zero: datetime, at: datetime | None) -> float | None:
    """On the clock, so that a dot of the plot is later where the column says so."""
    return None if at is None else (at - zero).total_seconds()


def _task(one: ChangedTask) -> list[Any]:
    states = [one.state_before, one.state_after]
    tries = [one.tries_before, one.tries_after]
    return [one.name, one.run, states, tries, one.runs_longer_s, [list(w) for w in one.waits]]


def _finding(one: Finding) -> list[str | None]:
    return [one.code, one.title, one.place, one.summary, one.counterexample]


def _rules(told: Comparison) -> dict[str, Any]:
    rules = told.deciding
    assert rules is not None
    return {
        "release": told.after.scenario.cluster.profile,
        "tried": said_tried(rules),
        "decided": [[one.rule.was, one.rule.now, list(one.dags)] for one in rules.decided],
    }
