"""Making: the arguments of a verb, as people write them, become a frozen fault."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, TypedDict, TypeVar

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders import fault_beginning, first_mistake, parse_duration, parse_share
from windtunnel.model.base import Value

Length = str | float | timedelta
"""``"30m"``, seconds, or a timedelta."""
Instant = str | float | timedelta | time | datetime
"""``"+10m"`` or seconds since the scenario's start; ``"02:10"`` or a `datetime.time`: the first
such time after it; ``"2026-03-01T02:10"`` or a `datetime.datetime`."""
Share = str | float
"""``0.1``, ``"10%"`` or ``"half"``."""

MEANT = {"for": "for_", "try": "tries", "run_id": "run"}
"""Names that people write in the place of others."""

F = TypeVar("F", bound=Value)


class Once(TypedDict, total=False):
    """When something happens; by default at the scenario's start."""

    at: Instant
    every: Length
    """It happens again so long after it began."""
    times: int
    """How often altogether; by default until the window ends."""


class When(Once, total=False):
    """When something begins, and how long it lasts; by default all the time."""

    for_: Length
    """How long it lasts; by default until the window ends."""


class OfTries(When, total=False):
    """Which tries it strikes, of those that begin within its time; by default all."""

    tries: int | Iterable[int]
    """Try numbers: ``1``, or ``(1, 2)``."""
    probability: Share
    """Of each of these tries; drawn from the scenario's seed."""


class Beside(Once, total=False):
    """Which task instances beside those that are named."""

    run: str
    """run_id of the run; by default all runs."""
    upstream: bool
    downstream: bool
    past: bool
    future: bool


class OfWorkers(When, total=False):
    """Which workers, and when; those with the most running tries are struck first."""

    share: Share
    """In the place of a number: of those that are there then, at least one."""
    group: str
    """Name of the worker group; by default any."""


def made(verb: str, kind: type[F], given: Mapping[str, Any], known: type, **own: Any) -> F:
    """The fault of a verb.

    Args:
        verb: Its name, for messages.
        kind: The class of the fault.
        given: What of *known* was given, as people write it.
        known: The TypedDict of these arguments.
        own: Fields of the fault itself; None where nothing was said.

    Raises:
        InvalidInput: a value can't be used, or there is no such argument.
    """
    _check_names(verb, given, known)
    try:
        fields = {name: value for name, value in own.items() if value is not None}
        for name, value in given.items():
            fields |= _read(name, value)
        return kind(**fields)
    except (ValidationError, InvalidInput, ValueError) as error:
        raise InvalidInput(f"{verb}: {first_mistake(error)}") from None


def seconds(length: Length) -> float:
    """A length in seconds.

    Raises:
        InvalidInput: it is none.
    """
    if isinstance(length, timedelta):
        return parse_duration(length.total_seconds())
    return parse_duration(length.removeprefix("+") if isinstance(length, str) else length)


def share(said: Share) -> float:
    """A share, from 0 to 1.

    Raises:
        InvalidInput: it is none.
    """
    part = parse_share(said.strip()) if isinstance(said, str) else said
    if part is None:
        raise InvalidInput(f"{said!r} is no share; write 0.1, '10%' or 'half'")
    return part


def _check_names(verb: str, given: Mapping[str, Any], known: type) -> None:
    names = list(known.__annotations__)
    for name in given:
        if name not in names:
            meant = MEANT.get(name) or next(iter(difflib.get_close_matches(name, names)), None)
            said = f"did you mean {meant!r}?" if meant in names else f"it has {', '.join(names)}"
            raise InvalidInput(f"{verb}() has no argument {name!r}; {said}")


def _read(name: str, value: Any) -> dict[str, Any]:
    """The fields of a fault that an argument is for."""
    if name == "at":
        if isinstance(value, timedelta):
            value = value.total_seconds()
        found = fault_beginning(value)
        return {"at_s" if key == "at" else key: one for key, one in found.items()}
    if name in ("for_", "every"):
        return {f"{name.rstrip('_')}_s": seconds(value)}
    if name == "tries":
        return {"tries": (value,) if isinstance(value, int) else tuple(value)}
    if name in ("probability", "share"):
        return {name: share(value)}
    return {"run_id" if name == "run" else name: value}
