"""Exhaustion: tasks that fail for good, because each of their tries met what was used up (WT402).

Retries help where memory or disk space comes back meanwhile. Where the next try meets the same,
they only repeat the loss.
"""

from __future__ import annotations

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.trace import TaskState, Trace

CODE = "WT402"
USED_UP = {
    "killed: the worker is out of memory": "its worker was out of memory",
    "no space left on device": "no space was left on the disk of its worker",
}
"""Why a try ended -> in words."""
SHOWN = 10


def find_exhaustion(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each task and thing that was used up."""
    reasons = {number: why for number, why in trace.reasons.items() if why in USED_UP}
    if not reasons:
        return []
    ends: dict[int, list[tuple[int, str | None]]] = {trace.history.who[n]: [] for n in reasons}
    last = dict.fromkeys(ends, 0)
    for number, (at, who, state) in enumerate(trace.history):
        if who in ends:
            last[who] = state
            if state in (TaskState.FAILED, TaskState.UP_FOR_RETRY):
                ends[who].append((at, reasons.get(number)))
    attempts = Attempts(scenario, trace)
    found: dict[tuple[tuple[int, int], str], list[int]] = {}
    for ti, tries in ends.items():
        whys = {why for _, why in tries}
        if last[ti] == TaskState.FAILED and len(whys) == 1 and (why := whys.pop()) is not None:
            found.setdefault((attempts.key(ti), why), []).append(ti)
    return [
        _finding(trace, attempts, sorted(failed), ends, why)
        for (_, why), failed in sorted(found.items())
    ]


def _finding(
    trace: Trace,
    attempts: Attempts,
    failed: list[int],
    ends: dict[int, list[tuple[int, str | None]]],
    why: str,
) -> Finding:
    first = min(failed, key=lambda ti: ends[ti][-1])
    name = f"{attempts.dag_id(first)}.{attempts.task_id(first)}"
    file, line = attempts.place(first)
    task = attempts.task(first)
    retries = 0 if task is None else task.retries
    all_of = "each of its tries ended so" if retries else "it has no retries"
    count = len(failed)
    return Finding(
        code=CODE,
        title="Task that fails on what is used up",
        summary=f"{name} fails for good because {USED_UP[why]}: {all_of}.",
        dag_id=attempts.dag_id(first),
        file=file,
        line=line,
        since=trace.at(ends[first][0][0]),
        until=trace.at(ends[first][-1][0]),
        ended_by="its last try",
        holding=tuple(
            attempts.party(ti, f"ended so in {_times(len(ends[ti]))}", ends[ti][0][0], "failed")
            for ti in failed[:SHOWN]
        ),
        notes=(f"{count} of its task instances end like this.",) if count > 1 else (),
    )


def _times(count: int) -> str:
    return "its only try" if count == 1 else f"{count} tries"
