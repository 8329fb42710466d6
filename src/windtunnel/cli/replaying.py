"""``windtunnel replay``: a stored counterexample again, as it was or with the DAGs of today."""

from __future__ import annotations

from typing import Annotated

import typer

from windtunnel import api
from windtunnel.cli.exits import CHANGED, CLEAN, FINDINGS
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import STORE, ClusterFile, Release, ReportOptions, Store
from windtunnel.cli.profiles import release_of
from windtunnel.report import check_json, check_text
from windtunnel.target import Asked, read

CODES = {"FIXED": CLEAN, "FAILED": FINDINGS, "CHANGED": CHANGED}


@grouped
def replay(
    name: Annotated[str, typer.Argument(metavar="ID", help="Printed below a finding.")],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="DAGs and cluster to simulate it with, instead of those that were stored.",
            show_default=False,
        ),
    ] = None,
    *,
    cluster: ClusterFile = None,
    profile: Release = None,
    store: Store = STORE,
    report: ReportOptions,
) -> None:
    """Show a counterexample again, byte for byte; or with the DAGs of today.

    Exit codes: 1 FAILED, it still shows its finding; 0 FIXED, it shows nothing any more; 4 CHANGED,
    it shows something else; 2 bad input.
    """
    if target is None and (cluster or profile):
        raise typer.BadParameter("--cluster and --profile need a TARGET: of which DAGs?")
    asked = Asked(cluster=cluster, profile=release_of(profile))
    with report.terminal.only_reports(report.json), report.terminal.stages() as tell:
        today = None if target is None else read(target, asked, tell).scenario
        came_to = api.replay(name, today, store=store, progress=tell)
    report.terminal.show(check_json(came_to) if report.json else check_text(came_to))
    raise typer.Exit(CODES[came_to.rechecked[0].verdict])
