"""``windtunnel check``: many simulations, and what can go wrong."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from windtunnel import api
from windtunnel.cli.exits import BAD_INPUT, CLEAN, FINDINGS, code_of
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    STORE,
    FaultsUpTo,
    LoadOptions,
    ReportOptions,
    ScenarioOptions,
    Seed,
    Store,
    Strict,
    Target,
    WorkOptions,
)
from windtunnel.cli.outputs import Reports, outputs, usable
from windtunnel.cli.profiles import profiles_of
from windtunnel.cli.resuming import resumable
from windtunnel.regression import check_folder, write_tests
from windtunnel.report import check_json, check_text
from windtunnel.result import Report
from windtunnel.target import sources_of, with_project

Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="How hard to search (dev, ci, nightly, or one of your pyproject.toml; default: ci), "
        "or the Airflow release that decides (airflow-3.3, airflow-2.11). Once for each.",
    ),
]


class Unreachable(StrEnum):
    """What a search may not have come to."""

    LIMIT = "limit"
    FAULT = "fault"
    DAG = "dag"
    SENSOR = "sensor"
    DETECTOR = "detector"
    ALL = "all"


@grouped
def check(
    target: Target,
    *,
    scenario: ScenarioOptions,
    seed: Seed = None,
    profile: Profiles = None,
    simulations: Annotated[
        int | None,
        typer.Option(
            "--simulations",
            min=1,
            metavar="N",
            help="How many at most; without it, as many as the profile says.",
        ),
    ] = None,
    faults_up_to: FaultsUpTo = None,
    jitter: Annotated[
        str | None,
        typer.Option("--jitter", metavar="TIME", help="Let scheduled runs come so much late: 5m."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="TEXT",
            help="Search with other values of a setting, too: 'pool db=1..6'. Repeatable.",
        ),
    ] = None,
    loading: LoadOptions,
    store: Store = STORE,
    write_test: Annotated[
        Path | None,
        typer.Option(
            "--write-test",
            metavar="DIR",
            help="Write a pytest file for each finding into DIR: it fails until that is gone. What "
            "is there already is not overwritten.",
        ),
    ] = None,
    fail_on_unreached: Annotated[
        list[Unreachable] | None,
        typer.Option(
            "--fail-on-unreached",
            help="Fail if no simulation came to one of these: a limit that nobody waited for, a "
            "fault that struck nothing. Repeatable.",
        ),
    ] = None,
    strict: Strict = False,
    work: WorkOptions,
    reports: Reports = None,
    report: ReportOptions,
) -> None:
    """Simulate many times, each time going another way, and report what can go wrong."""
    out = outputs(reports)
    release, search = profiles_of(profile, target)
    if write_test is not None:
        check_folder(write_test)
    asked = scenario.asked(loading, release, seed=seed, jitter=jitter, faults_up_to=faults_up_to)
    asked = with_project(target, asked)
    on = work.on
    with (
        report.terminal.only_reports(report.json),
        resumable(store, report.terminal) as kept,
        report.terminal.stages() as tell,
    ):
        found = usable(target, asked, tell, out, "check")
        came_to = api.check(
            found.scenario,
            seeds=None if simulations is None else simulations - 1,
            progress=tell,
            store=store,
            sources=sources_of(target, found),
            again=True,
            vary=tuple(vary or ()),
            profile=search,
            backend=on,
            kept=kept,
        )
    report.terminal.show(check_json(came_to) if report.json else check_text(came_to))
    needed: set[str] = {*(fail_on_unreached or ()), *search.fail_on_unreached}
    out.write(
        came_to, found, target, report.terminal, beside=report.json, strict=strict, needed=needed,
        store=store,
    )  # fmt: skip
    if write_test is not None:
        # Last of all: a test that can't be written must not cost what a long search has found.
        with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
            written = write_tests(
                write_test, came_to, target=target, asked=asked, store=store,
                command=f"windtunnel check {quote(target)}", progress=tell,
            )  # fmt: skip
        report.terminal.note("\n".join(map(str, written)), beside=report.json)
    raise typer.Exit(_code(came_to, needed, strict=strict))


def _code(report: Report, needed: set[str], *, strict: bool) -> int:
    """*needed* are the kinds of things that some simulation has to come to."""
    if not report.result.ran:
        return BAD_INPUT
    missed = any(one.kind in needed or "all" in needed for one in report.unreached)
    return max(code_of(report, strict=strict), FINDINGS if missed else CLEAN)
