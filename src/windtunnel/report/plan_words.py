"""A question, a setting and a share in words, the same in every report of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.capacity import Plan, Point
from windtunnel.loaders import said_deadline
from windtunnel.model import Deadline, Question
from windtunnel.units import duration

COUNTED = ("workers", "worker slots")
"""Settings of which there are so many; others are so large."""
MINUTES = "offset of "


def percent(part: float) -> str:
    """A share: ``97.2 %``, ``99.95 %``, ``100 %``."""
    digits = 2 if 0.995 <= part < 1 or 0 < part <= 0.005 else 1
    return f"{100 * part:.{digits}f}".rstrip("0").rstrip(".") + " %"


def varied(plan: Plan) -> list[str]:
    """Names of the settings of which more than one value was asked for; of all, if there is
    none."""
    names = [one.name for one in plan.question.vary if len(one.values) > 1]
    return names or [one.name for one in plan.question.vary]


def interval(low: float, high: float) -> str:
    """Both ends of an interval: ``93.1 to 99.2 %``."""
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def value_words(name: str, value: int) -> str:
    """A setting with its value: ``3 workers``, ``pool db 8``, ``offset of etl 15 min``."""
    kind, of, whose = name.partition(" of ")
    if kind in COUNTED:
        noun = kind[:-1] if value == 1 else kind
        return f"{value} {noun}{of}{whose}"
    return f"{name} {value}" + (" min" if name.startswith(MINUTES) else "")


def settings_words(settings: Sequence[tuple[str, int]]) -> str:
    """All settings with their values."""
    return ", ".join(value_words(name, value) for name, value in settings)


def wanted_words(plan: Plan) -> str:
    """What is looked for: ``fewest workers, then fewest worker slots``."""
    names = varied(plan)
    each = ["fewest " + n if n.partition(" of ")[0] in COUNTED else "least " + n for n in names]
    if plan.question.cost_per_worker_hour is not None:
        return "cheapest choice of " + " and ".join(names)
    return ", then ".join(each)


def asked_words(plan: Plan) -> str:
    """What has to hold: ``report lands by 07:00 on 99 % of days``."""
    question = plan.question
    part = percent(question.share)
    runs = [one for one in question.deadlines if one.queued_s is None]
    said = []
    if runs:
        daily = all(
            point.days == kept.due
            for point in plan.points
            for kept, one in zip(point.kept, question.deadlines, strict=False)
            if one.queued_s is None
        )
        of = "days" if daily else "runs"
        said.append(f"{' and '.join(map(_lands, runs))} on {part} of {of}")
    said += [
        f"{part} of the task instances of {one.of} are queued at most {duration(one.queued_s)}"
        for one in question.deadlines
        if one.queued_s is not None
    ]
    return " and ".join(said)


def _lands(one: Deadline) -> str:
    said = said_deadline(one).removeprefix(one.of)
    return f"{one.of} lands{said}" + (" of being due" if one.within_s is not None else "")


def figures(point: Point, question: Question) -> str:
    """``97.2 %, 95 % CI 93.1 to 99.2 %, 213 days simulated``."""
    days = "1 day" if point.days == 1 else f"{point.days} days"
    if point.low == point.high:
        return f"{percent(point.estimate)}, {days} simulated, as all days are alike"
    sure = percent(question.confidence)
    return (
        f"{percent(point.estimate)}, {sure} CI {interval(point.low, point.high)}, {days} simulated"
    )
