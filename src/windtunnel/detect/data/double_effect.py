"""Work that is done once more although it was done already: a task instance adds to the same data
in two of its tries (WT204).

A ``write`` step stands in the place of what was there, so it may be repeated; an ``append`` step
adds: rows, a payment, a mail. A try that has added and is then retried, cleared, or taken for lost
adds again, unless everything is written anew in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.trace import Touch, Trace

CODE = "WT204"
SHOWN = 3
"""Other data sets that a finding names; it counts the rest."""
CURE = (
    "Delete first what an earlier try added, or look whether it is there; or make it a task of its "
    "own, with nothing after it that may fail, and retries=0 where twice is worse than not at all."
)

Added = tuple[int, int]
"""When, and in which try."""


@dataclass(slots=True)
class Twice:
    """What a task adds more than once."""

    ti: int
    dataset: str
    first: Added
    second: Added
    instances: dict[int, None] = field(default_factory=dict)
    datasets: dict[str, None] = field(default_factory=dict)


def find_double_effects(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task, at the first time."""
    if Touch.APPEND_ENDS not in trace.touches.kinds:
        return []
    attempts = Attempts(scenario, trace)
    added: dict[str, dict[int, Added]] = {}
    found: dict[tuple[int, int], Twice] = {}
    for at, ti, number, what, dataset in trace.touches:
        if what is Touch.WRITE_ENDS:
            added.pop(dataset, None)
        elif what is Touch.APPEND_ENDS:
            before = added.setdefault(dataset, {}).setdefault(ti, (at, number))
            if before[1] != number:
                twice = found.setdefault(attempts.key(ti), Twice(ti, dataset, before, (at, number)))
                twice.instances[ti] = twice.datasets[dataset] = None
    if not found:
        return []
    why = _reasons(trace, [twice.ti for twice in found.values()])
    return [_finding(trace, attempts, twice, why.get(twice.ti, [])) for twice in found.values()]


def _reasons(trace: Trace, concerned: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """Why these changed their states, as far as that is told, and when."""
    found: dict[int, list[tuple[int, str]]] = {ti: [] for ti in concerned}
    for number, why in trace.reasons.items():
        who = trace.history.who[number]
        if who in found:
            found[who].append((trace.history.at(number), why))
    return found


def _finding(
    trace: Trace, attempts: Attempts, twice: Twice, reasons: list[tuple[int, str]]
) -> Finding:
    ti, (at, number), (again, other) = twice.ti, twice.first, twice.second
    file, line = attempts.place(ti)
    stray = attempts.stray(ti, min(number, other))
    if stray is not None and stray.since_us <= again:
        how = f"try {number} does so too: one of them was given up ({stray.why}), and went on"
    else:
        why = next((f" ({last_line(text)})" for when, text in reasons if at <= when <= again), "")
        how = f"try {number} had done so already, before it was run again{why}"
    return Finding(
        code=CODE,
        title="Work done twice",
        summary=f"{attempts.name(ti)} adds to {twice.dataset} in try {other}, and {how}. What it "
        "adds is there twice.",
        dag_id=attempts.dag_id(ti),
        file=file,
        line=line,
        since=trace.at(again),
        ended_by="somebody takes out what is there twice",
        holding=tuple(
            attempts.party(ti, f"adds to {twice.dataset} in try {n}", when)
            for when, n in (twice.first, twice.second)
        ),
        notes=(*_more(twice), CURE),
    )


def last_line(why: str) -> str:
    """The exception of a traceback; all of what is one line anyway."""
    return why.strip().splitlines()[-1]


def _more(twice: Twice) -> list[str]:
    others = [name for name in twice.datasets if name != twice.dataset]
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    also = [f"So it is with {', '.join(others[:SHOWN])}{more}."] if others else []
    count = len(twice.instances)
    return [f"{count} of its task instances do so in this simulation."] * (count > 1) + also
