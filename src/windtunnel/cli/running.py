"""``windtunnel run``: one simulation, and what happened in it."""

from __future__ import annotations

from typing import Annotated

import typer

from windtunnel import api
from windtunnel.cli.execution import BodyMemory, BodyTimeout, Execute, isolation_of
from windtunnel.cli.exits import FINDINGS, code_of
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    LoadOptions,
    Release,
    ReportOptions,
    ScenarioOptions,
    Seed,
    Strict,
    Target,
)
from windtunnel.cli.outputs import Reports, outputs, usable
from windtunnel.cli.profiles import release_of
from windtunnel.cli.terminal import Terminal
from windtunnel.loaders import ReadScenario, faults_help
from windtunnel.model import Isolation
from windtunnel.report import run_json, run_text
from windtunnel.report.faults_text import faults_text
from windtunnel.result import Result
from windtunnel.target import with_project
from windtunnel.trace import Output


def _faults_help(wanted: bool) -> None:
    if wanted:
        print(faults_text(faults_help()))
        raise typer.Exit


@grouped
def run(
    target: Target,
    *,
    scenario: ScenarioOptions,
    seed: Seed = None,
    profile: Release = None,
    loading: LoadOptions,
    execute: Execute = False,
    body_memory: BodyMemory = None,
    body_timeout: BodyTimeout = None,
    _: Annotated[
        bool,
        typer.Option(
            "--faults-help", callback=_faults_help, is_eager=True, help="List what can go wrong."
        ),
    ] = False,
    strict: Strict = False,
    reports: Reports = None,
    report: ReportOptions,
) -> None:
    """Simulate once: runs, tasks, what they waited for, findings."""
    out = outputs(reports)
    asked = with_project(target, scenario.asked(loading, release_of(profile), seed=seed))
    limits = isolation_of(
        execute=execute, isolate=loading.isolate, memory=body_memory, timeout=body_timeout
    )
    with report.terminal.only_reports(report.json):
        with report.terminal.stages() as tell:
            found = usable(target, asked, tell, out, "run")
        result = _simulated(
            found, report.terminal, execute=execute, isolate=limits, silent=report.json
        )
    deadlines = () if found.question is None else found.question.deadlines
    told = run_json if report.json else run_text
    report.terminal.show(told(result, deadlines=deadlines))
    out.write(result, found, target, report.terminal, beside=report.json, strict=strict)
    failed = any(failure.state == "failed" for failure in result.failures)
    code = code_of(result, strict=strict)
    raise typer.Exit(max(code, FINDINGS) if failed else code)


def _simulated(
    found: ReadScenario,
    terminal: Terminal,
    *,
    execute: bool,
    isolate: Isolation | None,
    silent: bool,
) -> Result:
    def show(output: Output) -> None:
        terminal.relay(output.text)

    if not execute:
        with terminal.stages() as tell:
            return api.simulate(found.scenario, progress=tell)
    # Without a bar: callables print as they run.
    return api.simulate(
        found.scenario,
        execute=found.loaded,
        isolate=isolate or False,
        show=None if silent else show,
    )
