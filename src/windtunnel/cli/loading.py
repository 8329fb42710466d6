"""``windtunnel load``, and the options by which other commands say how DAG files are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from windtunnel.cli.terminal import Terminal
from windtunnel.loaders import load
from windtunnel.loaders.supplied import read_supplied
from windtunnel.report import load_json, load_text

CLEAN, BAD_INPUT = 0, 2

Variables = Annotated[
    Path | None,
    typer.Option(
        "--variables", metavar="FILE", help="Airflow Variables: JSON, or KEY=value lines in a .env."
    ),
]
Connections = Annotated[
    Path | None,
    typer.Option(
        "--connections", metavar="FILE", help="Airflow Connections: JSON, or conn_id=uri in a .env."
    ),
]
AirflowConfig = Annotated[
    Path | None,
    typer.Option(
        "--airflow-config", metavar="FILE", help="An airflow.cfg, for what DAG files read of it."
    ),
]
ImportPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--path", metavar="DIR", help="One more folder to import modules from. Repeatable."
    ),
]
ImportTimeout = Annotated[
    float,
    typer.Option(
        "--import-timeout", metavar="SECONDS", min=0.01, help="How long one DAG file may take."
    ),
]
Isolate = Annotated[
    bool,
    typer.Option("--isolate", help="Load in new interpreters with a memory limit, not in forks."),
]
MemoryLimit = Annotated[
    int | None,
    typer.Option(
        "--memory-limit", metavar="MB", min=64, help="Memory of each loading process (MB)."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, help="Loading processes; default: one per core."),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Execute every file, and keep nothing for next time.")
]


def how_to_load(
    *,
    variables: Path | None = None,
    connections: Path | None = None,
    airflow_config: Path | None = None,
    paths: Sequence[Path] | None = None,
    isolate: bool = False,
    no_cache: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """The options as arguments of `windtunnel.loaders.load`.

    Raises:
        InvalidInput: a file can't be read.
    """
    how: dict[str, Any] = {
        "supplied": read_supplied(
            variables=variables, connections=connections, config=airflow_config
        ),
        "import_paths": tuple(paths or ()),
        "isolate": isolate,
        **more,
    }
    return how | {"cache": None} if no_cache else how


def show(
    target: Path,
    terminal: Terminal,
    *,
    json: bool,
    profile: str | None,
    airflow: Any,
    how: dict[str, Any],
) -> int:
    """Load a folder or file and print what it came to; gives the exit code."""
    with terminal.progress("Loading") as tick:
        loaded = load(target, profile=profile, airflow=airflow, progress=tick, **how)
    terminal.show(load_json(loaded) if json else load_text(loaded))
    return BAD_INPUT if loaded.fleet.problems else CLEAN
