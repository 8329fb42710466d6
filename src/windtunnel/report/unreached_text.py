"""What no simulation came to, told once for all that have the same reason."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.report.wrap import wrap
from windtunnel.search import Unreached

NAMED = 6
WORDS = {"fault": "fault ", "detector": "looking for "}


def unreached_text(unreached: Sequence[Unreached], *, width: int) -> list[str]:
    """Nothing, if there is none."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in unreached:
        if one.kind == "dag":
            continue  # told with those that never ran, and why
        by_reason.setdefault((one.kind, one.why), []).append(one.subject)
    if not by_reason:
        return []
    lines = ["Never reached:"]
    for (kind, why), subjects in by_reason.items():
        more = f" and {len(subjects) - NAMED} more" if subjects[NAMED:] else ""
        said = f"{WORDS.get(kind, '')}{', '.join(subjects[:NAMED])}{more}: {why}"
        lines += wrap(said, first="  ", then="    ", width=width)
    return lines
