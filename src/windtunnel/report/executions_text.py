"""Predictions of recorded executions, as text and as JSON: each beside what it took, and beside the
error without a fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from windtunnel.calibration.platforms import Backtest, Errors, Fitted, Platform, Prediction
from windtunnel.loaders import Execution
from windtunnel.report.json_form import dump
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.units import count, duration

SHOWN = 3
"""Platforms of a family; the JSON form has all."""


def executions_text(found: Sequence[Backtest], alone: Sequence[Execution]) -> str:
    """Each family: its platforms, each execution that was predicted, and the errors."""
    lines: list[str] = []
    for one in found:
        lines += [*_family(one), ""]
    lines += ["held out, by family", *_summary(found)]
    lines += [
        "",
        *wrap(
            "Error: how much longer (+) or shorter (-) than it took an execution was simulated; "
            "uncalibrated: on the machines as they are listed, with nothing between tasks. Tasks "
            "take as long as they took: what is predicted is how they fit together, not how long "
            "each of them runs."
        ),
    ]
    if alone:
        names = ", ".join(_name(one) for one in alone)
        lines += ["", *wrap(f"Nothing to compare with: {names}", then="  ")]
    return "\n".join(lines)


def executions_json(found: Sequence[Backtest], alone: Sequence[Execution]) -> str:
    """The same, with every figure."""
    return dump(
        kind="executions",
        families=[_form(one) for one in found],
        alone=[one.file for one in alone],
    )


def _family(one: Backtest) -> Iterator[str]:
    if one.fitted is None:
        yield f"{one.name}: {count(len(one.held_out), 'execution')}, each predicted from the others"
    else:
        fitted, others = len(one.fitted_on), len(one.held_out)
        yield f"{one.name}: {count(fitted, 'execution')} fitted, {others} held out"
        yield from _platforms(one.fitted)
    rows = [_row(each) for each in one.held_out]
    header = ("held out", "tasks", "took", "uncalibrated", "error", "predicted", "error")
    yield from table(header, rows)


def _platforms(fitted: Fitted) -> Iterator[str]:
    for each in fitted.candidates[:SHOWN]:
        said = f"{each.weight:4.0%}  {said_platform(each.platform)}"
        yield from wrap(said, first="  ", then="        ")
    rest = fitted.candidates[SHOWN:]
    if rest:
        yield f"  {sum(one.weight for one in rest):4.0%}  {count(len(rest), 'other platform')}"
    if fitted.one_sided:
        yield from wrap(
            "several applications: runs that took much longer than the rest pull little",
            first="  ",
            then="  ",
        )


def said_platform(platform: Platform) -> str:
    """Its figures in words."""
    slots = "a slot for each core" if platform.slots is None else count(platform.slots, "slot")
    parts = [slots if platform.slots is None else f"{slots} on a machine"]
    if platform.start_s:
        parts.append(f"{duration(platform.start_s)} more for each task")
    if platform.seconds_per_gb:
        parts.append(f"{duration(platform.seconds_per_gb)} for each GB that it reads or writes")
    if platform.dispatch_s:
        parts.append(f"one task after the other started, {duration(platform.dispatch_s)} each")
    return ", ".join(parts)


def _row(one: Prediction) -> tuple[str, ...]:
    return (
        _name(one.execution),
        str(len(one.execution.gigabytes)),
        duration(one.execution.took_s),
        duration(one.uncalibrated_s),
        _signed(one.uncalibrated_error),
        duration(one.predicted_s),
        _signed(one.error),
    )


def _summary(found: Sequence[Backtest]) -> list[str]:
    header = ("family", "fitted", "held out", "uncalibrated", "mean", "median", "worst")
    rows = [
        (
            one.name,
            str(len(one.fitted_on)) if one.fitted else "others",
            str(len(one.held_out)),
            f"{one.uncalibrated_errors.mean:.1%}",
            *(f"{size:.1%}" for size in asdict(one.errors).values()),
        )
        for one in found
    ]
    return table(header, rows)


def _name(one: Execution) -> str:
    name = PurePath(one.file).name
    return name.removesuffix(".gz").removesuffix(".json").rpartition("__")[2]


def _signed(error: float) -> str:
    return f"{error:+.1%}"


def _form(one: Backtest) -> dict[str, Any]:
    return {
        "name": one.name,
        "platforms": None if one.fitted is None else _platform_forms(one.fitted),
        "one_sided": None if one.fitted is None else one.fitted.one_sided,
        "fitted": [_prediction(each) for each in one.fitted_on],
        "held_out": [_prediction(each) for each in one.held_out],
        "errors": _errors(one.errors),
        "uncalibrated_errors": _errors(one.uncalibrated_errors),
    }


def _platform_forms(fitted: Fitted) -> list[dict[str, Any]]:
    return [
        {**each.platform.model_dump(), "loss": each.loss, "weight": each.weight}
        for each in fitted.candidates
    ]


def _prediction(one: Prediction) -> dict[str, Any]:
    return {
        "file": one.execution.file,
        "system": one.execution.system,
        "tasks": len(one.execution.gigabytes),
        "took_s": one.execution.took_s,
        "predicted_s": one.predicted_s,
        "error": one.error,
        "uncalibrated_s": one.uncalibrated_s,
        "uncalibrated_error": one.uncalibrated_error,
    }


def _errors(errors: Errors) -> dict[str, float]:
    return asdict(errors)
