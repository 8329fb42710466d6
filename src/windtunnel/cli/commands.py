"""What each command does, once its arguments are known; each returns the exit code."""

from __future__ import annotations

from pathlib import Path

from windtunnel import api
from windtunnel.cli.target import Asked, read
from windtunnel.cli.terminal import Terminal
from windtunnel.report import check_json, check_text, run_json, run_text
from windtunnel.trace import Output

CLEAN, FINDINGS, BAD_INPUT = 0, 1, 2
STORE = Path(".windtunnel")


def run(target: str, asked: Asked, terminal: Terminal, *, execute: bool, json: bool) -> int:
    """Simulate once and print what happened."""
    found = read(target, asked)
    bodies = found.loaded if execute else None

    def show(output: Output) -> None:
        terminal.relay(output.text)

    result = api.simulate(found.scenario, execute=bodies, show=None if json else show)
    terminal.show(run_json(result) if json else run_text(result))
    return _code(result)


def check(target: str, asked: Asked, terminal: Terminal, *, store: Path, json: bool) -> int:
    """Simulate several orders and print what was found."""
    scenario = read(target, asked).scenario
    with terminal.progress("Simulating") as tick:
        report = api.check(scenario, progress=tick, store=store)
    terminal.show(check_json(report) if json else check_text(report))
    return _code(report)


def replay(name: str, terminal: Terminal, *, store: Path, json: bool) -> int:
    """Simulate a stored counterexample and print its finding."""
    report = api.replay(name, store=store)
    terminal.show(check_json(report) if json else check_text(report))
    return _code(report)


def _code(outcome: api.Result | api.Report) -> int:
    """Bad input weighs more than a finding: what was not read was not checked."""
    if outcome.problems:
        return BAD_INPUT
    return FINDINGS if outcome.findings else CLEAN
