"""Where the time of a task instance went: the limits that said no, from when to when."""

from __future__ import annotations

from windtunnel.trace.trace import Trace, Wait


def waits_of(trace: Trace, ti: int) -> list[Wait]:
    """Stub."""
    return []
