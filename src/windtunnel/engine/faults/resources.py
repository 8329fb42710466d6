"""Faults of resources: what can't be had for a while, or has another size."""

from __future__ import annotations

from typing import Literal

from windtunnel.engine.faults.timeline import Undo
from windtunnel.engine.parts import Parts
from windtunnel.model import ResourceDown
from windtunnel.model.faults.resources import OfResources


def begin(parts: Parts, number: int, fault: OfResources) -> Undo:
    """The fault begins; returns what ends it."""
    parts.world.trace.struck[number] += 1
    supplies, name = parts.courses.supplies, fault.resource
    if isinstance(fault, ResourceDown):
        how: Literal["wait", "fail"] = "wait" if fault.waits else "fail"
        supplies.take_out(name, how)
        return lambda: supplies.bring_back(name, how)
    before = supplies.named(name, name).slots
    supplies.resize(name, fault.slots)
    return lambda: supplies.resize(name, before)
