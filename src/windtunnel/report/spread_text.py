"""Schedules that flatten the herd, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from windtunnel.capacity import Spread
from windtunnel.report.json_form import dump
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.units import count, duration


def spread_text(spread: Spread) -> str:
    """What to move, what that changes, and what stays, in 80 columns."""
    days = count(spread.days, "simulation")
    if not spread.moves:
        lines = wrap(f"No schedule is worth moving ({days}): fewer tasks would not run at once.")
    else:
        lines = wrap(
            f"Move {count(len(spread.moves), 'schedule')}, and fewer tasks want to run at once "
            f"({days} before and after, under the same seeds)."
        )
        rows = [(one.dag_id, one.before, one.after, f"+{one.minutes}m") for one in spread.moves]
        lines += ["", *table(("Schedules", "now", "then", ""), rows, left=frozenset({0, 1, 2}))]
        lines += ["", *_sides(spread)]
        lines += [
            "",
            *wrap(
                "An order that only the clock keeps, such as a DAG an hour after the one whose "
                "data it reads, is not known here: look at each before you move it."
            ),
        ]
    return "\n".join([*lines, *_stays(spread)])


def spread_json(spread: Spread) -> str:
    """The same for programs."""
    return dump(
        kind="spread",
        moves=[asdict(one) for one in spread.moves],
        before=asdict(spread.before),
        after=asdict(spread.after),
        stays=[{"dag_id": dag_id, "why": why} for dag_id, why in spread.stays],
        deadlines=list(spread.deadlines),
        simulations=spread.days,
    )


def _sides(spread: Spread) -> list[str]:
    before, after = spread.before, spread.after
    rows = [
        ("tasks that want to run, at most", f"{before.wanted:.1f}", f"{after.wanted:.1f}"),
        ("tasks that run at once, at most", str(before.peak), str(after.peak)),
        ("waiting for limits, all tasks", duration(before.waits_s), duration(after.waits_s)),
    ]
    rows += [
        (f"{said}, on time", f"{then:.1%}", f"{now:.1%}")
        for said, then, now in zip(spread.deadlines, before.on_time, after.on_time, strict=True)
    ]
    return table(("In a simulation", "now", "then"), rows)


def _stays(spread: Spread) -> Iterator[str]:
    if spread.stays:
        yield ""
        yield "Not moved"
        for dag_id, why in spread.stays:
            yield from wrap(f"{dag_id}: {why}", first="  ", then="    ")
