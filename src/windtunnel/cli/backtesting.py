"""``windtunnel backtest``: a window of the past, predicted and compared with what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windtunnel import history
from windtunnel.cli.exits import CLEAN
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    STORE,
    ClusterFile,
    LoadOptions,
    Release,
    ReportOptions,
    Seed,
    WorkOptions,
)
from windtunnel.cli.outputs import HTML, JSON, Pages, outputs
from windtunnel.cli.profiles import release_of
from windtunnel.cli.resuming import resumable
from windtunnel.report.backtest_report import backtest_json, backtest_text
from windtunnel.target import Asked, read, with_project

Source = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="SOURCE",
        help="Where the past is kept: the URL of Airflow's metadata database, its SQLite file, or "
        "an export.",
        show_default=False,
    ),
]


@grouped
def backtest(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="The DAGs, as for run; without it, those that the database keeps.",
            show_default=False,
        ),
    ] = None,
    *,
    source: Source,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE",
            help="Where the window begins; by default the last half of what is known.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Where the window ends.")
    ] = None,
    learn_from: Annotated[
        str | None,
        typer.Option(
            "--learn-from",
            metavar="SOURCE",
            help="Another past to learn from, such as one of before the settings were changed.",
        ),
    ] = None,
    replayed: Annotated[
        bool,
        typer.Option(
            "--replayed",
            help="Take the durations that were measured in the window itself: tests the "
            "scheduler's model alone.",
        ),
    ] = False,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, metavar="N", help="Simulations.")
    ] = None,
    cluster: ClusterFile = None,
    seed: Seed = None,
    profile: Release = None,
    loading: LoadOptions,
    store: Annotated[
        Path, typer.Option("--store", metavar="DIR", help="Where an interrupted backtest is kept.")
    ] = STORE,
    work: WorkOptions,
    reports: Pages = None,
    report: ReportOptions,
) -> None:
    """Predict a window of the past from what came before, and compare."""
    out = outputs(reports, "a backtest", (HTML, JSON))
    asked = Asked(cluster, profile=release_of(profile), airflow=loading.airflow, how=loading.how())
    on = work.on
    with (
        report.terminal.only_reports(report.json),
        resumable(store, report.terminal) as kept,
        report.terminal.stages() as tell,
    ):
        dags = None if target is None else read(target, with_project(target, asked), tell)
        made = history.backtest(
            None if dags is None else dags.scenario,
            source,
            cluster=cluster if dags is None else None,
            learn_from=learn_from,
            since=since,
            until=until,
            mode="replayed" if replayed else "calibrated",
            trials=trials,
            seed=seed or 0,
            progress=tell,
            backend=on,
            kept=kept,
        )
    report.terminal.show(backtest_json(made) if report.json else backtest_text(made))
    out.write_page(made, f"windtunnel backtest {made.source}", {JSON: lambda: backtest_json(made)})
    raise typer.Exit(CLEAN)
