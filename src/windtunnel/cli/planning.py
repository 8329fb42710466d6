"""``windtunnel plan``: how many workers, what pool size, so that deadlines hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from windtunnel import planning
from windtunnel.capacity import Plan, make_spread
from windtunnel.cli.exits import BAD_INPUT, CLEAN, FINDINGS
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    STORE,
    LoadOptions,
    Release,
    ReportOptions,
    ScenarioOptions,
    Seed,
    Target,
    WorkOptions,
)
from windtunnel.cli.outputs import HTML, JSON, Pages, outputs, usable
from windtunnel.cli.profiles import release_of
from windtunnel.cli.resuming import resumable
from windtunnel.errors import InvalidInput
from windtunnel.loaders import ReadScenario
from windtunnel.model import Deadline
from windtunnel.report import plan_json, plan_text, spread_json, spread_text
from windtunnel.target import with_project


@dataclass(frozen=True, slots=True)
class QuestionOptions:
    """What is asked; each replaces what [plan] of the scenario file says."""

    deadline: Annotated[
        list[str] | None,
        typer.Option(
            "--deadline",
            metavar="TEXT",
            help="What has to be on time: 'report by 07:00', 'etl.load within 2h', "
            "'pool:db queued at most 5m'. Repeatable.",
        ),
    ] = None
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="TEXT",
            help="What may vary: 'workers=2..6', 'pool db=4,8,16', 'worker slots=4..8', "
            "'parallelism=32,64', 'offset of etl=0..45 step 15'. Repeatable; the first is kept "
            "small first of all.",
        ),
    ] = None
    share: Annotated[
        str | None,
        typer.Option("--share", metavar="PART", help="On how many of the runs: 99%."),
    ] = None
    confidence: Annotated[
        str | None,
        typer.Option("--confidence", metavar="PART", help="Of the answer, and of intervals: 95%."),
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            metavar="PART",
            help="Half the width of the interval at the answer, at most: 0.5%.",
        ),
    ] = None
    days: Annotated[
        int | None,
        typer.Option(
            "--days", min=1, metavar="N", help="Simulations of one setting, at most (1000)."
        ),
    ] = None
    cost_per_worker_hour: Annotated[
        float | None,
        typer.Option(
            "--cost-per-worker-hour",
            metavar="PRICE",
            help="What a worker costs: the cheapest setting is looked for.",
        ),
    ] = None
    elastic: Annotated[
        bool | None,
        typer.Option(
            "--elastic/--fixed", help="Workers are paid only while they run something, or always."
        ),
    ] = None


@grouped
def plan(
    target: Target,
    *,
    question: QuestionOptions,
    spread: Annotated[
        bool,
        typer.Option(
            "--spread", help="Propose other minutes for schedules, so that no herd comes at once."
        ),
    ] = False,
    scenario: ScenarioOptions,
    seed: Seed = None,
    profile: Release = None,
    loading: LoadOptions,
    store: Annotated[
        Path, typer.Option("--store", metavar="DIR", help="Where an interrupted plan is kept.")
    ] = STORE,
    work: WorkOptions,
    reports: Pages = None,
    report: ReportOptions,
) -> None:
    """Simulate many days with other settings: the least with which deadlines hold."""
    if spread and question.vary:
        raise InvalidInput("--spread moves schedules and nothing else; leave --vary out")
    out = outputs(reports, "--spread", ()) if spread else outputs(reports, "a plan", (HTML, JSON))
    asked = with_project(target, scenario.asked(loading, release_of(profile), seed=seed))
    # In several processes without being asked, where that is worth it.
    on = None if work.backend is None and work.workers is None else work.on
    if spread:
        with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
            found = usable(target, asked, tell, out, "plan")
            flat = make_spread(found.scenario, _deadlines(found, question), tell=tell, on=work.on)
        report.terminal.show(spread_json(flat) if report.json else spread_text(flat))
        raise typer.Exit(CLEAN)
    with (
        report.terminal.only_reports(report.json),
        resumable(store, report.terminal) as kept,
        report.terminal.stages() as tell,
    ):
        found = usable(target, asked, tell, out, "plan")
        made = planning.plan(
            found.scenario,
            found.question,
            vary=question.vary or (),
            deadlines=question.deadline or (),
            share=question.share,
            confidence=question.confidence,
            precision=question.precision,
            days=question.days,
            cost_per_worker_hour=question.cost_per_worker_hour,
            elastic=question.elastic,
            progress=tell,
            backend=on,
            kept=kept,
        )
    as_json = plan_json(made)
    report.terminal.show(as_json if report.json else plan_text(made))
    out.write_page(made, f"windtunnel plan {target}", {JSON: lambda: as_json})
    raise typer.Exit(_code(made))


def _deadlines(found: ReadScenario, question: QuestionOptions) -> tuple[Deadline, ...]:
    """What has to stay on time."""
    return planning.question_of(found.question, deadlines=question.deadline or ()).deadlines


def _code(made: Plan) -> int:
    """No setting is enough, or none is known to be: that is for somebody to look at."""
    if made.problems:
        return BAD_INPUT
    return CLEAN if made.answer is not None else FINDINGS
