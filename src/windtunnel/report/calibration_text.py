"""What was learned of each task, and what was not, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from windtunnel.calibration import Calibration, Fitted, TaskFit
from windtunnel.report.json_form import dump
from windtunnel.report.table import table
from windtunnel.report.wrap import wrap
from windtunnel.units import clock, count, duration

HEADER = ("task", "tries", "failed", "cut", "fitted to", "mean", "off", "KS")
LEGEND = (
    "cut: cut short, so that only their least length is known. mean: of what is drawn; off: from "
    "the measured one. KS: largest distance between the fitted and the measured distribution; 0 is "
    "best."
)
NOTED = 20
LONGEST = 3
NAMES = {
    "duration": "duration",
    "fails_after": "fails after",
    "true_after": "true after",
    "fire_after": "fires after",
    "resume_duration": "resumed",
}


def calibration_text(calibration: Calibration, *, width: int = 80) -> str:
    """How well each task is known, in a table, and what is not known."""
    blocks = [
        _head(calibration, width),
        table(HEADER, [*_rows(calibration)], left=frozenset({0, 4}), width=width),
        wrap(LEGEND, width=width),
        _slow(calibration, width),
        _arrivals(calibration, width),
        _notes(calibration, width),
        _deployment(calibration, width),
        _unknown(calibration, width),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def calibration_json(calibration: Calibration) -> str:
    """The same, with the rules themselves."""
    return dump(
        kind="calibrate",
        source=calibration.source,
        airflow=calibration.release,
        since=_instant(calibration.since),
        until=_instant(calibration.until),
        dag_runs=calibration.runs,
        tries=calibration.tries,
        tasks=[_task(fit) for fit in calibration.tasks],
        slowdowns=[one.model_dump(mode="json") for one in calibration.slowdowns],
        arrivals=[
            one.model_dump(mode="json", exclude_defaults=True) for one in calibration.arrivals
        ],
        platform=asdict(calibration.platform),
        cluster=calibration.cluster.model_dump(mode="json", exclude_defaults=True),
        not_learned=list(calibration.unknown),
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _task(fit: TaskFit) -> dict[str, Any]:
    return {
        "task": fit.name,
        "tries": fit.tries,
        "failed": fit.failed,
        "queued_s": fit.queued_s,
        "fits": {what: _fit(fitted) for what, fitted in fit.fits},
        "rule": None
        if fit.rule is None
        else fit.rule.model_dump(mode="json", exclude_defaults=True),
        "notes": list(fit.notes),
    }


def _fit(fitted: Fitted) -> dict[str, Any]:
    return {
        "distribution": fitted.how,
        "n": fitted.n,
        "cut_short": fitted.cut,
        "mean_s": fitted.mean_s,
        "distance": fitted.distance,
        "mean_error": fitted.mean_error,
    }


def _head(calibration: Calibration, width: int) -> list[str]:
    since, until = calibration.since, calibration.until
    when = f", {clock(since)} to {clock(until)} UTC" if since and until else ""
    said = (
        f"{calibration.source} (Airflow {calibration.release}){when}: "
        f"{count(calibration.runs, 'dag run')}, {count(calibration.tries, 'try', 'tries')}, "
        f"{count(len(calibration.tasks), 'task')}."
    )
    return wrap(said, width=width)


def _rows(calibration: Calibration) -> Iterator[tuple[str, ...]]:
    for fit in calibration.tasks:
        name, tries, failed = fit.name, str(fit.tries), str(fit.failed or "")
        for what, fitted in fit.fits:
            said = f"{NAMES[what]}: {fitted.how}"
            off = "" if fitted.mean_error is None else f"{fitted.mean_error:.0%}"
            far = "" if fitted.distance is None else f"{fitted.distance:.2f}"
            cut, mean = str(fitted.cut or ""), duration(fitted.mean_s)
            yield (name, tries, failed, cut, said, mean, off, far)
            name, tries, failed = "", "", ""
        if not fit.fits:
            yield (name, tries, failed, "", "nothing", "", "", "")


def _slow(calibration: Calibration, width: int) -> list[str]:
    lines: list[str] = []
    for one in calibration.slowdowns:
        sigma = getattr(one.factor, "sigma", 0.0)
        said = (
            f"Days differ: all tasks take longer on the same ones (sigma {sigma:g} of the "
            "logarithm); a slow-down says so, and the durations are those of an ordinary day."
        )
        lines += wrap(said, then="  ", width=width)
    return lines


def _arrivals(calibration: Calibration, width: int) -> list[str]:
    lines: list[str] = []
    for one in calibration.arrivals:
        often = "more in some hours than in others"
        if isinstance(one.per_hour, float | int):
            often = f"{one.per_hour:g} times an hour"
        elif one.every_s is not None:
            often = "regularly"
        said = f"{one.dag_id}: triggered from outside, {often}; see [[arrivals]] in the file"
        lines += wrap(said, then="  ", width=width)
    return lines


def _notes(calibration: Calibration, width: int) -> list[str]:
    noted = [(fit.name, note) for fit in calibration.tasks for note in fit.notes]
    lines: list[str] = []
    for name, note in noted[:NOTED]:
        lines += wrap(f"{name}: {note}", then="  ", width=width)
    if len(noted) > NOTED:
        lines.append(f"and {len(noted) - NOTED} more such lines; the behavior file has them all")
    return lines


def _deployment(calibration: Calibration, width: int) -> list[str]:
    lines = ["Learned of the deployment:"]
    for one in (*calibration.platform.said(), *_queued(calibration)):
        lines += wrap(one, first="  - ", then="    ", width=width)
    return lines


def _queued(calibration: Calibration) -> Iterator[str]:
    """Whose tries waited longest for their start."""
    known = [(fit.queued_s, fit.name) for fit in calibration.tasks if fit.queued_s is not None]
    longest = sorted(known, key=lambda one: (-one[0], one[1]))[:LONGEST]
    if longest:
        said = ", ".join(f"{name} {seconds:.1f} s" for seconds, name in longest)
        yield f"longest from queued to start, the median of a task's tries: {said}"


def _unknown(calibration: Calibration, width: int) -> list[str]:
    lines = ["Not learned:"] if calibration.unknown else []
    for one in calibration.unknown:
        lines += wrap(one, first="  - ", then="    ", width=width)
    return lines
