"""What each command does, once its arguments are known; each returns the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from windtunnel import api
from windtunnel.cli.exits import BAD_INPUT, CHANGED, CLEAN, FINDINGS
from windtunnel.cli.terminal import Terminal
from windtunnel.model import SEARCH_PROFILES, Isolation, SearchProfile
from windtunnel.report import check_json, check_text, run_json, run_text
from windtunnel.result import Report, Result
from windtunnel.target import Asked, read, sources_of
from windtunnel.trace import Output

STORE = Path(".windtunnel")
REPLAYED = {"FIXED": CLEAN, "FAILED": FINDINGS, "CHANGED": CHANGED}


def run(
    target: str,
    asked: Asked,
    terminal: Terminal,
    *,
    execute: bool,
    isolate: Isolation | None = None,
    json: bool,
    strict: bool = False,
) -> int:
    """Simulate once and print what happened."""

    def show(output: Output) -> None:
        terminal.relay(output.text)

    with terminal.only_reports(json):
        with terminal.stages() as tell:
            found = read(target, asked, tell)
            if not execute:
                result = api.simulate(found.scenario, progress=tell)
        if execute:  # without a bar: callables print as they run
            shown = None if json else show
            result = api.simulate(
                found.scenario, execute=found.loaded, isolate=isolate or False, show=shown
            )
    terminal.show(run_json(result) if json else run_text(result))
    if any(failure.state == "failed" for failure in result.failures):
        return max(_code(result, strict), FINDINGS)
    return _code(result, strict)


def check(
    target: str,
    asked: Asked,
    terminal: Terminal,
    *,
    profile: SearchProfile = SEARCH_PROFILES["ci"],
    simulations: int | None,
    store: Path,
    json: bool,
    strict: bool = False,
    needed: Sequence[str] = (),
    vary: Sequence[str] = (),
) -> int:
    """Simulate many times and print what was found. *needed* are the kinds of things that some
    simulation has to come to, beside those of the profile."""
    more = None if simulations is None else simulations - 1
    with terminal.only_reports(json), terminal.stages() as tell:
        found = read(target, asked, tell)
        report = api.check(
            found.scenario,
            seeds=more,
            progress=tell,
            store=store,
            sources=sources_of(target, found),
            again=True,
            vary=vary,
            profile=profile,
        )
    terminal.show(check_json(report) if json else check_text(report))
    if not report.result.ran:
        return BAD_INPUT
    kinds = {*needed, *profile.fail_on_unreached}
    missed = any(one.kind in kinds or "all" in kinds for one in report.unreached)
    return max(_code(report, strict), FINDINGS if missed else CLEAN)


def replay(
    name: str, target: str | None, asked: Asked, terminal: Terminal, *, store: Path, json: bool
) -> int:
    """Simulate a stored counterexample, as it was or with the DAGs of a target, and print what it
    shows."""
    with terminal.only_reports(json), terminal.stages() as tell:
        today = None if target is None else read(target, asked, tell).scenario
        report = api.replay(name, today, store=store, progress=tell)
    terminal.show(check_json(report) if json else check_text(report))
    return REPLAYED[report.rechecked[0].verdict]


def _code(outcome: Result | Report, strict: bool = False) -> int:
    """Bad input weighs more than a finding: what was not read was not checked. What only could
    happen counts if *strict*."""
    if outcome.problems:
        return BAD_INPUT
    counts = outcome.findings or (strict and outcome.possible)
    return FINDINGS if counts else CLEAN
