"""The base of every value in the model: frozen, typed, and strict about unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value with a file form.

    Construction validates and raises ``pydantic.ValidationError``; files are read through
    `windtunnel.loaders`, which turns that into a message with file, path and value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
