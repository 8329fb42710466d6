"""``windtunnel calibrate``: from what a deployment did to what its tasks do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windtunnel import api
from windtunnel.calibration import behavior_toml
from windtunnel.cli.exits import CLEAN
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import LoadOptions, ReportOptions
from windtunnel.errors import InvalidInput
from windtunnel.report import calibration_json, calibration_text
from windtunnel.target import Asked, read

STDOUT = "-"


@grouped
def calibrate(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="The DAGs of today, as for `run`. Without it: those that the database keeps.",
            show_default=False,
        ),
    ] = None,
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="URL",
            help="Airflow's metadata database, the path of its SQLite file, or an export: a folder "
            "of CSV or Parquet tables, or one file of task instances.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a behavior file, for --behavior; - is stdout.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only dag runs that began from then on."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="Only dag runs that began before."),
    ] = None,
    loading: LoadOptions,
    report: ReportOptions,
) -> None:
    """Fit durations, outcomes and waits of tasks to what a real Airflow did. Only reads."""
    with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
        fleet = None
        if target is not None:
            asked = Asked(airflow=loading.airflow, how=loading.how())
            fleet = read(target, asked, tell).scenario.fleet
        found = api.calibrate(source, fleet, since=since, until=until, progress=tell)
    if str(output) == STDOUT:
        report.terminal.show(behavior_toml(found).rstrip("\n"))
        raise typer.Exit(CLEAN)
    if output is not None:
        _write(output, behavior_toml(found))
    report.terminal.show(calibration_json(found) if report.json else calibration_text(found))
    said = "nothing was written; -o behavior.toml writes a behavior file"
    if output is not None:
        said = f"{output}: written; try: windtunnel run {target or 'dags/'} --behavior {output}"
    report.terminal.note(said, beside=report.json)
    raise typer.Exit(CLEAN)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidInput(f"-o {file}: can't be written: {error.strerror}") from None
