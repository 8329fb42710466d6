"""``windtunnel executions``: fit platforms to recorded executions, and predict others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.calibration.platforms import backtest_executions
from windtunnel.cli.exits import CLEAN
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import ReportOptions
from windtunnel.errors import InvalidInput
from windtunnel.loaders import Execution, NoTrace, load_execution
from windtunnel.report import executions_json, executions_text

ENDINGS = (".json", ".json.gz")


@grouped
def executions(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Execution traces in WfFormat, or folders with them.",
            show_default=False,
        ),
    ],
    *,
    fit: Annotated[
        list[Path] | None,
        typer.Option(
            "--fit",
            metavar="FILE",
            help="Fit this trace, or those of this folder; the others of its family are predicted. "
            "Repeatable. In a family of which none is named, every second one is fitted.",
        ),
    ] = None,
    leave_one_out: Annotated[
        bool,
        typer.Option("--leave-one-out", help="Predict each one from all others of its family."),
    ] = False,
    report: ReportOptions,
) -> None:
    """Fit platforms to recorded executions, and compare predictions of others with what they
    took."""
    if fit and leave_one_out:
        raise InvalidInput("--fit and --leave-one-out: say one of them")
    fitted = _read(fit or ())
    named = {_same(one.file) for one in fitted}
    others = [one for one in _read(files) if _same(one.file) not in named]
    with report.terminal.stages() as tell:
        found, alone = backtest_executions(
            [*fitted, *others],
            fitted=frozenset(one.file for one in fitted),
            leave_one_out=leave_one_out,
            tell=tell,
        )
    form = executions_json if report.json else executions_text
    report.terminal.show(form(found, alone))
    raise typer.Exit(CLEAN)


def _read(places: Iterable[Path]) -> list[Execution]:
    """The traces of files and folders. What is no trace in a folder is left out."""
    found: dict[Path, Execution] = {}
    for place in places:
        there = 0
        for file in _inside(place):
            try:
                found.setdefault(file.resolve(), load_execution(file))
                there += 1
            except NoTrace:
                if file == place:
                    raise
        if not there:
            raise InvalidInput(f"{place}: no execution trace in WfFormat in this folder")
    return list(found.values())


def _inside(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return sorted(one for one in place.rglob("*") if one.name.endswith(ENDINGS) and one.is_file())


def _same(file: str) -> Path:
    return Path(file).resolve()
