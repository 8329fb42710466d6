"""Questions for a plan as people write them: deadlines, settings and shares in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from pydantic import ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.durations import in_words, parse_duration
from windtunnel.loaders.forms import Mistakes, build, human_schema, to_machine
from windtunnel.loaders.setting_text import parse_setting
from windtunnel.model import Deadline, Question

DEADLINES = "'report by 07:00', 'etl.load within 2h', 'pool:db queued at most 5m'"
WAYS = (
    (r"(.+?)\s+by\s+(\S+)", "by"),
    (r"(.+?)\s+within\s+(.+)", "within_s"),
    (r"(.+?)\s+queued\s+at\s+most\s+(.+)", "queued_s"),
)
Add = Callable[[str, Any, str], None]


def parse_deadline(text: str) -> Deadline:
    """A deadline in words.

    Raises:
        InvalidInput: it is none.
    """
    for pattern, field in WAYS:
        found = re.fullmatch(pattern, text.strip())
        if found is not None:
            try:
                when = _time(found[2]) if field == "by" else parse_duration(found[2])
                return Deadline.model_validate({"of": found[1], field: when})
            except (InvalidInput, ValidationError, ValueError) as error:
                raise InvalidInput(f"deadline {text!r}: {_first(error)}") from None
    raise InvalidInput(f"deadline {text!r}: nothing that is understood; write {DEADLINES}")


def said_deadline(one: Deadline) -> str:
    """A deadline in words, as `parse_deadline` reads it."""
    if one.by is not None:
        text = re.sub(r"^(..:..):00", r"\1", one.by.isoformat()).replace("+00:00", "Z")
        return f"{one.of} by {text}"
    if one.within_s is not None:
        return f"{one.of} within {in_words(one.within_s)}"
    return f"{one.of} queued at most {in_words(one.queued_s or 0.0)}"


def parse_part(given: str | float) -> float:
    """A share: ``"99%"``, ``"99 %"``, ``"0.99"`` or 0.99.

    Raises:
        InvalidInput: it is none between 0 and 1.
    """
    try:
        text = str(given).strip()
        part = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        part = -1.0
    if not 0 < part < 1:
        raise InvalidInput(f"{given!r} is no share between 0 and 1; write 99% or 0.99")
    return part


def read_question(data: Any, mistakes: Mistakes) -> Question | None:
    """The table ``[plan]`` of a scenario file; None, and mistakes, if it can't be used."""
    if not isinstance(data, Mapping):
        mistakes.add("plan", data, "must be a table: what may vary, and deadlines")
        return None
    table = dict(data)
    _each(table, "vary", lambda text: _form(parse_setting(text)), mistakes)
    _each(table, "deadlines", lambda text: _form(parse_deadline(text)), mistakes)
    for name in ("share", "confidence", "precision"):
        if isinstance(table.get(name), str):
            try:
                table[name] = parse_part(table[name])
            except InvalidInput as error:
                mistakes.add(f"plan.{name}", table[name], str(error).partition(" is ")[2])
                del table[name]
    before = len(mistakes.found)
    machine = to_machine(Question, table, "plan", mistakes)
    return build(Question, machine, mistakes, "plan") if len(mistakes.found) == before else None


def _each(
    table: dict[str, Any], name: str, read: Callable[[str], dict[str, Any]], mistakes: Mistakes
) -> None:
    """What is written in words in a list, or alone, as tables."""
    given = table.get(name)
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        return
    made = []
    for number, one in enumerate(given):
        if not isinstance(one, str):
            made.append(one)
            continue
        try:
            made.append(read(one))
        except InvalidInput as error:
            mistakes.add(f"plan.{name}[{number}]", one, str(error).partition(": ")[2])
    table[name] = made


def _form(value: Any) -> dict[str, Any]:
    form = value.model_dump(mode="json", exclude_none=True)
    return {name.removesuffix("_s"): one for name, one in form.items()}


def _time(text: str) -> time:
    padded = f"0{text}" if text[1:2] == ":" else text
    try:
        return time.fromisoformat(padded)
    except ValueError:
        raise InvalidInput(f"{text!r} is no time of day; write 07:00, or 07:00Z") from None


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(error)


def question_toml_schema() -> tuple[dict[str, Any], dict[str, Any]]:
    """JSON Schema of the table ``[plan]``, for editors, and what it refers to."""
    schema = human_schema(Question)
    properties, text = schema["properties"], {"type": "string"}
    for name in ("vary", "deadlines"):
        items = {"anyOf": [properties[name]["items"], text]}
        several = {**properties[name], "items": items}
        about = {key: several.pop(key) for key in ("title", "description") if key in several}
        properties[name] = {**about, "anyOf": [several, text]}
    for name in ("share", "confidence", "precision"):
        about = {k: v for k, v in properties[name].items() if k in ("title", "description")}
        properties[name] = {**about, "anyOf": [{"type": "number"}, text]}
    return schema, schema.pop("$defs", {})
