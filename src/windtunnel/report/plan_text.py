"""A plan as text for a terminal, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.capacity import Plan, Point
from windtunnel.capacity.plans.points import FARTHEST
from windtunnel.report.plan_words import (
    asked_words,
    figures,
    interval,
    percent,
    settings_words,
    value_words,
    varied,
    wanted_words,
)
from windtunnel.report.table import table
from windtunnel.report.text import assumptions_text, loaded_text, problems_text
from windtunnel.report.wrap import wrap
from windtunnel.units import count, duration

ROWS = 30
"""Settings that are listed; the JSON form has all."""
HEADS = 23
"""Columns for the names of settings."""
COST = 10
"""Columns for what a setting costs."""
LIMITS = 6
"""Limits that are listed of the answer."""
SAID = {"yes": "yes", "no": "no", "unknown": "?"}


def plan_text(plan: Plan, *, width: int = 80) -> str:
    """The answer, what each setting comes to, what binds, and what was taken for granted."""
    blocks = [
        "\n".join(loaded_text(plan.scenario, width=width)),
        "\n".join(_answer(plan, width)),
        "\n".join(_points(plan, width)),
        "\n".join(_binds(plan, width)),
        "\n".join(_findings(plan, width)),
        "\n".join(_beside(plan, width)),
        problems_text(plan.problems, width=width),
        assumptions_text(plan.assumptions, width=width),
    ]
    return "\n\n".join(block for block in blocks if block)


def _answer(plan: Plan, width: int) -> Iterator[str]:
    wanted, question = wanted_words(plan), plan.question
    asked = f"{wanted[0].upper()}{wanted[1:]} so that {asked_words(plan)}"
    if plan.answer is not None:
        found = f"{settings_words(plan.answer.settings)} ({figures(plan.answer, question)})"
        yield from wrap(f"{asked}: {found}.", width=width)
    elif plan.perhaps is None:
        best = max(reversed(plan.points), key=lambda one: one.estimate)
        yield from wrap(
            f"{asked}: none of these. The most that was seen is {settings_words(best.settings)} "
            f"({figures(best, question)}).",
            width=width,
        )
    else:
        yield from wrap(f"{asked}: can't tell.", width=width)
    if plan.perhaps is not None:
        less = "Less may be enough, too" if plan.answer is not None else "It may be enough"
        one = plan.perhaps
        yield from wrap(
            f"{less}: {settings_words(one.settings)}, {interval(one.low, one.high)} after "
            f"{count(one.days, 'day')}; {_more(one)}.",
            width=width,
        )
    yield from wrap(_precision(plan), width=width) if _precision(plan) else ()


def _more(point: Point) -> str:
    if point.more_days is None or point.more_days >= FARTHEST:
        return "more days would hardly tell, as the share lies where it was asked for"
    return f"about {point.more_days} more would tell (--days)"


def _precision(plan: Plan) -> str:
    asked, found = plan.question.precision, plan.answer
    if asked is None or found is None or (found.high - found.low) / 2 <= asked:
        return ""
    half = (found.high - found.low) / 2
    more = round(found.days * ((half / asked) ** 2 - 1))
    return (
        f"The precision of {percent(asked)} was not reached: it is {percent(half)}, and about "
        f"{more} more days would do (--days)."
    )


def _points(plan: Plan, width: int) -> list[str]:
    shown, names = _shown(plan), varied(plan)
    has_cost = any(one.cost is not None for one in shown)
    heads, legend = _heads(names, HEADS - COST if has_cost else HEADS)
    header = [*heads, "enough", "days", "on time", f"{percent(plan.question.confidence)} CI"]
    header += [f"{percent(plan.question.share)} by"] + (["cost/day"] if has_cost else [])
    header += ["waits for"]
    rows = [_row(one, names, has_cost=has_cost) for one in shown]
    lines = table(header, rows, left=frozenset({len(header) - 1}), width=width)
    if len(plan.points) > len(shown):
        lines.append(f"  ... and {len(plan.points) - len(shown)} more (--format json lists all)")
    return [*legend, *lines]


def _heads(names: list[str], room: int) -> tuple[list[str], list[str]]:
    """Names as heads of columns; where they are long, letters, and what these stand for."""
    if sum(len(name) + 2 for name in names) <= room:
        return names, []
    letters = [chr(ord("A") + number) for number in range(len(names))]
    return letters, [f"{one}: {name}" for one, name in zip(letters, names, strict=True)]


def _row(one: Point, names: list[str], *, has_cost: bool) -> list[str]:
    worst = one.kept[0].worst_s if one.kept else None
    cells = [str(value) for name, value in one.settings if name in names]
    cells += [SAID[one.verdict], str(one.days), percent(one.estimate)]
    cells.append(interval(one.low, one.high).removesuffix(" %"))
    if worst is None:
        cells.append("-" if one.verdict == "yes" else "never")
    else:
        cells.append(duration(worst))
    if has_cost:
        cells.append("-" if one.cost is None else f"{one.cost:.2f}")
    cells.append(one.binds or "nothing")
    return cells


def _shown(plan: Plan) -> list[Point]:
    """At most so many, those next to the answer first."""
    points = list(plan.points)
    middle = plan.answer or plan.perhaps
    at = 0 if middle is None else [one.settings for one in points].index(middle.settings)
    near = sorted(range(len(points)), key=lambda place: abs(place - at))[:ROWS]
    return [points[place] for place in sorted(near)]


def _binds(plan: Plan, width: int) -> list[str]:
    point = plan.answer or plan.perhaps
    if point is None or not point.waits:
        return []
    rows = [(limit, duration(seconds)) for limit, seconds in point.waits[:LIMITS]]
    at = settings_words(point.settings)
    lines = table(("What its tasks wait for", "task-time a day"), rows, width=width)
    return [*wrap(f"With {at}:", width=width), *lines]


def _findings(plan: Plan, width: int) -> list[str]:
    lines: list[str] = []
    for one in _shown(plan):
        if not one.findings:
            continue
        codes = ", ".join(f"{code} on {times} of {one.days} days" for code, times in one.findings)
        lines += wrap(
            f"{settings_words(one.settings)}: {codes}", first="  ", then="    ", width=width
        )
    if not lines:
        return []
    chosen = plan.answer is not None and bool(plan.answer.findings)
    head = "Found, with the answer, too:" if chosen else "Found, not with the answer:"
    head = head if plan.answer is not None else "Found:"
    first = min(code for one in _shown(plan) for code, _ in one.findings)
    return [head, *lines, f"What it means and what cures it: windtunnel explain {first}"]


def _beside(plan: Plan, width: int) -> list[str]:
    lines: list[str] = []
    if plan.knee is not None:
        name, value = plan.knee.settings[0]
        said = f"{value_words(name, value)} ({percent(plan.knee.estimate)}); beyond it more "
        lines += wrap(f"{said}brings little.", first="Knee      ", width=width)
    if plan.formula is not None:
        one = plan.formula
        said = (
            f"{count(one.peak, 'task')} at once at the peak / {count(one.slots, 'slot')} x "
            f"{one.buffer:g} = {count(one.workers, 'worker')}. {' '.join(one.why)}"
        )
        lines += wrap(said, first="Division  ", width=width)
    late = [] if plan.answer is None else list(plan.answer.late_seeds)
    if plan.answer is not None and late:
        seeds = ", ".join(map(str, late))
        before_s = plan.answer.warm_up.seconds
        longer = f" --for {plan.scenario.duration_s + before_s:g}s" if before_s else ""
        said = f"late with --seed {seeds} (windtunnel run{longer})"
        lines += wrap(said, first="Late days ", width=width)
    tried = f"{count(plan.simulations, 'simulation')}. {plan.searched}"
    lines += wrap(tried, first="Tried     ", width=width)
    return lines
