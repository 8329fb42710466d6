"""Plain: content as text that is the same in each process, on each machine, in each order of a set;
and its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel

LONGEST = 160


def digest(content: object) -> str:
    """32 letters that stand for the content."""
    return blake2b(text_of(content).encode(), digest_size=16).hexdigest()


def text_of(content: object) -> str:
    """The content as JSON: of numbers, texts, sequences, sets, mappings, dates, dataclasses and
    models.

    Raises:
        TypeError: something in it is none of these.
    """
    return json.dumps(_plain(content), separators=(",", ":"))


def short_of(content: object) -> str:
    """The same for people, no longer than a line or two."""
    try:
        text = json.dumps(_plain(content), ensure_ascii=False)
    except TypeError:
        text = repr(content)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _plain(content: object) -> Any:
    if isinstance(content, Enum):
        return _plain(content.value)
    if content is None or isinstance(content, str | int | float):
        return content
    if isinstance(content, Mapping):
        pairs = ([_plain(key), _plain(value)] for key, value in content.items())
        if all(isinstance(key, str) for key in content):
            return dict(sorted(pairs))
        return ["mapping", sorted(pairs, key=json.dumps)]
    if isinstance(content, list | tuple):
        return [_plain(one) for one in content]
    if isinstance(content, Set):
        return sorted(map(_plain, content), key=json.dumps)
    if isinstance(content, BaseModel):
        values = {name: getattr(content, name) for name in type(content).model_fields}
        return [type(content).__name__, _plain(values)]
    if is_dataclass(content):
        return [
            type(content).__name__,
            [_plain(getattr(content, one.name)) for one in fields(content)],
        ]
    if isinstance(content, date | time):  # a datetime is a date
        return content.isoformat()
    if isinstance(content, timedelta | PurePath):
        return str(content)
    if isinstance(content, bytes):
        return content.hex()
    raise TypeError(f"{type(content).__name__} is not plain")
