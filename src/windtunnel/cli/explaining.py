"""``windtunnel explain``: the page of a code, or why a task instance waited."""

from __future__ import annotations

from typing import Annotated

import typer

from windtunnel import api
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import LoadOptions, Release, ReportOptions, ScenarioOptions, Seed
from windtunnel.cli.profiles import release_of
from windtunnel.errors import InvalidInput
from windtunnel.explain import page, pages
from windtunnel.explain.codes import is_code
from windtunnel.explain.explanation import Tick
from windtunnel.report import codes_json, codes_text, page_json, waiting_json, waiting_text
from windtunnel.result import find_task
from windtunnel.target import Asked, read


@grouped
def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE | DAG.TASK]",
            help="Code of a finding, or a task; without either the codes are listed.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="For a task: what to simulate, as for run; by default the current folder.",
            show_default=False,
        ),
    ] = None,
    *,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="Its run; by default the one in which it waited longest."
        ),
    ] = None,
    scenario: ScenarioOptions,
    seed: Seed = None,
    profile: Release = None,
    loading: LoadOptions,
    report: ReportOptions,
) -> None:
    """Say what a finding means and what cures it, or why a task waited and what was enough."""
    if what is None:
        report.terminal.show(codes_json(pages()) if report.json else codes_text(pages()))
    elif is_code(what):
        if target is not None:
            raise InvalidInput(f"{target}: a code needs no target; try windtunnel explain {what}")
        _show_page(what, report)
    elif "." in what:
        asked = scenario.asked(loading, release_of(profile), seed=seed)
        _show_waiting(what, run, target or ".", asked, report)
    else:
        raise InvalidInput(
            f"{what}: neither the code of a finding, such as WT101, nor a task, such as etl.load"
        )


def _show_page(code: str, report: ReportOptions) -> None:
    found = page(code)
    if report.json:
        report.terminal.show(page_json(found))
    else:
        report.terminal.show_page(found.text)


def _show_waiting(
    name: str, run: str | None, target: str, asked: Asked, report: ReportOptions
) -> None:
    with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
        found = read(target, asked, tell).scenario
        find_task(name, found)  # before anything is simulated
        result = api.simulate(found, progress=tell)
        told = result.explain(name, run, tell=None if tell is None else _telling(tell))
    report.terminal.show(waiting_json(told) if report.json else waiting_text(told))


def _telling(tell: api.Progress) -> Tick:
    def tick(done: int, total: int) -> None:
        tell("Looking for what is enough", done, total)

    return tick
