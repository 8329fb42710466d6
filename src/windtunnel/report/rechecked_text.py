"""What became of stored counterexamples: FAILED, FIXED or CHANGED, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.report.wrap import wrap
from windtunnel.search import Rechecked

MEANS = {
    "FAILED": "it is still there",
    "FIXED": "it is gone",
    "CHANGED": "it is not there as it was",
}


def rechecked_line(one: Rechecked) -> str:
    """``wt1-8Kq2bXyz, WT101 Worker slot deadlock: FIXED``."""
    why = f" ({one.why})" if one.why else ""
    return f"{one.name}, {one.kept.code} {one.kept.title}: {one.verdict}{why}"


def rechecked_text(rechecked: Sequence[Rechecked], *, width: int) -> list[str]:
    """Nothing, if nothing was stored."""
    if not rechecked:
        return []
    lines = ["Stored before:"]
    for one in rechecked:
        why = f" ({one.why})" if one.why else ""
        said = f"{one.kept.code} {one.kept.title}: {MEANS[one.verdict]}{why}"
        lines += wrap(said, first=f"  {one.verdict:<7}  {one.name}  ", then="    ", width=width)
    return lines
