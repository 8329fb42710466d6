"""The commands, and what becomes of what they raise."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from windtunnel.cli import exits, shipped
from windtunnel.cli.backfilling import backfill
from windtunnel.cli.backtesting import backtest
from windtunnel.cli.calibrating import calibrate
from windtunnel.cli.checking import check
from windtunnel.cli.differing import diff
from windtunnel.cli.explaining import explain
from windtunnel.cli.loading import load
from windtunnel.cli.planning import plan
from windtunnel.cli.proving import prove
from windtunnel.cli.recorded import executions
from windtunnel.cli.replaying import replay
from windtunnel.cli.running import run

app = typer.Typer(
    name="windtunnel",
    help="Simulate Airflow DAGs in virtual time and find what deadlocks. "
    "Exit codes: 0 clean, 1 findings, 2 bad input, 3 a mistake of windtunnel itself, "
    "4 a replay that shows something else.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"windtunnel {version('windtunnel')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


for command in (
    run,
    check,
    diff,
    plan,
    prove,
    load,
    replay,
    explain,
    calibrate,
    backtest,
    executions,
    backfill,
):
    app.command()(command)
app.add_typer(shipped.app, name="scenarios")


def main() -> None:
    """Run the command line; exits with one of the codes of `windtunnel.cli.exits`."""
    sys.exit(exits.guarded(lambda: app(standalone_mode=False)))
