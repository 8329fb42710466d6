"""Formula: the division that sizing guides teach, beside the plan, and why it says something else.

Peak of the tasks that run at once, divided by the slots of a worker, times a buffer of 5 to 15 %
(Amazon's guides to MWAA workers; Astronomer's to scaling workers).
"""

from __future__ import annotations

from math import ceil

from windtunnel.capacity.days.day import Days, Settings
from windtunnel.capacity.plans.plan import Point, StaticFormula
from windtunnel.capacity.plans.trials import Trials
from windtunnel.units import count

BUFFER = 1.1
DAYS = 8
"""Simulated to see the peak."""
PLENTY = 500
"""Workers: nobody waits for one."""


def formula(trials: Trials, days: Days, point: Point) -> tuple[StaticFormula | None, int]:
    """What it comes to with the settings of a point, and how many simulations that took. None where
    there is not one group of workers that is counted."""
    groups = days.of(point.settings).scenario.cluster.workers or ()
    if len(groups) != 1:
        return None, 0
    others = tuple(one for one in point.settings if not _is_workers(one[0]))
    unlimited: Settings = (*others, ("workers", PLENTY))
    peak = trials.peak_of(unlimited, DAYS if trials.any_drawn else 1)
    slots = groups[0].slots
    workers = max(1, ceil(peak / slots * BUFFER - 1e-9))
    made = DAYS if trials.any_drawn else 1
    return StaticFormula(peak, slots, BUFFER, workers, tuple(_why(point, peak, workers))), made


def _is_workers(name: str) -> bool:
    return name == "workers" or name.startswith("workers of ")


def _why(point: Point, peak: int, workers: int) -> list[str]:
    asked = [value for name, value in point.settings if _is_workers(name)]
    if point.verdict != "yes" or not asked or asked[0] == workers:
        return []
    if workers > asked[0]:
        return [
            f"It has a slot for each of the {count(peak, 'task')} that would run at once at the "
            "peak; the deadline leaves time in which some of them wait."
        ]
    bound = f", such as {point.binds}" if point.binds else ""
    return [
        f"It counts tasks and knows no deadline: nothing of what waits for what{bound}, of retries "
        "and of long days."
    ]
