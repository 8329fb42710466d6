"""A backfill sheet as text and as JSON: how long, how many slots, whom it makes late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, time
from math import inf
from typing import Any

from windtunnel.capacity import BackfillSheet, Estimate, Filled, Later
from windtunnel.report.json_form import dump
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.units import clock, count, duration

SHOWN = 3
"""DAGs that are named for each value."""


def backfill_text(sheet: BackfillSheet) -> str:
    """The sheet, in 80 columns."""
    asked = sheet.backfill
    dates = f"{_date(asked.from_date)} to {_date(asked.to_date)}"
    slots = "" if sheet.slots is None else f"; the executor has {count(sheet.slots, 'slot')}"
    made = "Nothing is drawn, so one simulation of each max_active_runs is enough"
    if sheet.days > 1:
        made = f"{sheet.days} simulations of each max_active_runs, and as many without the backfill"
    lines = wrap(f"Backfill of {asked.dag_id}, {dates}: {count(sheet.runs, 'dag run')}")
    if sheet.not_over:
        verb = "is" if sheet.not_over == 1 else "are"
        said = (
            f"{count(sheet.not_over, 'more date')} of this range {verb} not over when it is asked "
            f"for ({clock(sheet.asked_for)} UTC): Airflow passes over what is not, and never makes "
            "it later."
        )
        lines += wrap(said, first="  ", then="  ")
    lines += wrap(f"{made}{slots}.", first="  ")
    lines += ["", *_table(sheet), "", *_answer(sheet)]
    if sheet.in_waves:
        said = (
            "airflow dags backfill of 2.x makes runs in waves of the DAG's own max_active_runs: "
            "that is what was varied."
        )
        lines += ["", *wrap(said)]
    return "\n".join(lines)


def backfill_json(sheet: BackfillSheet) -> str:
    """The sheet for programs; what never ended is null."""
    each = [{**_finite(asdict(one)), "worst_s": _finite(one.worst_s)} for one in sheet.filled]
    return dump(
        kind="backfill",
        backfill=sheet.backfill.model_dump(mode="json"),
        runs=sheet.runs,
        asked_for=sheet.asked_for.isoformat(),
        not_over=sheet.not_over,
        executor_slots=sheet.slots,
        filled=each,
        best=None if sheet.best is None else sheet.best.max_active_runs,
        most_later_s=sheet.most_later_s,
        simulations=sheet.simulations,
    )


def _date(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M}"


def _table(sheet: BackfillSheet) -> list[str]:
    header = ("max_active_runs", "takes", "slots", "at most", "lands later with it")
    rows = [
        (
            f"{one.max_active_runs}{' *' if one is sheet.best else ''}",
            _takes(one.makespan_s),
            f"{one.mean_slots:.1f}",
            str(one.peak_slots),
            _made_late(one),
        )
        for one in sheet.filled
    ]
    return table(header, rows, left=frozenset({0, 4}))


def _takes(estimate: Estimate) -> str:
    if estimate.value == inf:
        return "over 32d"
    if estimate.high - estimate.low < 1 or estimate.high == inf:
        return duration(estimate.value)
    return f"{duration(estimate.value)} ± {duration(estimate.half_width)}"


def _made_late(one: Filled) -> str:
    late = [each for each in one.later if each.later]
    if not late:
        return "nothing"
    shown = "; ".join(_later(each) for each in late[:SHOWN])
    more = len(late) - SHOWN
    return f"{shown}; {count(more, 'DAG')} more" if more > 0 else shown


def _later(one: Later) -> str:
    worst = "never at worst" if one.worst_s == inf else f"by {_words(one.worst_s)} at most"
    return f"{one.dag_id} {worst}, {one.later} of {count(one.runs, 'run')}"


def _words(seconds: float) -> str:
    return duration(seconds if seconds >= 1 else round(seconds, 3))


def _answer(sheet: BackfillSheet) -> Iterator[str]:
    allowed = duration(sheet.most_later_s)
    best = sheet.best
    if best is None:
        mild = min(sheet.filled, key=lambda one: (one.worst_s, one.makespan_s.value))
        yield from wrap(
            f"None of these ends without making another run land more than {allowed} later. The "
            f"mildest is max_active_runs {mild.max_active_runs}: {_made_late(mild)}. Ask for it "
            "when less is running (--at), or allow more (--later)."
        )
        return
    estimate = best.makespan_s
    said = f"Best: max_active_runs {best.max_active_runs}, which takes {duration(estimate.value)}"
    if estimate.high - estimate.low >= 1 and estimate.high < inf:
        said += (
            f" ({estimate.confidence:.0%} CI of the mean {duration(estimate.low)} to "
            f"{duration(estimate.high)})"
        )
    said += f" and makes no other run land more than {allowed} later."
    more = [one for one in sheet.filled if one.max_active_runs > best.max_active_runs]
    if more and more[0].worst_s > sheet.most_later_s:
        late = next(each for each in more[0].later if each.worst_s > sheet.most_later_s)
        how = f"land up to {_words(late.worst_s)} later" if late.worst_s < inf else "never land"
        said += f" With {more[0].max_active_runs}, {late.dag_id} would {how}."
    elif more:
        said += " More at once does not end it sooner."
    yield from wrap(said)
    if best.failed:
        yield from wrap(f"{count(best.failed, 'run')} of it failed in these simulations.")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and abs(value) == inf else value
