"""Faults of what tries share: a resource of the scenario that can't be had, or has another size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from windtunnel.model.faults.times import Windowed


class ResourceDown(Windowed):
    """Nobody can take a resource, as when an external system is down: whoever needs it fails, or
    waits until it is back. Tries that have it already go on."""

    type: Literal["resource_down"] = "resource_down"
    resource: str
    """Name of a resource of the scenario."""
    waits: bool = False
    """They wait, and don't fail."""


class ResourceResized(Windowed):
    """A resource has another number of slots; the old one is back after ``for``. Nobody who has it
    loses it."""

    type: Literal["resource_resized"] = "resource_resized"
    resource: str
    """Name of a resource of the scenario."""
    slots: Annotated[int, Field(ge=0)]
    """How many slots it has then."""


OfResources = ResourceDown | ResourceResized
