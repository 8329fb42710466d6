"""The commands: `run`, `check`, `prove`, `load`, `replay`, `explain`, `scenarios`."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from windtunnel.cli import commands, exits, explaining, loading, proving, shipped
from windtunnel.cli.execution import (
    BodyMemory,
    BodyTimeout,
    Execute,
    IsolateAll,
    isolation_of,
)
from windtunnel.cli.loading import (
    AirflowConfig,
    Connections,
    ImportPaths,
    ImportTimeout,
    Isolate,
    MemoryLimit,
    NoCache,
    Variables,
    Workers,
)
from windtunnel.cli.profiles import profiles_of, release_of
from windtunnel.cli.terminal import Terminal
from windtunnel.loaders import faults_help
from windtunnel.loaders.settings import IMPORT_TIMEOUT_S
from windtunnel.report.faults_text import faults_text
from windtunnel.target import Asked


class Unreachable(StrEnum):
    """What a search may not have come to."""

    LIMIT = "limit"
    FAULT = "fault"
    DAG = "dag"
    SENSOR = "sensor"
    DETECTOR = "detector"
    ALL = "all"


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


AirflowChoice = Literal["auto", "stand-in", "real"]


Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A DAG file, a folder of DAG files, a scenario file or its folder, serialized DAGs, "
        "Airflow's SQLite database, a trace, a fleet file, or the name of a shipped scenario.",
        show_default=False,
    ),
]
ClusterFile = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="FILE",
        help="The deployment: cluster.toml, airflow.cfg, exported pools, Helm values, or a size "
        "such as mwaa:mw1.small*4.",
    ),
]
Window = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="Simulated time: 12h, 2d, 1w.")
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="Where simulated time starts: 2026-03-01."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Key of everything that is drawn.")
]
Release = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The Airflow release that decides: airflow-3.3 or airflow-2.11.",
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="How hard to search (dev, ci, nightly, or one of your pyproject.toml; default: ci), "
        "or the Airflow release that decides (airflow-3.3, airflow-2.11). Once for each.",
    ),
]
Trigger = Annotated[
    list[str] | None,
    typer.Option("--trigger", metavar="DAG_ID", help="Trigger this DAG at the start. Repeatable."),
]
Backfills = Annotated[
    list[str] | None,
    typer.Option(
        "--backfill",
        metavar="TEXT",
        help="Fill dates: 'etl from 2026-01-01 to 2026-02-01 max 5'. Repeatable.",
    ),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="TEXT",
        help="What goes wrong: 'worker lost: 1 of 4 at +10m'. Repeatable; `run --faults-help`.",
    ),
]
AirflowName = Annotated[
    AirflowChoice,
    typer.Option(
        "--airflow", help="stand-in: read DAG files without Airflow, also where it is installed."
    ),
]
AirflowPython = Annotated[
    Path | None,
    typer.Option(
        "--airflow-python", metavar="PYTHON", help="Load with the Airflow of this interpreter."
    ),
]
FormatName = Annotated[Format, typer.Option("--format", help="How the report is written.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours, even on a terminal.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 for what only could happen, too.")
]
Store = Annotated[
    Path,
    typer.Option("--store", metavar="DIR", help="Where counterexamples are kept."),
]

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


def _faults_help(wanted: bool) -> None:
    if wanted:
        print(faults_text(faults_help()))
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


@app.command()
def run(
    target: Target,
    *,
    cluster: ClusterFile = None,
    window: Window = None,
    start: From = None,
    seed: Seed = None,
    profile: Release = None,
    trigger: Trigger = None,
    backfill: Backfills = None,
    fault: Faults = None,
    airflow: AirflowName = "auto",
    airflow_python: AirflowPython = None,
    variables: Variables = None,
    connections: Connections = None,
    airflow_config: AirflowConfig = None,
    paths: ImportPaths = None,
    isolate: IsolateAll = False,
    execute: Execute = False,
    body_memory: BodyMemory = None,
    body_timeout: BodyTimeout = None,
    _: Annotated[
        bool,
        typer.Option(
            "--faults-help", callback=_faults_help, is_eager=True, help="List what can go wrong."
        ),
    ] = False,
    strict: Strict = False,
    form: FormatName = Format.TEXT,
    no_color: NoColor = False,
) -> None:
    """Simulate once: runs, tasks, what they waited for, findings."""
    how = loading.how_to_load(
        airflow_python=airflow_python,
        variables=variables,
        connections=connections,
        airflow_config=airflow_config,
        paths=paths,
        isolate=isolate,
    )
    triggers, faults = tuple(trigger or ()), tuple(fault or ())
    fills = tuple(backfill or ())
    asked = Asked(
        cluster, window, start, seed, release_of(profile), triggers, airflow, how, faults, fills
    )
    terminal = Terminal(color=not no_color)
    limits = isolation_of(
        execute=execute, isolate=isolate, memory=body_memory, timeout=body_timeout
    )
    as_json = form is Format.JSON
    raise typer.Exit(
        commands.run(
            target, asked, terminal, execute=execute, isolate=limits, json=as_json, strict=strict
        )
    )


@app.command()
def check(
    target: Target,
    *,
    cluster: ClusterFile = None,
    window: Window = None,
    start: From = None,
    seed: Seed = None,
    profile: Profiles = None,
    trigger: Trigger = None,
    backfill: Backfills = None,
    fault: Faults = None,
    airflow: AirflowName = "auto",
    airflow_python: AirflowPython = None,
    variables: Variables = None,
    connections: Connections = None,
    airflow_config: AirflowConfig = None,
    paths: ImportPaths = None,
    isolate: Isolate = False,
    simulations: Annotated[
        int | None,
        typer.Option(
            "--simulations",
            min=1,
            metavar="N",
            help="How many at most; without it, as many as take some seconds.",
        ),
    ] = None,
    faults_up_to: Annotated[
        int | None,
        typer.Option(
            "--faults-up-to",
            min=0,
            metavar="N",
            help="Let up to N tries fail or die in each simulation, wherever that hurts.",
        ),
    ] = None,
    jitter: Annotated[
        str | None,
        typer.Option("--jitter", metavar="TIME", help="Let scheduled runs come so much late: 5m."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="TEXT",
            help="Search with other values of a setting, too: 'pool db=1..6'. Repeatable.",
        ),
    ] = None,
    fail_on_unreached: Annotated[
        list[Unreachable] | None,
        typer.Option(
            "--fail-on-unreached",
            help="Fail if no simulation came to one of these: a limit that nobody waited for, a "
            "fault that struck nothing. Repeatable.",
        ),
    ] = None,
    store: Store = commands.STORE,
    strict: Strict = False,
    form: FormatName = Format.TEXT,
    no_color: NoColor = False,
) -> None:
    """Simulate many times, each time going another way, and report what can go wrong."""
    how = loading.how_to_load(
        airflow_python=airflow_python,
        variables=variables,
        connections=connections,
        airflow_config=airflow_config,
        paths=paths,
        isolate=isolate,
    )
    release, search = profiles_of(profile, target)
    triggers, faults = tuple(trigger or ()), tuple(fault or ())
    fills = tuple(backfill or ())
    asked = Asked(
        cluster, window, start, seed, release, triggers, airflow, how, faults, fills, jitter,
        faults_up_to,
    )  # fmt: skip
    terminal = Terminal(color=not no_color)
    as_json = form is Format.JSON
    raise typer.Exit(
        commands.check(
            target,
            asked,
            terminal,
            profile=search,
            simulations=simulations,
            store=store,
            json=as_json,
            strict=strict,
            needed=tuple(fail_on_unreached or ()),
            vary=tuple(vary or ()),
        )
    )


@app.command()
def prove(
    target: Target,
    *,
    cluster: ClusterFile = None,
    window: Window = None,
    start: From = None,
    profile: Release = None,
    trigger: Trigger = None,
    backfill: Backfills = None,
    fault: Faults = None,
    airflow: AirflowName = "auto",
    airflow_python: AirflowPython = None,
    variables: Variables = None,
    connections: Connections = None,
    airflow_config: AirflowConfig = None,
    paths: ImportPaths = None,
    isolate: Isolate = False,
    faults_up_to: Annotated[
        int | None,
        typer.Option(
            "--faults-up-to",
            min=0,
            metavar="N",
            help="Let up to N tries fail or die, wherever that hurts.",
        ),
    ] = None,
    scripts: Annotated[
        Path | None,
        typer.Option(
            "--scripts", metavar="DIR", help="Write each proof in SMT-LIB 2, for other solvers."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 also for DAGs that are not covered.")
    ] = False,
    form: FormatName = Format.TEXT,
    no_color: NoColor = False,
) -> None:
    """Say for which DAGs no schedule deadlocks, whatever takes how long, without a simulation."""
    how = loading.how_to_load(
        airflow_python=airflow_python,
        variables=variables,
        connections=connections,
        airflow_config=airflow_config,
        paths=paths,
        isolate=isolate,
    )
    triggers, faults = tuple(trigger or ()), tuple(fault or ())
    fills = tuple(backfill or ())
    asked = Asked(
        cluster, window, start, None, release_of(profile), triggers, airflow, how, faults, fills,
        None, faults_up_to,
    )  # fmt: skip
    terminal, as_json = Terminal(color=not no_color), form is Format.JSON
    raise typer.Exit(
        proving.prove(target, asked, terminal, scripts=scripts, json=as_json, strict=strict)
    )


@app.command()
def load(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A folder of DAG files, or one file.", show_default=False
        ),
    ],
    *,
    profile: Release = None,
    airflow: AirflowName = "auto",
    airflow_python: AirflowPython = None,
    variables: Variables = None,
    connections: Connections = None,
    airflow_config: AirflowConfig = None,
    paths: ImportPaths = None,
    import_timeout: ImportTimeout = IMPORT_TIMEOUT_S,
    isolate: Isolate = False,
    memory_limit: MemoryLimit = None,
    workers: Workers = None,
    no_cache: NoCache = False,
    form: FormatName = Format.TEXT,
    no_color: NoColor = False,
) -> None:
    """Load DAG files and show what each came to, what is wrong, and what was assumed."""
    how = loading.how_to_load(
        airflow_python=airflow_python,
        variables=variables,
        connections=connections,
        airflow_config=airflow_config,
        paths=paths,
        isolate=isolate,
        no_cache=no_cache,
        import_timeout_s=import_timeout,
        memory_limit_mb=memory_limit,
        workers=workers,
    )
    raise typer.Exit(
        loading.show(
            target,
            Terminal(color=not no_color),
            json=form is Format.JSON,
            profile=release_of(profile),
            airflow=airflow,
            how=how,
        )
    )


@app.command()
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
    store: Store = commands.STORE,
    form: FormatName = Format.TEXT,
    no_color: NoColor = False,
) -> None:
    """Show a counterexample again, byte for byte; or with the DAGs of today.

    Exit codes: 1 FAILED, it still shows its finding; 0 FIXED, it shows nothing any more; 4 CHANGED,
    it shows something else; 2 bad input.
    """
    terminal = Terminal(color=not no_color)
    if target is None and (cluster or profile):
        raise typer.BadParameter("--cluster and --profile need a TARGET: of which DAGs?")
    asked = Asked(cluster=cluster, profile=release_of(profile))
    raise typer.Exit(
        commands.replay(name, target, asked, terminal, store=store, json=form is Format.JSON)
    )


@app.command()
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
    cluster: ClusterFile = None,
    window: Window = None,
    start: From = None,
    seed: Seed = None,
    profile: Release = None,
    trigger: Trigger = None,
    backfill: Backfills = None,
    fault: Faults = None,
    airflow: AirflowName = "auto",
    airflow_python: AirflowPython = None,
    variables: Variables = None,
    connections: Connections = None,
    airflow_config: AirflowConfig = None,
    paths: ImportPaths = None,
    isolate: Isolate = False,
    form: FormatName = Format.TEXT,
    no_color: NoColor = False,
) -> None:
    """Say what a finding means and what cures it, or why a task waited and what was enough."""
    how = loading.how_to_load(
        airflow_python=airflow_python,
        variables=variables,
        connections=connections,
        airflow_config=airflow_config,
        paths=paths,
        isolate=isolate,
    )
    triggers, faults = tuple(trigger or ()), tuple(fault or ())
    fills = tuple(backfill or ())
    asked = Asked(
        cluster, window, start, seed, release_of(profile), triggers, airflow, how, faults, fills
    )
    terminal = Terminal(color=not no_color)
    as_json = form is Format.JSON
    raise typer.Exit(explaining.explain(what, target, asked, terminal, run=run, json=as_json))


app.add_typer(shipped.app, name="scenarios")


def main() -> None:
    """Run the command line; exits with one of the codes of `windtunnel.cli.exits`."""
    sys.exit(exits.guarded(lambda: app(standalone_mode=False)))
