"""``windtunnel load``: what each DAG file comes to, what is wrong, and what was assumed."""

from __future__ import annotations

from typing import Annotated

import typer

from windtunnel.cli.exits import BAD_INPUT, CLEAN
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import LoadOptions, Release, ReportOptions
from windtunnel.cli.profiles import release_of
from windtunnel.loaders import load as loaded_from
from windtunnel.loaders.settings import IMPORT_TIMEOUT_S
from windtunnel.report import load_json, load_text


@grouped
def load(
    target: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="A folder of DAG files, one file, or the URL of Airflow's database.",
            show_default=False,
        ),
    ],
    *,
    profile: Release = None,
    loading: LoadOptions,
    import_timeout: Annotated[
        float,
        typer.Option(
            "--import-timeout", metavar="SECONDS", min=0.01, help="How long one DAG file may take."
        ),
    ] = IMPORT_TIMEOUT_S,
    memory_limit: Annotated[
        int | None,
        typer.Option(
            "--memory-limit", metavar="MB", min=64, help="Memory of each loading process (MB)."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", min=1, help="Loading processes; default: one per core."
        ),
    ] = None,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Execute every file, and keep nothing for next time."),
    ] = False,
    report: ReportOptions,
) -> None:
    """Load DAG files and show what each came to, what is wrong, and what was assumed."""
    how = loading.how() | ({"cache": None} if no_cache else {})
    with report.terminal.progress("Loading") as tick:
        loaded = loaded_from(
            target,
            profile=release_of(profile),
            airflow=loading.airflow,
            progress=tick,
            import_timeout_s=import_timeout,
            memory_limit_mb=memory_limit,
            workers=workers,
            **how,
        )
    report.terminal.show(load_json(loaded) if report.json else load_text(loaded))
    raise typer.Exit(BAD_INPUT if loaded.fleet.problems else CLEAN)
