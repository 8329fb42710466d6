"""Steps: what a try does, one thing after the other."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from windtunnel.model.base import Seconds, Value
from windtunnel.model.durations import Distribution

VERBS = (
    "acquire", "release", "read", "write", "append", "push", "pull", "defer_s", "trigger", "fail",
    "done_if",
)  # fmt: skip
TIMED = frozenset({"read", "write", "append"})
"""Verbs that may take time."""
PLACEHOLDERS = ("dag", "run", "task", "map_index")
"""What may stand in braces in the names of data sets and locks: ``out/{run}``."""


class Step(Value):
    """One step: work, or one of the other verbs. Names of data sets, and of locks, may have
    ``{dag}``, ``{run}``, ``{task}`` and ``{map_index}`` in them."""

    work_s: Seconds | Distribution | None = None
    """Work on the worker; with ``read``, ``write`` or ``append``: how long that takes."""
    acquire: str | None = None
    """Take ``slots`` of a resource; they are given back by ``release``, or when the try is over."""
    release: str | None = None
    """Give ``slots`` of a resource back."""
    slots: Annotated[int, Field(ge=1)] = 1
    """How many ``acquire`` takes, or ``release`` gives back."""
    read: str | None = None
    """Read a data set: a table, a file, whatever name."""
    write: str | None = None
    """Write a data set, in the place of what was there."""
    append: str | None = None
    """Add to a data set."""
    push: Annotated[int, Field(ge=0)] | None = None
    """Push an XCom of so many bytes; the try fails if the backend doesn't take that much."""
    pull: str | None = None
    """Pull the XCom of another task of the same run, by its task_id."""
    defer_s: Seconds | Distribution | None = None
    """Defer for so long: the worker slot is free, and what ``needs`` took; then the try goes on
    with its next step."""
    trigger: str | None = None
    """Create a run of a DAG, and don't wait for it."""
    fail: Annotated[float, Field(ge=0, le=1)] | None = None
    """Fail here with this probability."""
    done_if: str | None = None
    """End the try, with success, if this data set has been written."""
    unless: str | None = None
    """Leave the step out if this data set has been written when its turn comes."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        said = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(said) > 1:
            shown = " and ".join(verb.removesuffix("_s") for verb in said)
            raise ValueError(f"does one thing, not {shown}: write two steps")
        if not said and self.work_s is None:
            names = ", ".join(("work", *(verb.removesuffix("_s") for verb in VERBS)))
            raise ValueError(f"does nothing; it needs one of {names}")
        if self.work_s is not None and said and said[0] not in TIMED:
            raise ValueError(f"work goes with read, write and append, not with {said[0]}")
        if self.slots != 1 and not (self.acquire or self.release):
            raise ValueError("slots go with acquire and release")
        for name in ("acquire", "release", "read", "write", "append", "done_if", "unless"):
            _check_braces(getattr(self, name) or "")
        return self


def _check_braces(name: str) -> None:
    for word in re.findall(r"\{([^{}]*)\}", name):
        if word not in PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            raise ValueError(f"{{{word}}} is nothing that can be filled in; there are {known}")
