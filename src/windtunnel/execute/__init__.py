"""The real callables of a fleet, run in scheduler order at simulated time."""

from windtunnel.execute.executed import Executed

__all__ = ["Executed"]
