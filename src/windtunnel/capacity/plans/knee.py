"""Knee: where a curve bends, and more of what is paid for brings little from there on."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.capacity.plans.plan import Point


def knee(curve: Sequence[Point]) -> Point | None:
    """The point that lies farthest above the straight line between the ends of the curve
    (Satopaa and others 2011); None where there are fewer than three points, or no point is above
    it, or all come to the same.

    Args:
        curve: Points that differ in their first setting alone, the smallest value first.
    """
    if len(curve) < 3:
        return None
    least, most = curve[0], curve[-1]
    width = _x(most) - _x(least)
    rise = max(one.estimate for one in curve) - least.estimate
    if not width or rise <= 0:
        return None

    def above(one: Point) -> float:
        return (one.estimate - least.estimate) / rise - (_x(one) - _x(least)) / width

    found = max(curve, key=above)
    return found if above(found) > 1e-9 else None


def _x(point: Point) -> float:
    return float(point.settings[0][1]) if point.cost is None else point.cost
