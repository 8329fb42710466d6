"""One finding as a person reads it: what stands still, who holds what, until when, the cure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from windtunnel.detect.finding import Finding, Party
from windtunnel.report.units import clock, count, duration
from windtunnel.report.wrap import wrap

SHOWN = 12
"""Parties listed by name in each group; the JSON form has all."""


def finding_text(finding: Finding, *, width: int = 80) -> str:
    """The finding in lines of at most *width* columns, unless an id or a command is longer."""
    return "\n".join(
        [
            _title(finding, width),
            *wrap(finding.summary, first="  ", width=width),
            *_how_long(finding, width),
            *_parties("holds", "hold", " what others need", finding.holding, width),
            *_parties("waits", "wait", "", finding.waiting, width),
            *_cycle(finding, width),
            *_fixes(finding, width),
            *_again(finding),
        ]
    )


def headline(finding: Finding) -> str:
    """The finding in one line: code, title, where."""
    return f"{finding.code} {finding.title}" + (f" ({_place(finding)})" if _place(finding) else "")


def _place(finding: Finding) -> str:
    file = f"{finding.file}:{finding.line}" if finding.file and finding.line else finding.file
    return "  ".join(part for part in (file, finding.dag_id and f"dag={finding.dag_id}") if part)


def _title(finding: Finding, width: int) -> str:
    left, right = f"{finding.code} {finding.title}", _place(finding)
    gap = width - cell_len(left) - cell_len(right)
    if not right:
        return left
    return f"{left}{' ' * gap}{right}" if gap >= 2 else f"{left}\n  {right}"


def _how_long(finding: Finding, width: int) -> list[str]:
    if finding.since is None:
        return []
    begins = f"No progress after {clock(finding.since)} (virtual time, UTC)"
    return wrap(f"{begins} {_end(finding, finding.since)}", first="  ", width=width)


def _end(finding: Finding, since: datetime) -> str:
    if finding.until is None:
        return f"until {finding.ended_by}." if finding.ended_by else "for ever: nothing ends it."
    lasts = duration((finding.until - since).total_seconds())
    until = f"until {clock(finding.until, beside=since)} ({lasts} later)"
    return f"{until}: {finding.ended_by}." if finding.ended_by else f"{until}."


def _parties(one: str, several: str, what: str, parties: Sequence[Party], width: int) -> list[str]:
    if not parties:
        return []
    verb = one if len(parties) == 1 else several
    lines = [f"  {count(len(parties), 'task')} {verb}{what}:"]
    for party in parties[:SHOWN]:
        lines += _party(party, width)
    if len(parties) > SHOWN:
        lines.append(f"    ... and {len(parties) - SHOWN} more (--format json lists all)")
    return lines


def _party(party: Party, width: int) -> list[str]:
    lines = [f"    {party.name}  [{party.operator}]  {party.state} since {clock(party.since)}"]
    for said, things in (("holds", party.holds), ("waits for", party.waits_for)):
        if things:
            lines += wrap(", ".join(things), first=f"      {said:<9} ", width=width)
    return lines


def _cycle(finding: Finding, width: int) -> list[str]:
    return wrap(" -> ".join(finding.cycle), first="  cycle: ", width=width) if finding.cycle else []


def _fixes(finding: Finding, width: int) -> list[str]:
    if not finding.fixes:
        return []
    lines = ["  Fixes, each simulated and free of this finding:"]
    for fix in finding.fixes:
        note = f" ({fix.note})" if fix.note else ""
        text = f"{fix.setting}: {fix.before} -> {fix.after}{note}"
        lines += wrap(text, first="    - ", width=width)
    return lines


def _again(finding: Finding) -> list[str]:
    if finding.counterexample is None:
        return []
    return ["  Reproduce with:", f"    windtunnel replay {finding.counterexample}"]
