"""``windtunnel backfill``: how long filling dates takes, and whom it makes late."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from windtunnel.capacity import backfill_sheet
from windtunnel.cli.exits import CLEAN, FINDINGS
from windtunnel.cli.grouping import grouped
from windtunnel.cli.options import (
    STORE,
    BehaviorFile,
    ClusterFile,
    LoadOptions,
    Release,
    ReportOptions,
    Seed,
    Window,
    WorkOptions,
)
from windtunnel.cli.profiles import release_of
from windtunnel.cli.resuming import resumable
from windtunnel.cli.terminal import Terminal
from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_backfill, parse_duration
from windtunnel.model import Backfill, Scenario
from windtunnel.report import backfill_json, backfill_text
from windtunnel.target import Asked, read, usual_target, with_project

LATER = "5m"
MOST_NAMES = 2


@dataclass(frozen=True, slots=True)
class DateOptions:
    """What is filled, when, and how."""

    first: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first logical date: 2026-01-01.")
    ]
    last: Annotated[
        str, typer.Option("--to", metavar="DATE", help="The last one; both are filled.")
    ]
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it is asked for: +2h.")] = (
        "+0s"
    )
    backwards: Annotated[bool, typer.Option("--run-backwards", help="The latest date first.")] = (
        False
    )
    reprocess: Annotated[
        Literal["none", "failed", "completed"],
        typer.Option("--reprocess-behavior", help="Which runs that are over are run again."),
    ] = "none"

    def of(self, dag: str) -> Backfill:
        """As a backfill of a DAG.

        Raises:
            InvalidInput: something is no date or no time.
        """
        return parse_backfill(f"{dag} from {self.first} to {self.last}").model_copy(
            update={
                "at_s": _time(self.at.removeprefix("+"), f"--at {self.at}"),
                "run_backwards": self.backwards,
                "reprocess_behavior": self.reprocess,
            }
        )


@grouped
def backfill(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[TARGET] DAG",
            help="The DAG whose dates are filled, and where it is, as for run. Without TARGET: "
            "`dags` of windtunnel.toml or of [tool.windtunnel], else the folder dags/.",
            show_default=False,
        ),
    ],
    *,
    dates: DateOptions,
    values: Annotated[
        str | None,
        typer.Option(
            "--max-active-runs",
            metavar="N,N",
            help="Values to try; without it 1, 2, 4, 8 and so on.",
        ),
    ] = None,
    later: Annotated[
        str,
        typer.Option(
            "--later", metavar="TIME", help="How much later any other run may land, at most."
        ),
    ] = LATER,
    start: Annotated[
        str | None,
        typer.Option("--start", metavar="DATE", help="Where simulated time starts: 2026-03-01."),
    ] = None,
    simulations: Annotated[
        int, typer.Option("--simulations", min=1, metavar="N", help="How many of each value.")
    ] = 10,
    window: Window = None,
    cluster: ClusterFile = None,
    behavior: BehaviorFile = None,
    seed: Seed = None,
    profile: Release = None,
    loading: LoadOptions,
    store: Annotated[
        Path, typer.Option("--store", metavar="DIR", help="Where an interrupted one is kept.")
    ] = STORE,
    work: WorkOptions,
    report: ReportOptions,
) -> None:
    """Fill dates: how long it takes, whom it makes late, how many runs at once are best."""
    target, dag = _target_and_dag(names)
    asked = Asked(
        cluster,
        window,
        start,
        seed=seed,
        profile=release_of(profile),
        airflow=loading.airflow,
        how=loading.how(),
        behavior=behavior,
    )
    wanted = dates.of(dag)
    tried = _values(values)
    allowed = _time(later, f"--later {later}")
    on = work.on
    with (
        report.terminal.only_reports(report.json),
        resumable(store, report.terminal) as kept,
        report.terminal.stages() as tell,
    ):
        found = read(target, with_project(target, asked), tell)
        if len(names) == 1:
            _say_what_was_taken(found.scenario, target, dag, report.terminal)
        sheet = backfill_sheet(
            found.scenario,
            wanted,
            values=tried,
            most_later_s=allowed,
            days=simulations,
            tell=tell,
            on=on,
            kept=kept,
        )
    report.terminal.show(backfill_json(sheet) if report.json else backfill_text(sheet))
    raise typer.Exit(FINDINGS if sheet.best is None else CLEAN)


def _target_and_dag(names: list[str]) -> tuple[str, str]:
    """As it is usual to type it: the DAG alone is looked for where its repository says.

    Raises:
        InvalidInput: it says nothing, or there are more names.
    """
    if len(names) > MOST_NAMES:
        raise InvalidInput(f"{' '.join(names)}: write [TARGET] DAG, no more names")
    *named, dag = names
    target = named[0] if named else usual_target()
    if target is None and _is_there(dag):
        raise InvalidInput(_of_which(dag))
    if target is None:
        raise InvalidInput(
            f"{dag}: a DAG of what? Here are neither a folder dags/ nor dags in windtunnel.toml; "
            f"write windtunnel backfill TARGET {dag} --from DATE --to DATE"
        )
    return target, dag


def _say_what_was_taken(scenario: Scenario, target: str, dag: str, terminal: Terminal) -> None:
    """A single name may be that of a DAG, and of a file or folder.

    Raises:
        InvalidInput: it is none of a DAG.
    """
    said = ""
    if _is_there(dag):
        if all(one.dag_id != dag for one in scenario.fleet.dags):
            raise InvalidInput(_of_which(dag))
        said = f"; to fill one of {dag} itself, name its DAG behind it"
    terminal.complain(f"{dag}: taken as a DAG of {target}{said}")


def _is_there(name: str) -> bool:
    with suppress(OSError):  # too long for a path
        return Path(name).exists()
    return False


def _of_which(target: str) -> str:
    return (
        f"{target}: which of its DAGs? Write windtunnel backfill {target} DAG --from DATE --to DATE"
    )


def _time(text: str, said: str) -> float:
    """Seconds, which may be none.

    Raises:
        InvalidInput: it is no duration.
    """
    try:
        return parse_duration(text)
    except InvalidInput as error:
        raise InvalidInput(f"{said}: {error}") from None


def _values(text: str | None) -> tuple[int, ...]:
    """The values to try.

    Raises:
        InvalidInput: one is no number of runs.
    """
    try:
        found = tuple(int(part) for part in (text or "").split(",") if part.strip())
    except ValueError:
        found = (0,)
    if any(value < 1 for value in found):
        raise InvalidInput(f"--max-active-runs {text}: write numbers of runs, such as 1,4,16")
    return found
