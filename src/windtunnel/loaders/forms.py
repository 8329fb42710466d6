"""Forms: the human TOML shape of a model value, told from the model itself.

A field ``duration_s`` is written ``duration``, as ``"5m"`` or as seconds; everything else keeps its
name. What a file gets wrong is collected, so that one message names all of it.
"""

from __future__ import annotations

import difflib
import json
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from windtunnel.errors import InvalidInput
from windtunnel.loaders.durations import EXAMPLES, PATTERN, parse_duration
from windtunnel.model import Triangular, Uniform

Model = TypeVar("Model", bound=BaseModel)
NEVER = "never"
"""TOML has no null: a moment that never comes."""


@dataclass
class Mistakes:
    """Everything that is wrong in one file."""

    file: str
    found: list[str] = field(default_factory=list)

    def add(self, path: str, value: Any, advice: str) -> None:
        """One mistake: where (nothing: in the file as a whole), what stands there, what would be
        right."""
        if not path:
            self.found.append(advice)
            return
        shown = json.dumps(value, default=str) if value is not MISSING else ""
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        self.found.append(f"{path} = {shown}: {advice}" if shown else f"{path}: {advice}")

    def report(self) -> None:
        """Raise them, if there are any.

        Raises:
            InvalidInput: with all of them in one message.
        """
        if len(self.found) == 1:
            raise InvalidInput(f"{self.file}: {self.found[0]}")
        if self.found:
            listed = "\n".join(f"  {mistake}" for mistake in self.found)
            raise InvalidInput(f"{self.file}: {len(self.found)} mistakes\n{listed}")


MISSING: Any = object()
"""What stands where nothing does."""
DATE = "must be a date or time without quotes, such as 2026-03-01 or 2026-03-01T02:00:00Z"
SAID = {
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "list_type": "must be a list in [brackets], or [[tables]]",
    "tuple_type": "must be a list in [brackets], or [[tables]]",
    "datetime_type": DATE,
    "datetime_parsing": DATE,
    "datetime_from_date_parsing": DATE,
    "datetime_object_invalid": DATE,
}
"""Pydantic's words are those of JSON and Python; these are TOML's."""


def is_duration(model: type[BaseModel], name: str) -> bool:
    """Whether a field holds seconds."""
    return name.endswith("_s") or name == "seconds" or model in (Uniform, Triangular)


def human_name(name: str) -> str:
    """A field's key in a human file."""
    return name.removesuffix("_s")


def to_machine(
    model: type[BaseModel], data: Any, path: str, mistakes: Mistakes, extra: Iterable[str] = ()
) -> Any:
    """A human table in the machine form; mistakes in keys and durations are collected."""
    if not isinstance(data, Mapping):
        mistakes.add(path or "the file", data, "must be a table")
        return {}
    fields = {human_name(name): name for name in model.model_fields}
    made: dict[str, Any] = {}
    for key, value in data.items():
        where = f"{path}.{key}" if path else str(key)
        if key not in fields:
            if key not in extra:
                mistakes.add(where, value, unknown_key(str(key), [*fields, *extra]))
            continue
        name = fields[key]
        made[name] = _field(model, name, value, where, mistakes)
    return made


def unknown_key(key: str, allowed: Iterable[str]) -> str:
    """What to say about a key that doesn't exist."""
    choices = sorted(set(allowed))
    close = difflib.get_close_matches(key.removesuffix("_s"), choices, n=1)
    if close:
        return f"unknown key; did you mean {close[0]!r}?"
    return f"unknown key; allowed here: {', '.join(choices)}"


def one_of(given: str, known: Sequence[str]) -> str:
    """Advice on a name that doesn't exist: the nearest one, or all that there are."""
    close = difflib.get_close_matches(given, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(known[:20]) or "none"
    return f"there are: {shown}" + (f" and {len(known) - 20} more" if len(known) > 20 else "")


def _field(model: type[BaseModel], name: str, value: Any, where: str, mistakes: Mistakes) -> Any:
    annotation = model.model_fields[name].annotation
    if is_duration(model, name) and not isinstance(value, Mapping):
        if isinstance(value, list):
            found = enumerate(value)
            return [_of_list(annotation, v, f"{where}[{i}]", mistakes) for i, v in found]
        backwards = annotation is float and not model.model_fields[name].metadata
        return _duration(annotation, value, where, mistakes, backwards=backwards)
    if value == "none" and type(None) in get_args(annotation) and str not in get_args(annotation):
        return None
    several = _models_in(annotation)
    if not several:
        return _plain(value)
    inner = several[0]
    if len(several) > 1:
        if isinstance(value, list):
            found = enumerate(value)
            return [_one_of(several, v, f"{where}[{i}]", mistakes) for i, v in found]
        return _one_of(several, value, where, mistakes)
    if isinstance(value, list):
        return [to_machine(inner, v, f"{where}[{i}]", mistakes) for i, v in enumerate(value)]
    if _is_table_of(annotation) and isinstance(value, Mapping):
        return {k: to_machine(inner, v, f"{where}.{k}", mistakes) for k, v in value.items()}
    return to_machine(inner, value, where, mistakes) if isinstance(value, Mapping) else value


def _of_list(annotation: Any, value: Any, where: str, mistakes: Mistakes) -> Any:
    """A duration in a list of them: seconds, or a table that says what they are drawn from."""
    if isinstance(value, Mapping) and (models := _models_in(annotation)):
        return _one_of(models, value, where, mistakes)
    return _duration(annotation, value, where, mistakes)


def _one_of(models: list[type[BaseModel]], value: Any, where: str, mistakes: Mistakes) -> Any:
    """A table that may be one of several models: its ``type`` says which, and may stand alone;
    where they have no type, its keys do."""
    if not all("type" in model.model_fields for model in models):
        if not isinstance(value, Mapping):
            return value
        return to_machine(_by_keys(models, value), value, where, mistakes)
    table = {"type": value} if isinstance(value, str) else value
    if not isinstance(table, Mapping):
        mistakes.add(where, value, "must be a table with a type")
        return value
    by_type = {model.model_fields["type"].default: model for model in models}
    chosen = by_type.get(table.get("type"))
    if chosen is None:
        said = f"must be one of {', '.join(sorted(by_type))}"
        mistakes.add(f"{where}.type", table.get("type", MISSING), said)
        return {"type": next(iter(by_type))}  # goes on, so that the other mistakes are found too
    return to_machine(chosen, table, where, mistakes)


def _by_keys(models: list[type[BaseModel]], table: Mapping[str, Any]) -> type[BaseModel]:
    """The model that has most of a table's keys, and least beside them."""

    def strangeness(model: type[BaseModel]) -> int:
        return len({human_name(name) for name in model.model_fields} ^ set(table))

    return min(models, key=strangeness)


def _duration(
    annotation: Any, value: Any, where: str, mistakes: Mistakes, *, backwards: bool = False
) -> Any:
    if value == NEVER and type(None) in get_args(annotation):
        return None
    try:
        if backwards and str(value).startswith("-"):
            return -parse_duration(value[1:] if isinstance(value, str) else -value)
        return parse_duration(value)
    except (InvalidInput, TypeError):
        never = f", or {NEVER!r}" if type(None) in get_args(annotation) else ""
        mistakes.add(where, value, f"must be a duration: {EXAMPLES}{never}")
        return 1.0  # goes on, so that the other mistakes are found too


def _plain(value: Any) -> Any:
    """TOML's dates as instants: without a timezone they are UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).isoformat()
    return value


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation such as ``tuple[Rule, ...]`` or ``Cron | Once | None``, each
    once."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found = (model for part in get_args(annotation) for model in _models_in(part))
    return list(dict.fromkeys(found))


def _is_table_of(annotation: Any) -> bool:
    """Whether an annotation is a mapping from names to models."""
    if get_origin(annotation) in (Union, types.UnionType):
        return any(_is_table_of(part) for part in get_args(annotation))
    return get_origin(annotation) is dict


def build(model: type[Model], machine: Any, mistakes: Mistakes, path: str = "") -> Model | None:
    """The value, or ``None`` after adding what the model refuses."""
    try:
        # JSON's strict mode knows lists and texts of dates, and turns no text into a number.
        return model.model_validate_json(json.dumps(machine, default=str), strict=True)
    except ValidationError as error:
        _explain(error, machine, mistakes, path, human=True)
        return None


def _explain(
    error: ValidationError, data: Any, mistakes: Mistakes, path: str, *, human: bool
) -> None:
    """Add each complaint of pydantic under its path in the file; those of a union together."""
    told: dict[str, tuple[Any, list[str]]] = {}
    kinds: set[tuple[str, str]] = set()
    for detail in error.errors():
        where, value = _locate(detail["loc"], data, human=human)
        where = ".".join(part for part in (path, where) if part)
        said = _said(detail)
        if detail["type"] == "missing":
            key = str(detail["loc"][-1])
            where = f"{where}.{human_name(key) if human else key}".removeprefix(".")
            value = MISSING
        elif detail["type"] != "extra_forbidden" and isinstance(value, Mapping):
            value = MISSING  # what is said of a whole table names what is wrong in it
        if detail["type"].endswith("_type"):
            kinds.add((where, said))
        told.setdefault(where, (value, []))[1].append(said)
    for where, (value, complaints) in told.items():
        # Where one branch of a union was meant, the others only say that they are another kind.
        meant = [said for said in complaints if (where, said) not in kinds]
        deeper = any(other.startswith((f"{where}.", f"{where}[")) for other in told if where)
        if meant or not deeper:
            mistakes.add(where, value, _either(meant or complaints))


def _either(complaints: list[str]) -> str:
    """Several complaints as one: ``must be a number or a table``."""
    several = list(dict.fromkeys(complaints))
    alike = all(said.startswith("must be ") for said in several)
    return " or ".join(
        s.removeprefix("must be ") if n and alike else s for n, s in enumerate(several)
    )


def _said(detail: Any) -> str:
    if detail["type"] == "missing":
        return "is missing"
    if detail["type"] == "extra_forbidden":
        return "unknown key"
    if detail["type"] == "timezone_aware":
        return "must have a timezone, such as 2026-03-01T00:00:00Z"
    if detail["type"] in SAID:
        return SAID[detail["type"]]
    message = str(detail["msg"]).removeprefix("Value error, ")
    return message.replace("Input should be", "must be")


def _locate(loc: tuple[int | str, ...], data: Any, *, human: bool) -> tuple[str, Any]:
    """A path of pydantic's as it stands in the file; the names that it gives to the branches of a
    union stand nowhere and are left out."""
    path = ""
    for part in loc:
        if isinstance(part, int) and isinstance(data, list) and part < len(data):
            path, data = f"{path}[{part}]", data[part]
        elif isinstance(data, Mapping) and part in data:
            key = human_name(str(part)) if human else str(part)
            path, data = f"{path}.{key}" if path else key, data[part]
    return path, data


def machine_mistakes(error: ValidationError, data: Any, file: str) -> Mistakes:
    """The mistakes in a file of the machine form."""
    mistakes = Mistakes(file)
    _explain(error, data, mistakes, "", human=False)
    return mistakes


def human_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of the human form of a model."""
    schema = model.model_json_schema()
    for definition in [schema, *schema.get("$defs", {}).values()]:
        _humanize(definition, everything=definition.get("title") == "Uniform")
    return schema


def _humanize(definition: dict[str, Any], *, everything: bool) -> None:
    properties = definition.get("properties")
    if properties is None:
        return
    definition["properties"] = {
        human_name(name): _human_property(value)
        if everything or name.endswith("_s") or name == "seconds"
        else value
        for name, value in properties.items()
    }
    if "required" in definition:
        definition["required"] = [human_name(name) for name in definition["required"]]


IN_WORDS = {"type": "string", "pattern": PATTERN}


def _human_items(option: dict[str, Any]) -> dict[str, Any]:
    """A list of durations, each of which may be in words."""
    items = option.get("items")
    if items is None:
        return option
    return {**option, "items": {"anyOf": [*items.get("anyOf", [items]), IN_WORDS]}}


def _human_property(value: dict[str, Any]) -> dict[str, Any]:
    options = [o for o in value.get("anyOf", [value]) if o.get("type") != "null"]
    kept = [
        _human_items({k: v for k, v in o.items() if k not in ("title", "default")}) for o in options
    ]
    if any(option.get("type") != "array" for option in options):
        kept.append(IN_WORDS)
    if len(options) < len(value.get("anyOf", [])):
        kept.append({"const": NEVER})
    about = {k: v for k, v in value.items() if k in ("title", "default", "description")}
    if about.get("default", 0) is None:
        del about["default"]
    return {**about, "anyOf": kept}
