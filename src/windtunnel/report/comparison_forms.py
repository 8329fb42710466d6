"""A comparison as Markdown for a pull request, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from windtunnel.comparison import Comparison
from windtunnel.report.ci.markdown import code, fenced, plain
from windtunnel.report.comparison_text import (
    comparison_verdict,
    said_change,
    said_tried,
    waits_changed,
)
from windtunnel.report.finding_text import finding_text
from windtunnel.report.json_form import dump
from windtunnel.result import ChangedRun, Report
from windtunnel.units import clock, duration

ROWS = 30
"""Rows of a table; the JSON form has all."""


def comparison_markdown(told: Comparison, names: tuple[str, str]) -> str:
    """The verdict, what is later, what waits more, what can go wrong now, to be read on a page."""
    lines = ["## windtunnel diff", "", f"{code(names[0])} → {code(names[1])}", ""]
    lines.append(plain(comparison_verdict(told)))
    lines += _findings(told)
    lines += _runs(told.difference.runs)
    lines += _waits(told)
    lines += _rules(told)
    if told.changes:
        said = [f"- {plain(said_change(one))}" for one in told.changes[:ROWS]]
        more = len(told.changes) - ROWS
        lines += _folded("What was changed", [*said, *([f"- and {more} more"] if more > 0 else [])])
    scenario = told.before.scenario
    window = f"{clock(scenario.start)} UTC, {duration(scenario.duration_s)}, seed {scenario.seed}"
    made = f"{told.before.simulations} and {told.after.simulations} simulations"
    return "\n".join([*lines, "", f"<sub>{window}; {made}</sub>", ""])


def _findings(told: Comparison) -> list[str]:
    rows = [("❌ new", one.headline) for one in told.difference.new]
    rows += [("✅ gone", one.headline) for one in told.difference.gone]
    lines = _table(("finding", "what"), [(way, plain(what)) for way, what in rows])
    for one in told.difference.new[:ROWS]:
        lines += _folded(one.headline, fenced(finding_text(one)))
    return lines


def _runs(runs: Sequence[ChangedRun]) -> list[str]:
    """Of each DAG the run that is moved most; those of other states first."""
    worst: dict[str, ChangedRun] = {}
    numbers: dict[str, int] = {}
    for run in runs:
        numbers[run.dag_id] = numbers.get(run.dag_id, 0) + 1
        if run.dag_id not in worst or _weight(run) > _weight(worst[run.dag_id]):
            worst[run.dag_id] = run
    ranked = sorted(worst.values(), key=lambda run: (-_weight(run), run.dag_id))
    rows = [(code(r.dag_id), str(numbers[r.dag_id]), *_ends(r)) for r in ranked]
    return _table(("DAG", "dag runs changed", "most: before", "after", "later"), rows)


def _weight(run: ChangedRun) -> float:
    otherwise = run.state_before != run.state_after
    return float("inf") if otherwise else abs(run.later_s or 0.0)


def _ends(run: ChangedRun) -> tuple[str, str, str]:
    later = run.later_s
    way = "" if later is None else f"{'+' if later >= 0 else '-'}{duration(abs(later))}"
    return _end(run.state_before, run.ended_before), _end(run.state_after, run.ended_after), way


def _end(state: str | None, at: Any) -> str:
    if state is None:
        return "not there"
    return f"{state} {clock(at)}" if at is not None else state


def _waits(told: Comparison) -> list[str]:
    changed = waits_changed(told.before.result.trace, told.after.result.trace)
    rows = [(plain(limit), duration(was), duration(now)) for limit, was, now in changed]
    return _table(("waits for", "before", "after"), rows)


def _rules(told: Comparison) -> list[str]:
    if told.deciding is None:
        return []
    release = told.after.scenario.cluster.profile
    head = f"Rules of {release} that decide something here: {said_tried(told.deciding)}."
    rows = [
        (plain(one.rule.was), plain(one.rule.now), ", ".join(map(code, one.dags)))
        for one in told.deciding.decided
    ]
    return ["", plain(head), *_table(("was", "now", "DAGs"), rows)]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = ["", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows[:ROWS]]
    if len(rows) > ROWS:
        lines.append(f"| and {len(rows) - ROWS} more |{' |' * (len(header) - 1)}")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _folded(title: str, lines: Iterable[str]) -> list[str]:
    return [
        "",
        f"<details><summary>{escape(title, quote=False)}</summary>",
        "",
        *lines,
        "",
        "</details>",
    ]


def comparison_json(told: Comparison, names: tuple[str, str]) -> str:
    """All of it."""
    difference = told.difference
    return dump(
        kind="diff",
        before=_side(names[0], told.before),
        after=_side(names[1], told.after),
        start=told.before.scenario.start.isoformat(),
        duration_s=told.before.scenario.duration_s,
        seed=told.before.scenario.seed,
        changes=[asdict(one) for one in told.changes],
        dag_runs=[_dated(asdict(one)) for one in difference.runs],
        task_instances=[asdict(one) for one in difference.tasks],
        waits=[
            {"limit": limit, "seconds_before": was, "seconds_after": now}
            for limit, was, now in waits_changed(told.before.result.trace, told.after.result.trace)
        ],
        new=[one.model_dump(mode="json") for one in difference.new],
        gone=[one.model_dump(mode="json") for one in difference.gone],
        rules=None
        if told.deciding is None
        else {
            "changed": told.deciding.changed,
            "tried": told.deciding.tried,
            "decided": [
                {"rule": one.rule.name, "was": one.rule.was, "now": one.rule.now, "dags": one.dags}
                for one in told.deciding.decided
            ],
        },
    )


def _side(name: str, report: Report) -> dict[str, Any]:
    return {
        "name": name,
        "profile": report.scenario.cluster.profile,
        "dags": len(report.scenario.fleet.dags),
        "simulations": report.simulations,
        "problems": [str(one) for one in report.problems],
        "findings": len(report.findings),
    }


def _dated(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in values.items()}
