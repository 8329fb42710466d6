"""Reading: ``worker lost: 1 of 4 at +10m`` becomes a `Fault`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.fault_text.forms import FORMS, Form
from windtunnel.model import Fault

ALL_CLAUSES = tuple(dict.fromkeys(clause for form in FORMS for clause in form.clauses))
"""Those of every fault: who writes one that this fault doesn't know means a clause, too."""


def parse_fault(text: str) -> Fault:
    """The fault that a line of text says.

    Raises:
        InvalidInput: there is no such fault, or a clause is missing, wrong or unknown; the message
            shows how it is said.
    """
    name, _, details = text.partition(":")
    form = next((f for f in FORMS if f.name == " ".join(name.split())), None)
    if form is None:
        raise InvalidInput(f"fault {text!r}: {_unknown(name.strip())}")
    try:
        subject, values = _read(form, " ".join(details.split()))
        fault: Fault = form.model(**_joined(form.subject(subject), values))
    except (ValidationError, ValueError, InvalidInput) as error:
        reason = first_mistake(error)
        raise InvalidInput(f"fault {text!r}: {reason}. It is said like: {form.example}") from None
    return fault


def _joined(subject: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    twice = next((name for name in subject if name in values), None)
    if twice is not None:
        raise InvalidInput(f"the {twice} is said twice")
    return {**subject, **values}


def _read(form: Form, details: str) -> tuple[str, dict[str, Any]]:
    """(subject, fields) of what stands behind the colon."""
    values: dict[str, Any] = {}
    said: dict[str, str] = {}
    subject: list[str] = []
    rest = details
    while rest:
        found = next(((c, m) for c in form.clauses if (m := c.match(rest)) is not None), None)
        if found is None:
            if values or _begins_a_clause(form, rest, subject):
                raise InvalidInput(_no_clause(form, rest))
            word, _, rest = rest.partition(" ")
            subject.append(word)
            rest = rest.strip()
            continue
        clause, match = found
        if clause.name in values:
            raise InvalidInput(f"{said[clause.name]!r} and {match[0]!r}: only one of them can hold")
        values[clause.name] = clause.value(match[1].strip())
        said[clause.name] = match[0]
        rest = rest[match.end() :].strip()
    return " ".join(subject), values


def _begins_a_clause(form: Form, rest: str, subject: list[str]) -> bool:
    """Whether what stands here is a clause, if a wrong one, and not what is struck: a task, a DAG
    or a pool may have any name."""
    if not subject and not form.counts:
        return False
    return any(clause.opens(rest) for clause in ALL_CLAUSES)


def _no_clause(form: Form, rest: str) -> str:
    """What to say about words that are no clause of this fault, without those behind them that
    are."""
    words = rest.split()
    more = (" ".join(words[n:]) for n in range(1, len(words)))
    ends = next((text for text in more if any(c.match(text) for c in ALL_CLAUSES)), "")
    piece = rest.removesuffix(ends).strip()
    meant = [repr(clause.shown) for clause in form.clauses if clause.opens(rest)]
    if meant:
        return f"{piece!r} can't be read; it is written {' or '.join(meant)}"
    shown = ", ".join(repr(clause.shown) for clause in form.clauses)
    return f"{piece!r} is no clause of it; there are {shown}"


def first_mistake(error: Exception) -> str:
    """What is wrong, in few words."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).removesuffix("_s")
        if first["type"] == "missing":
            return f"{name!r} is missing"
        message = first["msg"]
        if first["type"] == "value_error":
            message = message.removeprefix("Value error, ")
            return f"{name}: {message}" if name else message
        return f"{name}: {message[:1].lower()}{message[1:]}"
    return str(error) if isinstance(error, InvalidInput) else f"expected {error}"


def _unknown(name: str) -> str:
    names = [form.name for form in FORMS]
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"unknown fault; did you mean {close[0]!r}?"
    return f"unknown fault; there are: {', '.join(names)}"
