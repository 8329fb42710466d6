"""How much of its limits a fleet uses: statistics over traces, pure."""

from windtunnel.capacity.occupancy import Occupancy, occupancy

__all__ = ["Occupancy", "occupancy"]
