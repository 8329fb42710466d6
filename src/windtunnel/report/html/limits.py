"""Occupancy: how many slots of each limit were taken, over time."""

from __future__ import annotations

from typing import Any

from windtunnel.capacity import Occupancy, every_limit
from windtunnel.report.html.columns import column
from windtunnel.report.html.segments import GROUPS, group_of
from windtunnel.report.html.view import Json, Subject

MS = 1_000
"""Microseconds of a millisecond."""


def data(subject: Subject) -> Json | None:
    """Each limit with its size and its steps, the one that was full for longest first; None where
    nothing was simulated or nothing was ever taken."""
    result = subject.result
    if result is None:
        return None
    used = [one for one in every_limit(result.scenario, result.trace) if one.peak]
    end = result.trace.end_us
    limits = [_limit(one, end) for one in used]
    limits.sort(
        key=lambda one: (-one["full_s"], -(one["mean"] / (one["size"] or one["peak"] * 99)))
    )
    if not limits:
        return None
    return {"start": result.trace.start.timestamp() * 1000, "end": end // MS, "limits": limits}


def _limit(one: Occupancy, end_us: int) -> dict[str, Any]:
    return {
        "limit": one.limit,
        "group": _group(one.limit),
        "size": one.size,
        "peak": one.peak,
        "mean": round(one.mean, 3),
        "full_s": _full(one, end_us) / 1e6,
        "at": column([at // MS for at, _ in one.steps]),
        "used": column([slots for _, slots in one.steps]),
    }


def _group(limit: str) -> str:
    """The colour; of limits that have a subject, of what they are."""
    of_dag_or_queue = [kind for kind in GROUPS if limit.startswith(f"{kind} ")]
    return group_of(of_dag_or_queue[0] if of_dag_or_queue else limit)


def _full(one: Occupancy, end_us: int) -> int:
    """For how long no slot was free."""
    if one.size is None:
        return 0
    ends = [*(at for at, _ in one.steps[1:]), end_us]
    return sum(
        end - at for (at, used), end in zip(one.steps, ends, strict=True) if used >= one.size
    )
