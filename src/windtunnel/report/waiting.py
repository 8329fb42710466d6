"""Why a task instance waited, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from windtunnel.explain import Enough, Explanation, Stretch
from windtunnel.report.json_form import dump
from windtunnel.report.wrap import wrap
from windtunnel.units import clock, count, duration

SHOWN = 3
"""Holders of a limit that are named; the JSON form has all."""
ROWS = 20
"""Stretches that are told one by one; the JSON form has all."""


def waiting_text(told: Explanation, *, width: int = 80) -> str:
    """Its times, each stretch of waiting with who had the limit, and the values that would do."""
    return "\n".join(
        [
            f"{told.name}  {told.run}",
            *wrap(_times(told), first="  ", width=width),
            "",
            *_stretches(told, width),
            *_enough(told, width),
            *_others(told, width),
        ]
    )


def _times(told: Explanation) -> str:
    due = f"Its run was created at {clock(told.due)} (UTC)"
    if told.started is None:
        return f"{due}; it never started here, and is {told.state}."
    late = duration((told.started - told.due).total_seconds())
    began = f"it started at {clock(told.started, beside=told.due)}, {late} later"
    end = "" if told.ended is None else f" at {clock(told.ended, beside=told.due)}"
    tries = f" in try {told.try_number}" if told.try_number > 1 else ""
    return f"{due}; {began}, and is {told.state}{tries}{end}."


def _stretches(told: Explanation, width: int) -> list[str]:
    if not told.stretches:
        return ["It waited for nothing."]
    lines = ["Waited"]
    ranked = sorted(told.stretches, key=lambda one: -one.seconds)[:ROWS]
    for one in told.stretches:
        if one in ranked:
            lines += _stretch(one, told.due, width)
    if len(told.stretches) > ROWS:
        rest = len(told.stretches) - ROWS
        lines.append(f"  ... and {rest} shorter ones (--format json lists all)")
    return lines


def _stretch(one: Stretch, due: datetime, width: int) -> list[str]:
    held = f", held by {_names(one.holders)}" if one.holders else ""
    first = f"  {clock(one.since, beside=due)}  {duration(one.seconds):>7}  "
    return wrap(f"{one.why}{held}", first=first, width=width)


def _names(holders: Sequence[str]) -> str:
    """A few of them, each once with the number of its runs."""
    times = Counter(name.partition(" (")[0] for name in holders)
    named = [f"{name} ({n} runs)" if n > 1 else name for name, n in times.items()]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more


def _enough(told: Explanation, width: int) -> list[str]:
    lines: list[str] = []
    if told.enough:
        lines += ["", "Enough, each simulated alone with exactly this value"]
    for one in told.enough:
        lines += wrap(_value(one, told), first="  - ", then="    ", width=width)
    if told.not_enough:
        said = ", ".join(told.not_enough)
        lines += ["", *wrap(f"{said}: no larger value alone is enough.", then="  ", width=width)]
    return lines


def _value(one: Enough, told: Explanation) -> str:
    note = f" ({one.note})" if one.note else ""
    if one.started is None:
        began = "it does not start in this window"
    else:
        began = f"it starts at {clock(one.started, beside=told.due)}"
        if told.started is not None:
            earlier = (told.started - one.started).total_seconds()
            way = "earlier" if earlier >= 0 else "later"
            began += f", {duration(abs(earlier))} {way}"
    left = "".join(f"; still waits {duration(s)} for {limit}" for limit, s in one.left[:1])
    return f"{one.setting}: {one.before} -> {one.after}{note}: {began}{left}"


def _others(told: Explanation, width: int) -> list[str]:
    lines: list[str] = []
    if told.last_upstream:
        said = f"Why {told.last_upstream} ended no earlier: windtunnel explain {told.last_upstream}"
        lines += ["", *wrap(said, then="  ", width=width)]
    if told.others:
        said = f"{count(told.others, 'other instance')} waited no longer (--run names one)."
        lines += ["", *wrap(said, width=width)]
    return lines


def waiting_json(told: Explanation) -> str:
    """All of it."""
    return dump(
        kind="explanation",
        name=told.name,
        run=told.run,
        state=told.state,
        try_number=told.try_number,
        due=told.due.isoformat(),
        started=_instant(told.started),
        ended=_instant(told.ended),
        last_upstream=told.last_upstream or None,
        stretches=[
            {
                "limit": one.limit,
                "from": one.since.isoformat(),
                "seconds": one.seconds,
                "why": one.why,
                "holders": list(one.holders),
            }
            for one in told.stretches
        ],
        enough=[
            {
                "limit": one.limit,
                "setting": one.setting,
                "before": one.before,
                "after": one.after,
                "note": one.note,
                "started": _instant(one.started),
                "left": [{"limit": limit, "seconds": seconds} for limit, seconds in one.left],
            }
            for one in told.enough
        ],
        not_enough=list(told.not_enough),
        other_instances=told.others,
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
