"""Isolation: what a real callable may take of the machine when it runs in a process of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from windtunnel.model.base import Value

LEAST_MB = 16
"""Python itself needs some."""


class Isolation(Value):
    """Limits of each try. One that exceeds them fails, as does one that kills its process; the
    simulation goes on."""

    memory_mb: Annotated[int, Field(ge=LEAST_MB)] = 2048
    """Memory that it may take, on top of what its process has when it begins."""
    wall_s: Annotated[float, Field(gt=0)] = 60.0
    """Seconds of real time that it may work from one (simulated) sleep to the next, or to its
    end."""
