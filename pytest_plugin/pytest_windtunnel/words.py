"""Words: what of a check stands in the short lines of a pytest session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import windtunnel as wt
from windtunnel.report import headline, rechecked_line, wrap
from windtunnel.units import clock, count, duration

NAMED = 6


def in_short(findings: Sequence[wt.Finding]) -> str:
    """Findings on one line, which pytest cuts off where the terminal ends: code, id, title."""
    first = findings[0]
    parts = (first.code, first.counterexample or "", first.title)
    others = len({one.identity for one in findings}) - 1
    return " ".join(part for part in parts if part) + (f" (and {others} more)" if others else "")


def title_of(report: wt.Report) -> str:
    """``2 findings (WT101, WT116) in 12 simulations of 50 DAGs, 1d from 2026-01-01 00:00 UTC``."""
    found = len({one.identity for one in report.findings})
    codes = ", ".join(sorted({one.code for one in report.findings}))
    said = f"{count(found, 'finding')} ({codes})" if found else "no finding"
    scenario = report.scenario
    dags = count(len(scenario.fleet.dags), "DAG")
    window = f"{duration(scenario.duration_s)} from {clock(scenario.start)} UTC"
    return f"{said} in {count(report.simulations, 'simulation')} of {dags}, {window}"


def covered_by(report: wt.Report) -> tuple[str, ...]:
    """What its simulations tried."""
    return tuple(_wrapped("Covered", report.covered))


def summary_of(report: wt.Report) -> tuple[str, ...]:
    """What a check had to assume, and what it found and does not count."""
    return tuple(line for block in _blocks(report) for line in block)


def _blocks(report: wt.Report) -> Iterator[list[str]]:
    for before in report.rechecked:
        if before.verdict != "FAILED":
            yield _wrapped("Stored before", rechecked_line(before))
    stored = {one.counterexample: one.code for one in report.findings if one.counterexample}
    for name, code in list(stored.items())[:NAMED]:
        yield _wrapped(code, f"windtunnel replay {name}")
    if len(stored) > NAMED:
        yield _wrapped("More", f"{len(stored) - NAMED} more are stored")
    dags = len(report.scenario.fleet.dags)
    if report.never_ran:
        idle = [one.dag_id for one in report.never_ran]
        yield _wrapped("Never ran", f"{len(idle)} of {dags} DAGs: {_listed(idle)} (-rs says why)")
    assumed = list(dict.fromkeys(one.subject for one in report.assumptions))
    if assumed:
        yield _wrapped("Assumed", f"{_listed(assumed)} (windtunnel check says what)")
    for one in report.possible:
        yield _wrapped("Could happen", headline(one))
    accepted = [f"{one.finding.code} of {' and '.join(one.by)}" for one in report.accepted]
    if accepted:
        yield _wrapped("Accepted", _listed(list(dict.fromkeys(accepted))))
    if report.not_kept:
        yield _wrapped("Not kept", report.not_kept)


def _wrapped(what: str, said: str) -> list[str]:
    return wrap(said, first=f"  {what}: ", then="    ")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
