"""Failures: what an exception means for a try, and how it is told to whoever wrote the task."""

from __future__ import annotations

import traceback
import types

OUR_ROOMS = ("windtunnel.execute", "windtunnel.engine")
LIBRARIES = (*OUR_ROOMS, "freezegun", "contextlib", "threading", "jinja2")
"""Whose frames say nothing to the reader of a traceback."""
INVOKED = "_invoke"
"""Name of the function in which somebody else's code is called."""


def outcome_of(error: BaseException) -> str:
    """How a try ends that raised this."""
    names = {cls.__name__ for cls in type(error).__mro__}
    if "AirflowSkipException" in names:
        return "skip"
    if names & {"AirflowFailException", "AirflowSensorTimeout"}:
        return "fail_no_retry"
    return "fail"


def is_ours(error: BaseException) -> bool:
    """Whether it is a mistake of windtunnel's, which is no failure of the task.

    What is raised where the callable is called (wrong arguments), or in what it calls, is the
    callable's; what we raise on purpose is of a class of ours."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if any(frame.f_code.co_name == INVOKED for frame in frames):
        return False
    raised_by = str(frames[-1].f_globals.get("__name__", "")) if frames else ""
    return raised_by.startswith(OUR_ROOMS) and not type(error).__module__.startswith("windtunnel.")


def told(error: BaseException) -> str:
    """The traceback, with the frames of the user's code only."""
    shown = traceback.TracebackException.from_exception(error)
    _trim(shown, error, set())
    return "".join(shown.format()).rstrip()


def _trim(
    shown: traceback.TracebackException | None, error: BaseException | None, seen: set[int]
) -> None:
    if shown is None or error is None or id(shown) in seen:
        return
    seen.add(id(shown))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    kept = [
        summary for summary, frame in zip(shown.stack, frames, strict=False) if not _is_own(frame)
    ]
    shown.stack = traceback.StackSummary.from_list(kept)
    _trim(shown.__cause__, error.__cause__, seen)
    _trim(shown.__context__, error.__context__, seen)


def _is_own(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(LIBRARIES)
