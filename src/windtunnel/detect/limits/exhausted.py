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
    "killed: the worker is out of memory": "the worker was out of memory",
    "no space left on device": "no space was left on the disk of the worker",
}
"""Why a try ended -> in words."""


def find_exhaustion(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each thing that was used up, however many tasks fail on it: in the next
    simulation it would be others."""
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
    found: dict[str, list[int]] = {}
    for ti, tries in ends.items():
        whys = {why for _, why in tries}
        if last[ti] == TaskState.FAILED and len(whys) == 1 and (why := whys.pop()) is not None:
            found.setdefault(why, []).append(ti)
    return [
        _finding(trace, attempts, sorted(failed, key=lambda ti: (attempts.key(ti), ti)), ends, why)
        for why, failed in sorted(found.items())
    ]


def _finding(
    trace: Trace,
    attempts: Attempts,
    failed: list[int],
    ends: dict[int, list[tuple[int, str | None]]],
    why: str,
) -> Finding:
    first = min(failed, key=lambda ti: ends[ti][-1])
    file, line = attempts.place(first)
    names = list(dict.fromkeys(f"{attempts.dag_id(ti)}.{attempts.task_id(ti)}" for ti in failed))
    tasks = [attempts.task(ti) for ti in failed]
    have_retries = any(task is not None and task.retries for task in tasks)
    one = len(names) == 1
    fails = f"{names[0]} fails" if one else f"{len(names)} tasks fail"
    tries = f"each of {'its' if one else 'their'} tries ended so"
    none = f"{'it has' if one else 'they have'} no retries"
    count = len(failed)
    return Finding(
        code=CODE,
        title=f"{'Task that fails' if one else 'Tasks that fail'} on what is used up",
        summary=f"{fails} for good because {USED_UP[why]}: {tries if have_retries else none}.",
        dag_id=attempts.dag_id(first),
        file=file,
        line=line,
        about=why,
        since=trace.at(min(ends[ti][0][0] for ti in failed)),
        until=trace.at(max(ends[ti][-1][0] for ti in failed)),
        ended_by="its last try" if count == 1 else "the last try of the last of them",
        holding=tuple(
            attempts.party(ti, f"ended so in {_times(len(ends[ti]))}", ends[ti][0][0], "failed")
            for ti in failed
        ),
        notes=(f"{count} of its task instances end like this.",) if one and count > 1 else (),
    )


def _times(count: int) -> str:
    return "its only try" if count == 1 else f"{count} tries"
