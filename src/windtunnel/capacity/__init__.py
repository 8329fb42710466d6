"""How much of its limits a fleet uses, and what it would need: statistics over simulations, and
plans made of many of them."""

from windtunnel.capacity.estimate import Estimate, mean, quantile, share
from windtunnel.capacity.looks import Looks, growing, is_enough, look_until
from windtunnel.capacity.occupancy import Occupancy, occupancy
from windtunnel.capacity.plan import Kept, Plan, Point, StaticFormula

__all__ = [
    "Estimate",
    "Kept",
    "Looks",
    "Occupancy",
    "Plan",
    "Point",
    "StaticFormula",
    "growing",
    "is_enough",
    "look_until",
    "mean",
    "occupancy",
    "quantile",
    "share",
]
