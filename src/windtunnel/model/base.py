"""The base of every value in the model: frozen, typed, and strict about unknown keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0)]


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

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis and IPython show it: as its repr, over several lines if it is long, and
        with instants as the texts that they can be given as."""
        with printer.group(4, f"{type(self).__name__}(", ")"):
            for number, (name, value) in enumerate(() if cycle else self.__repr_args__()):
                printer.text("," if number else "")
                printer.breakable(" " if number else "")
                printer.text(f"{name}=")
                printer.pretty(value.isoformat() if isinstance(value, datetime) else value)
