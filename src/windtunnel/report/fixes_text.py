"""The cures of a finding: how sure each is, what it costs, and where to make it."""

from __future__ import annotations

from windtunnel.detect import Finding, Fix
from windtunnel.report.wrap import wrap
from windtunnel.units import count, duration

SHOWN = 5
"""Fixes of one kind that are listed; the JSON form has all."""
TRIED = 4
"""Changes in vain that are listed."""


def fixes_text(finding: Finding, *, width: int) -> list[str]:
    """What is proved first, then what was simulated, what only helps by timing, and what only ends
    it sooner."""
    lines: list[str] = []
    for title, fixes in _groups(finding.fixes):
        lines.append(f"  {title}:")
        for fix in fixes[:SHOWN]:
            lines += _fix(fix, width)
        if len(fixes) > SHOWN:
            lines.append(f"    ... and {len(fixes) - SHOWN} more (--format json lists all)")
    if finding.no_help:
        more = len(finding.no_help) - TRIED
        tried = "; ".join(finding.no_help[:TRIED]) + (f"; and {more} more" if more > 0 else "")
        lines += wrap(f"Does not help: {tried}", first="  ", width=width)
    if finding.fixes_left:
        left = count(finding.fixes_left, "more change")
        lines += wrap(f"{left} not tried: it would take too long.", first="  ", width=width)
    return lines


def _groups(fixes: tuple[Fix, ...]) -> list[tuple[str, list[Fix]]]:
    groups: dict[str, list[Fix]] = {}
    for fix in fixes:
        groups.setdefault(_title(fix), []).append(fix)
    return list(groups.items())


def _title(fix: Fix) -> str:
    if fix.level == "shortens":
        return "Does not prevent it, and ends it sooner"
    if fix.level == "proved":
        return "Fixes, proved for all durations"
    if fix.by_timing:
        return "Simulated and free of this finding; with other luck it may come back"
    return "Fixes, each simulated and free of this finding"


def _fix(fix: Fix, width: int) -> list[str]:
    note = f" ({fix.note})" if fix.note else ""
    text = f"{fix.setting}: {fix.before} -> {fix.after}{note}"
    said = [part for part in (_survived(fix), _lands(fix), _place(fix)) if part]
    lines = wrap(text, first="    - ", width=width)
    return lines + (wrap("; ".join(said), first="        ", width=width) if said else [])


def _survived(fix: Fix) -> str:
    if fix.level == "shortens" or not fix.simulations:
        return ""
    return f"survived {count(fix.simulations, 'simulation')}"


def _lands(fix: Fix) -> str:
    if fix.later_s is None:
        return ""
    if fix.later_s < 1:
        return "no dag run ends later"
    return f"{fix.later} ends {duration(fix.later_s)} later"


def _place(fix: Fix) -> str:
    places = []
    if fix.patch is not None:
        places.append(f"git apply {fix.patch}")
    elif fix.edits:
        at = dict.fromkeys(f"{e.file}:{e.line}" if e.line else e.file for e in fix.edits)
        more = f" and {len(at) - 2} more" if len(at) > 2 else ""
        places.append(", ".join(list(at)[:2]) + more)
    if fix.where:
        places.append(fix.where)
    return "; ".join(places)
