"""The base of every value in the model: frozen, typed, and strict about unknown keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value with a file form.

    Construction validates and raises ``pydantic.ValidationError``; files are read through
    `windtunnel.loaders`, which turns that into a message with file, path and value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        # What has its default says nothing: a failing test should show what makes it fail.
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if field.is_required() or value != field.get_default(call_default_factory=True):
                yield name, value
