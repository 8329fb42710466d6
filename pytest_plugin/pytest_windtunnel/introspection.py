"""How failed asserts on results read: what led to a state, and where the time of a run went.

pytest shows the repr of each part of an assert in one line; these are the lines below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest

from windtunnel.api import DagRun, Difference, Landing, Landings, State, Task
from windtunnel.errors import WindtunnelError

COMPARED = ("==", "!=", "in", "not in")
PART = "@py_assert"
"""What pytest calls the parts of an assert that it rewrites, in the frame of the test."""
MOST_COMPARED = 24
"""Lines below a comparison."""


def compared(operator: str, left: object, right: object) -> list[str] | None:
    """What pytest shows of a comparison with a state that failed; None: as always."""
    state = next((one for one in (left, right) if isinstance(one, State)), None)
    told = state.told() if state is not None and operator in COMPARED else []
    if not told:
        return None
    return [f"{left!r} {operator} {right!r}", *told[:MOST_COMPARED]]


def explained(error: BaseException) -> str:
    """What is to be known of the parts of the assert that failed; empty: nothing more."""
    parts = list(_parts(error.__traceback__))
    if any(isinstance(one, State) for one in parts):
        return ""  # told where they are compared
    asked: list[Landing | Landings | DagRun | Difference | Task]
    asked = [one for one in parts if isinstance(one, Landing | Landings | Difference)]
    asked = asked or [one for one in parts if isinstance(one, DagRun | Task)]
    return "\n\n".join(dict.fromkeys("\n".join(one.told()) for one in asked))


def _parts(traceback: TracebackType | None) -> Iterator[Any]:
    """The values of the assert at the end of a traceback, if it ended at one."""
    if traceback is not None:
        for name, value in _end(traceback).tb_frame.f_locals.items():
            if name.startswith(PART):
                yield value


def cut(error: BaseException) -> None:
    """End the traceback of bad input where it leaves the test: the message says what is wrong, and
    our own frames help nobody."""
    if not isinstance(error, WindtunnelError):
        return
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        if _is_ours(entry.tb_next) and not _is_ours(entry) and _is_ours(_end(entry)):
            entry.tb_next = None
            return
        entry = entry.tb_next


def _is_ours(entry: TracebackType) -> bool:
    name = str(entry.tb_frame.f_globals.get("__name__", ""))
    return name.partition(".")[0] in ("windtunnel", "pytest_windtunnel")


def _end(entry: TracebackType) -> TracebackType:
    while entry.tb_next is not None:
        entry = entry.tb_next
    return entry


def add_to(report: pytest.TestReport, error: BaseException) -> None:
    """Add what is to be known to the report of a failed test."""
    text = explained(error) if isinstance(error, AssertionError) else ""
    if text:
        report.sections.append(("windtunnel: how it came to that", text))
