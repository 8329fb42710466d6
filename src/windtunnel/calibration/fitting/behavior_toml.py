"""A calibration as a behavior file: the same bytes for the same past, with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from windtunnel.calibration.fitting.lengths import Fitted
from windtunnel.calibration.fitting.toml_lines import lines
from windtunnel.calibration.fitting.values import Calibration, TaskFit
from windtunnel.units import clock, count

FORMAT = "windtunnel.behavior/1"


def behavior_toml(calibration: Calibration) -> str:
    """The text of a behavior file, for ``--behavior FILE`` and scenario files."""
    blocks = ["\n".join(_head(calibration))]
    blocks += ["\n".join(("[[slowdowns]]", *lines(one))) for one in calibration.slowdowns]
    blocks += ["\n".join(_arrivals(calibration))] if calibration.arrivals else []
    blocks += ["\n".join(_rule(fit)) for fit in calibration.tasks if fit.rule is not None]
    return "\n\n".join(blocks) + "\n"


def _head(calibration: Calibration) -> Iterator[str]:
    since, until = calibration.since, calibration.until
    yield "# What tasks do, fitted by `windtunnel calibrate` to what they did."
    yield f"# From {calibration.source}, Airflow {calibration.release}:"
    if since is not None and until is not None:
        yield f"# {clock(since)} to {clock(until)} UTC,"
    yield f"# {count(calibration.runs, 'dag run')}, {count(calibration.tries, 'try', 'tries')}."
    for unknown in calibration.unknown:
        yield f"# Not learned: {unknown}."
    yield f"format = {json.dumps(FORMAT)}"


def _arrivals(calibration: Calibration) -> Iterator[str]:
    yield "# Runs that something outside triggered; say it in scenario.toml:"
    for one in calibration.arrivals:
        yield "#"
        yield from (f"# {line}" for line in ("[[arrivals]]", *lines(one)))


def _rule(fit: TaskFit) -> Iterator[str]:
    failed = f", {fit.failed} failed" if fit.failed else ""
    yield f"# {count(fit.tries, 'try', 'tries')}{failed}"
    if fit.queued_s is not None:
        yield f"# queued for {fit.queued_s:.3g} s before they began, the median"
    for what, fitted in fit.fits:
        yield f"# {what}: {_quality(fitted)}"
    for note in fit.notes:
        yield f"# {note}"
    yield "[[rules]]"
    assert fit.rule is not None
    yield from lines(fit.rule)


def _quality(fitted: Fitted) -> str:
    cut = f", {fitted.cut} of them cut short" if fitted.cut else ""
    far = "" if fitted.distance is None else f", distance {fitted.distance:.3f}"
    off = "" if fitted.mean_error is None else f", mean off by {fitted.mean_error:.1%}"
    return f"{fitted.how}, n {fitted.n}{cut}{far}{off}"
