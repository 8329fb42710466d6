"""The smallest case of a finding as a person reads it: how small, what happens, what matters."""

from __future__ import annotations

from datetime import datetime

from windtunnel.detect import Case, Moment, Size
from windtunnel.report.wrap import wrap
from windtunnel.units import clock, count, duration

NEEDED = "needed: "


def case_text(case: Case, *, beside: datetime | None = None, width: int) -> list[str]:
    """Its lines, each of at most *width* columns; times on the day of *beside* without a date."""
    if case.before == case.after:
        title = f"Failing test case ({_sizes(case.after, case.after)}):"
    else:
        before, after = _sizes(case.before, case.after), _sizes(case.after, case.before)
        title = f"Failing test case (shrunk from {before} to {after}):"
    return [
        *wrap(title, first="  ", then="    ", width=width),
        *_timeline(case.timeline, beside, width),
        *wrap(_what_matters(case), first="  ", width=width),
    ]


def _sizes(one: Size, other: Size) -> str:
    """Only what differs; all of it, if nothing does."""
    told = (
        (one.dags, other.dags, count(one.dags, "DAG")),
        (one.tasks, other.tasks, count(one.tasks, "task")),
        (one.runs, other.runs, count(one.runs, "dag run")),
        (one.faults, other.faults, count(one.faults, "fault")),
        (one.choices, other.choices, count(one.choices, "choice")),
        (one.hours, other.hours, duration(one.hours * 3600)),
    )
    same = all(mine == theirs for mine, theirs, _ in told)
    return ", ".join(words for mine, theirs, words in told if (mine if same else mine != theirs))


def _timeline(moments: tuple[Moment, ...], day: datetime | None, width: int) -> list[str]:
    lines: list[str] = []
    for number, moment in enumerate(moments, 1):
        at = clock(moment.at, beside=day)
        day = moment.at
        said = f"{NEEDED if moment.needed else ''}{moment.what}"
        lines += wrap(said, first=f"  {number:>4}  {at}  ", then=" " * 10, width=width)
    return lines


def _what_matters(case: Case) -> str:
    if not case.minimal:
        return "The search for a smaller one ended before all of it was tried."
    drawn = "the seed matters, too" if case.by_seed else "the seed may be any other"
    return f"None of it can be left out; {drawn}."
