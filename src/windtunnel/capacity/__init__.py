"""How much of its limits a fleet uses, and what it would need: statistics over simulations, and
plans made of many of them."""

from windtunnel.capacity.backfill import BackfillSheet, Filled, Later, backfill_sheet
from windtunnel.capacity.days.due import Awaited, awaited
from windtunnel.capacity.days.warm_up import WarmUp, is_steady
from windtunnel.capacity.estimating.estimate import Estimate, mean, quantile, share
from windtunnel.capacity.estimating.looks import Looks, growing, is_enough, look_until
from windtunnel.capacity.plans.plan import Kept, Plan, Point, StaticFormula
from windtunnel.capacity.plans.planning import make_plan
from windtunnel.capacity.spread import Move, Side, Spread, make_spread
from windtunnel.capacity.usage.every_limit import every_limit
from windtunnel.capacity.usage.levels import Occupancy
from windtunnel.capacity.usage.occupancy import occupancy

__all__ = [
    "Awaited",
    "BackfillSheet",
    "Estimate",
    "Filled",
    "Kept",
    "Later",
    "Looks",
    "Move",
    "Occupancy",
    "Plan",
    "Point",
    "Side",
    "Spread",
    "StaticFormula",
    "WarmUp",
    "awaited",
    "backfill_sheet",
    "every_limit",
    "growing",
    "is_enough",
    "is_steady",
    "look_until",
    "make_plan",
    "make_spread",
    "mean",
    "occupancy",
    "quantile",
    "share",
]
