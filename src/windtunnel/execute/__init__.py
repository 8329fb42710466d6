"""The real callables of a fleet, run in scheduler order at simulated time."""

from windtunnel.execute.executed import Executed
from windtunnel.execute.places import place_of

__all__ = ["Executed", "place_of"]
