"""How much of its limits a fleet uses, and what it would need: statistics over simulations."""

from windtunnel.capacity.estimate import Estimate, mean, quantile, share
from windtunnel.capacity.looks import Looks, growing, is_enough, look_until
from windtunnel.capacity.occupancy import Occupancy, occupancy

__all__ = [
    "Estimate",
    "Looks",
    "Occupancy",
    "growing",
    "is_enough",
    "look_until",
    "mean",
    "occupancy",
    "quantile",
    "share",
]
