"""A comparison as text for a terminal, 80 columns wide."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from windtunnel.comparison import Change, Comparison
from windtunnel.report.summary import summarize
from windtunnel.report.table import table
from windtunnel.report.text import findings_text
from windtunnel.report.wrap import wrap
from windtunnel.result import Report
from windtunnel.search import Deciding
from windtunnel.trace import Trace
from windtunnel.units import clock, count, duration

ROWS = 20
"""Lines of a block; the JSON form has all."""
LONGEST = 60
"""Of a value that is shown."""
LEAST_S = 1.0


def comparison_text(told: Comparison, names: tuple[str, str], *, width: int = 80) -> str:
    """What was changed, what it changes, and what can go wrong now.

    Args:
        told: The comparison.
        names: What the two are called.
        width: Columns of the terminal.
    """
    blocks = [
        _head(told, names, width),
        _changed(told.changes, width),
        _difference(told, width),
        _waits(told, width),
        _deciding(told, width),
        [findings_text(told.difference.new, width=width)] if told.difference.new else [],
        wrap(comparison_verdict(told), width=width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(told: Comparison, names: tuple[str, str], width: int) -> list[str]:
    scenario = told.before.scenario
    window = f"{clock(scenario.start)} UTC, {duration(scenario.duration_s)}, seed {scenario.seed}"
    return [
        *wrap(_side(names[0], told.before), first="Before  ", width=width),
        *wrap(_side(names[1], told.after), first="After   ", width=width),
        *wrap(window, first="Window  ", width=width),
    ]


def _side(name: str, report: Report) -> str:
    fleet, cluster = report.scenario.fleet, report.scenario.cluster
    parts = [count(len(fleet.dags), "DAG"), cluster.profile]
    parts.append(count(report.simulations, "simulation"))
    if report.problems:
        parts.append(f"{count(len(report.problems), 'part')} could not be loaded")
    return f"{name}: {', '.join(parts)}"


def _changed(changes: Sequence[Change], width: int) -> list[str]:
    lines = ["Changed"] if changes else ["Nothing that is simulated was changed."]
    for one in changes[:ROWS]:
        lines += wrap(said_change(one), first="  ", then="      ", width=width)
    if len(changes) > ROWS:
        lines.append(f"  ... and {len(changes) - ROWS} more")
    return lines


def said_change(change: Change) -> str:
    """A change in a line: ``pool db: slots 2 -> 4``."""
    if not change.field:
        return f"{change.subject}: {'new' if change.before is None else 'gone'}"
    values = _value(change.before), _value(change.after)
    if values[0] == values[1]:
        return f"{change.subject}: {change.field} changed"
    return f"{change.subject}: {change.field} {values[0]} -> {values[1]}"


def _value(value: Any) -> str:
    if value is None:
        return "not said"
    if isinstance(value, dict) and len(value) == 1:
        return _value(*value.values())
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _difference(told: Comparison, width: int) -> list[str]:
    lines = told.difference.told()
    return [part for line in lines for part in wrap(line, then="      ", width=width)]


def waits_changed(before: Trace, after: Trace) -> list[tuple[str, float, float]]:
    """(limit, seconds before, seconds after) that all task instances together waited for it, where
    that differs; what changed most first. Waiting for upstream tasks is left out."""
    sides = [{one.limit: one.total_s for one in summarize(t).limits} for t in (before, after)]
    limits = {limit for side in sides for limit in side} - {"upstream"}
    rows = [(one, sides[0].get(one, 0.0), sides[1].get(one, 0.0)) for one in sorted(limits)]
    changed = [(limit, was, now) for limit, was, now in rows if abs(now - was) >= LEAST_S]
    return sorted(changed, key=lambda row: (-abs(row[2] - row[1]), row[0]))


def _waits(told: Comparison, width: int) -> list[str]:
    changed = waits_changed(told.before.result.trace, told.after.result.trace)
    rows = [(limit, duration(was), duration(now)) for limit, was, now in changed[:ROWS]]
    return (
        table(("Waits, all task instances", "before", "after"), rows, width=width) if rows else []
    )


def _deciding(told: Comparison, width: int) -> list[str]:
    rules = told.deciding
    if rules is None:
        return []
    release = told.after.scenario.cluster.profile
    head = f"Rules of {release} that decide something here ({said_tried(rules)})"
    lines = wrap(head, then="  ", width=width)
    for one in rules.decided:
        lines += wrap(f"now {one.rule.now}", first="  - ", then="    ", width=width)
        lines += wrap(f"was {one.rule.was}", first="    ", then="    ", width=width)
        lines += wrap(_some(one.dags), first="    of ", then="    ", width=width)
    if not rules.decided:
        lines.append("  none")
    if any(one.rule.name == "timetable_default" for one in rules.decided):
        said = (
            "Runs have other logical dates: what is drawn for them, such as how long their tasks "
            "take, is drawn anew."
        )
        lines += wrap(said, first="  ", then="  ", width=width)
    return lines


def said_tried(rules: Deciding) -> str:
    """How much was tried of what differs."""
    return f"{rules.tried} of {rules.changed} that differ were turned back, each alone"


def _some(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def comparison_verdict(told: Comparison) -> str:
    """What it came to, in a few sentences."""
    new, gone, runs = told.difference.new, told.difference.gone, told.difference.runs
    said = [
        f"New: {_counted(new)}." if new else "No new finding.",
        f"Gone: {_counted(gone)}." if gone else "",
    ]
    stuck = sorted({dag for one in new if one.code.startswith("WT1") for dag in _dags_of(one)})
    if stuck:
        said.append(f"Can come to a stop now: {_some(stuck)}.")
    late = told.difference.later
    if late:
        worst = f"{late[0].dag_id} by {duration(late[0].later_s or 0)}"
        said.append(f"{count(len(late), 'dag run')} later, most of all {worst}.")
    rules = len(told.deciding.decided) if told.deciding is not None else 0
    if rules:
        said.append(f"{count(rules, 'rule')} of the release decide{'s' * (rules == 1)} otherwise.")
    if not told.difference and not rules:
        said.append("Nothing is different.")
    elif runs and not late:
        said.append("No dag run ends later.")
    return " ".join(part for part in said if part)


def _counted(findings: Iterable[Any]) -> str:
    codes: dict[str, int] = {}
    for one in findings:
        codes[one.code] = codes.get(one.code, 0) + 1
    return ", ".join(f"{n} x {code}" if n > 1 else code for code, n in sorted(codes.items()))


def _dags_of(finding: Any) -> set[str]:
    return {finding.dag_id} if finding.dag_id else set()
