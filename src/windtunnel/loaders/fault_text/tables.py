"""Tables: the faults of a scenario file, in words or as tables, as the model says them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.durations import parse_duration
from windtunnel.loaders.fault_text.clauses import CLOCK, clock
from windtunnel.loaders.fault_text.forms import FORMS
from windtunnel.loaders.fault_text.reading import parse_fault
from windtunnel.loaders.fault_text.subjects import share
from windtunnel.loaders.forms import MISSING, human_name

Tell = Callable[[str, Any, str], None]
"""Called with where a mistake is, what stands there, and what would be right."""
EXAMPLE = '"worker lost: 1 at +10m"'
AT = (
    "must be a duration since the start, such as '10m', a time of day, such as '02:10', or a date "
    "and time, such as '2026-03-01T02:10'"
)
TYPES = tuple(form.model.model_fields["type"].default for form in FORMS)
HARMLESS = {"type": "scheduler_down"}
"""In the place of a fault with a mistake, so that the others are found too."""


def fault_tables(given: Any, tell: Tell) -> list[Any]:
    """Faults as tables in the form of the model, those in words too; mistakes are told."""
    if not isinstance(given, list):
        tell("faults", given, f"must be a list in [brackets], such as [{EXAMPLE}]")
        return []
    return [_fault(one, f"faults[{number}]", tell) for number, one in enumerate(given)]


def _fault(given: Any, where: str, tell: Tell) -> dict[str, Any]:
    if isinstance(given, str):
        return _in_words(given, where, tell)
    if not isinstance(given, Mapping):
        tell(where, given, f"must be a fault in words, such as {EXAMPLE}, or a table with a type")
        return HARMLESS
    if given.get("type") not in TYPES:
        tell(f"{where}.type", given.get("type", MISSING), _no_type(given.get("type")))
        return HARMLESS
    return _table(given, where, tell)


def _in_words(text: str, where: str, tell: Tell) -> dict[str, Any]:
    try:
        fault = parse_fault(text)
    except InvalidInput as error:
        tell(where, text, str(error).removeprefix(f"fault {text!r}: "))
        return HARMLESS
    values = fault.model_dump(mode="json", exclude_none=True)
    return {human_name(name): value for name, value in values.items()}


def _no_type(given: Any) -> str:
    if given is None:
        return "is missing; it says what goes wrong, such as 'worker_lost'"
    written = str(given).replace(" ", "_")
    close = difflib.get_close_matches(written, TYPES, n=1)
    if close:
        return f"no such fault; did you mean {close[0]!r}?"
    return f"no such fault; there are: {', '.join(TYPES)}"


def _table(table: Mapping[str, Any], where: str, tell: Tell) -> dict[str, Any]:
    """A table with ``at = "02:10"`` and ``share = "33%"`` as the model says them."""
    made = dict(table)
    if "at" in made:
        try:
            made |= fault_beginning(made.pop("at"))
        except (InvalidInput, TypeError):
            tell(f"{where}.at", table["at"], AT)
            made["at"] = 0.0
    both = [key for key in ("count", "of") if key in made and "share" in made]
    if both:
        told = f"it strikes a number of workers or a share of them: leave {both[0]} or share out"
        tell(where, MISSING, told)
        del made["share"]
    for key in ("share", "probability"):
        if isinstance(made.get(key), str):
            part = share(made[key].strip())
            made[key] = made[key] if part is None else part
    return made


def fault_beginning(at: Any) -> dict[str, Any]:
    """When a fault begins, as the field of the model that says so.

    Raises:
        InvalidInput: it says no time.
        TypeError: it is no number, text or time at all.
    """
    if isinstance(at, datetime | time):
        return {"at_time": at.isoformat()}
    if isinstance(at, str) and re.fullmatch(CLOCK, at.strip()):
        return {"at_time": clock(at.strip())}
    return {"at": parse_duration(at.strip().removeprefix("+") if isinstance(at, str) else at)}
