"""Two processes of one task instance at once: the first was given up and went on (WT201).

Airflow refuses what the first one reports, but not what it does to files, tables and other systems.
Where steps tell what a task reads and writes, what comes of it is known, and told by that (WT202,
WT204).
"""

from __future__ import annotations

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.trace import Stray, TaskState, Trace

CODE = "WT201"


def find_double_runs(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task of which two processes ran at once, and nothing tells what they
    read and write."""
    told = set(trace.touches.ti)
    strays_at_work = [stray for stray in trace.strays if stray.ti not in told]
    if not strays_at_work:
        return []
    first = dict[tuple[int, int], tuple[Stray, tuple[int, int]]]()
    strays_of, runs = dict[int, list[Stray]](), _runs(trace)
    for stray in strays_at_work:
        strays_of.setdefault(stray.ti, []).append(stray)
    for ti, strays in strays_of.items():
        found = _first_overlap(strays, runs.get(ti, []), trace.end_us)
        if found is not None:
            key = (trace.runs[trace.ti_run[ti]].dag, trace.ti_task[ti])
            first.setdefault(key, found)
    attempts = Attempts(scenario, trace)
    return [_finding(trace, attempts, *found) for found in first.values()]


def _first_overlap(
    strays: list[Stray], runs: list[tuple[int, int]], end_us: int
) -> tuple[Stray, tuple[int, int]] | None:
    """The first time for which more than one process of a task instance is there, and the first
    one of them. A process that is given up is there until its own end, also beside another one that
    was given up."""
    ends = {one.since_us: end_us if one.until_us is None else one.until_us for one in strays}
    processes = [(begin, max(over, ends.get(over, over))) for begin, over in runs]
    overlaps = sorted(
        (max(begin, stray.since_us), min(over, ends[stray.since_us]), number)
        for number, stray in enumerate(strays)
        for begin, over in processes
        if begin >= stray.since_us
    )
    overlaps = [one for one in overlaps if one[0] < one[1]]
    if not overlaps:
        return None
    since, until, number = overlaps[0]
    for begin, over, _ in overlaps:
        if begin <= until:
            until = max(until, over)
    return strays[number], (since, until)


def _runs(trace: Trace) -> dict[int, list[tuple[int, int]]]:
    """When each task instance that has a stray process was running, for Airflow."""
    concerned = {stray.ti for stray in trace.strays}
    began: dict[int, int] = {}
    found: dict[int, list[tuple[int, int]]] = {}
    for at, who, state in trace.history:
        if who not in concerned:
            continue
        if who in began:
            found.setdefault(who, []).append((began.pop(who), at))
        if state == TaskState.RUNNING:
            began[who] = at
    for who, at in began.items():
        found.setdefault(who, []).append((at, trace.end_us))
    return found


def _finding(trace: Trace, attempts: Attempts, stray: Stray, span: tuple[int, int]) -> Finding:
    since_us, until_us = span
    seconds = (until_us - since_us) / 1e6
    summary = (
        f"Two processes of {attempts.name(stray.ti)} work at once for {seconds:g} s in "
        f"{attempts.run(stray.ti)}: try {stray.try_number} was given up ({stray.why}) and goes on, "
        "while its retry does the same work. Only the retry's result counts; what both write is "
        "there twice, or mixed."
    )
    file, line = attempts.place(stray.ti)
    goes_on = f"goes on in try {stray.try_number}, which was given up"
    return Finding(
        code=CODE,
        title="Task that runs twice at once",
        summary=summary,
        dag_id=attempts.dag_id(stray.ti),
        file=file,
        line=line,
        since=trace.at(since_us),
        until=trace.at(until_us),
        ended_by="the end of all processes but one",
        holding=(attempts.party(stray.ti, goes_on, stray.since_us, "given up"),),
        notes=("Make the work safe to repeat: write to a place of its own and swap it in.",),
    )
