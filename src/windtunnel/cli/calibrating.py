"""``windtunnel calibrate``: from what a deployment did to what its tasks do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windtunnel import history
from windtunnel.calibration import behavior_toml, cluster_toml
from windtunnel.cli.exits import CLEAN
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import ClusterFile, LoadOptions, ReportOptions
from windtunnel.cli.writable import ensure_writable
from windtunnel.errors import InvalidInput
from windtunnel.report import calibration_json, calibration_text
from windtunnel.target import Asked, read, with_project

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
    cluster: ClusterFile = None,
    cluster_out: Annotated[
        Path | None,
        typer.Option(
            "--cluster-out",
            metavar="FILE",
            help="Write a cluster file, for --cluster: what scheduler and executor take, the "
            "release, the pools.",
        ),
    ] = None,
    loading: LoadOptions,
    report: ReportOptions,
) -> None:
    """Fit durations, outcomes and waits of tasks, and what the scheduler takes, to what a real
    Airflow did. Only reads."""
    files = (("-o", output), ("--cluster-out", cluster_out))
    ensure_writable(
        (f"{option} {file}", file)
        for option, file in files
        if file is not None and str(file) != STDOUT
    )
    with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
        dags = None
        if target is not None:
            asked = Asked(cluster, airflow=loading.airflow, how=loading.how())
            dags = read(target, with_project(target, asked), tell).scenario
        found = history.calibrate(
            source,
            dags,
            cluster=cluster if dags is None else None,
            since=since,
            until=until,
            progress=tell,
        )
    if cluster_out is not None:
        _write("--cluster-out", cluster_out, cluster_toml(found))
    if str(output) == STDOUT:
        report.terminal.show(behavior_toml(found).rstrip("\n"))
        raise typer.Exit(CLEAN)
    if output is not None:
        _write("-o", output, behavior_toml(found))
    report.terminal.show(calibration_json(found) if report.json else calibration_text(found))
    report.terminal.note(_said(target, output, cluster_out), beside=report.json)
    raise typer.Exit(CLEAN)


def _said(target: str | None, behavior: Path | None, cluster: Path | None) -> str:
    """What was written, and what to do with it."""
    written = [(f"--behavior {behavior}", behavior), (f"--cluster {cluster}", cluster)]
    options = " ".join(option for option, file in written if file is not None)
    if not options:
        return (
            "nothing was written; -o behavior.toml writes a behavior file, --cluster-out "
            "cluster.toml a cluster file"
        )
    files = " and ".join(str(file) for _, file in written if file is not None)
    return f"{files}: written; try: windtunnel run {target or 'dags/'} {options}"


def _write(option: str, file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidInput(f"{option} {file}: can't be written: {error.strerror}") from None
