"""Faults of resources: what can't be had for a while, or has another size."""

from __future__ import annotations

from typing import Literal

from windtunnel.engine.faults.held import Held
from windtunnel.engine.faults.timeline import Undo
from windtunnel.engine.parts import Parts
from windtunnel.model import ResourceDown
from windtunnel.model.faults.resources import OfResources


class Resources:
    """All that happens to them."""

    def __init__(self, parts: Parts) -> None:
        self._trace = parts.world.trace
        self._supplies = supplies = parts.courses.supplies
        self._sizes = Held(lambda name: supplies.named(name, name).slots, supplies.resize)

    def begin(self, number: int, fault: OfResources) -> Undo:
        """The fault begins; returns what ends it."""
        self._trace.struck[number] += 1
        supplies, name = self._supplies, fault.resource
        if isinstance(fault, ResourceDown):
            how: Literal["wait", "fail"] = "wait" if fault.waits else "fail"
            supplies.take_out(name, how)
            return lambda: supplies.bring_back(name, how)
        return self._sizes.hold(name, fault.slots)
