"""The options that several commands share, in groups."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from windtunnel.cli.terminal import Terminal
from windtunnel.errors import InvalidInput
from windtunnel.loaders import read_supplied
from windtunnel.sweep import HERE, Backend, processes, read_backend
from windtunnel.target import Asked


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


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
BehaviorFile = Annotated[
    str | None,
    typer.Option(
        "--behavior",
        metavar="FILE",
        help="What tasks do: a behavior file, such as `windtunnel calibrate` writes.",
    ),
]
Window = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="Simulated time: 12h, 2d, 1w.")
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="Where simulated time starts: 2026-03-01."),
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
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Key of everything that is drawn.")
]
FaultsUpTo = Annotated[
    int | None,
    typer.Option(
        "--faults-up-to",
        min=0,
        metavar="N",
        help="Let up to N tries fail or die in each simulation, wherever that hurts.",
    ),
]
Release = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The Airflow release that decides: airflow-3.3 or airflow-2.11.",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 for what only could happen, too.")
]
STORE = Path(".windtunnel")
Store = Annotated[
    Path,
    typer.Option("--store", metavar="DIR", help="Where counterexamples are kept."),
]


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How DAG files are loaded."""

    airflow: Annotated[
        Literal["auto", "stand-in", "real"],
        typer.Option(
            "--airflow",
            help="stand-in: read DAG files without Airflow, also where it is installed.",
        ),
    ] = "auto"
    airflow_python: Annotated[
        Path | None,
        typer.Option(
            "--airflow-python", metavar="PYTHON", help="Load with the Airflow of this interpreter."
        ),
    ] = None
    variables: Annotated[
        Path | None,
        typer.Option(
            "--variables",
            metavar="FILE",
            help="Airflow Variables: JSON, or KEY=value lines in a .env.",
        ),
    ] = None
    connections: Annotated[
        Path | None,
        typer.Option(
            "--connections",
            metavar="FILE",
            help="Airflow Connections: JSON, or conn_id=uri in a .env.",
        ),
    ] = None
    airflow_config: Annotated[
        Path | None,
        typer.Option(
            "--airflow-config",
            metavar="FILE",
            help="An airflow.cfg, for what DAG files read of it.",
        ),
    ] = None
    paths: Annotated[
        list[Path] | None,
        typer.Option(
            "--path", metavar="DIR", help="One more folder to import modules from. Repeatable."
        ),
    ] = None
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Load in new interpreters with a memory limit, not in forks. With run --execute, "
            "each try of a callable gets a process of its own with limits, too.",
        ),
    ] = False

    def how(self) -> dict[str, Any]:
        """As arguments of `windtunnel.loaders.load`.

        Raises:
            InvalidInput: a file can't be read.
        """
        return {
            "airflow_python": self.airflow_python,
            "supplied": read_supplied(
                variables=self.variables,
                connections=self.connections,
                config=self.airflow_config,
            ),
            "import_paths": tuple(self.paths or ()),
            "isolate": self.isolate,
        }


@dataclass(frozen=True, slots=True)
class ScenarioOptions:
    """What is simulated of the DAGs, on which deployment."""

    cluster: ClusterFile = None
    behavior: BehaviorFile = None
    window: Window = None
    start: From = None
    trigger: Trigger = None
    backfill: Backfills = None
    fault: Faults = None

    def asked(self, loading: LoadOptions, release: str | None, **more: Any) -> Asked:
        """What the command line says about the scenario."""
        return Asked(
            self.cluster,
            self.window,
            self.start,
            profile=release,
            trigger=tuple(self.trigger or ()),
            airflow=loading.airflow,
            how=loading.how(),
            faults=tuple(self.fault or ()),
            backfills=tuple(self.backfill or ()),
            behavior=self.behavior,
            **more,
        )


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """Where simulations are made."""

    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            metavar="N",
            help="Simulate in N processes of this machine at once; the result is the same.",
        ),
    ] = None
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="Simulate elsewhere: processes (one for each core), dask=tcp://HOST:8786, ray, "
            "ray=ray://HOST:10001; the result is the same.",
        ),
    ] = None

    @property
    def on(self) -> Backend:
        """Where.

        Raises:
            InvalidInput: there is no such backend, or it has workers of its own.
        """
        if self.backend is None:
            return HERE if self.workers is None else processes(self.workers, "--workers")
        asked = read_backend(self.backend)
        if self.workers is None:
            return asked
        if self.backend.strip() != "processes":
            raise InvalidInput(
                f"--workers {self.workers}: is about processes of this machine; with --backend "
                f"{self.backend} it is said there how many there are"
            )
        return processes(self.workers, "--workers")


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What is printed."""

    form: Annotated[Format, typer.Option("--format", help="How the report is written.")] = (
        Format.TEXT
    )
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours, even on a terminal.")
    ] = False

    @property
    def json(self) -> bool:
        """Whether programs read it."""
        return self.form is Format.JSON

    @property
    def terminal(self) -> Terminal:
        """Where it goes."""
        return Terminal(color=not self.no_color)
