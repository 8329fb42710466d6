"""Summary: the header of a session with checks, and what stands at its end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_windtunnel.checked import Checked
from pytest_windtunnel.failure import STORE
from windtunnel.report import wrap


def header(config: pytest.Config, fleet: Checked) -> str:
    """``windtunnel: dags=dags seed=0 profile=ci airflow=stand-in store=.windtunnel``."""
    asked = fleet.how.asked
    own = asked.seed is None and is_scenario(fleet.place)
    told = {
        "dags": _shown(fleet.place, config.rootpath),
        "seed": "own" if own else str(asked.seed or 0),
        "profile": fleet.how.profile.name,
        "airflow": _airflow(asked.airflow) + (f" ({asked.profile})" if asked.profile else ""),
        "store": STORE,
    }
    return "windtunnel: " + " ".join(f"{name}={said}" for name, said in told.items())


def is_scenario(place: Path) -> bool:
    """Whether the path holds more than DAG files."""
    return place.suffix == ".toml" or (place / "scenario.toml").is_file()


def _airflow(choice: str) -> str:
    """Who reads the DAG files."""
    if choice == "stand-in" or find_spec("airflow") is None:
        return "stand-in"
    for name in ("apache-airflow-core", "apache-airflow"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "real"


def write(reporter: pytest.TerminalReporter, fleets: Sequence[Checked]) -> None:
    """What the checks that were made covered, for those who read to the end."""
    root = reporter.config.rootpath
    told = [(fleet, seen) for fleet in fleets if (seen := fleet.seen()) is not None]
    if not any(seen.title for _, seen in told):
        return
    reporter.write_sep("=", "windtunnel")
    for fleet, seen in told:
        for line in wrap(seen.title, first=f"{_shown(fleet.place, root)}: ", then="  "):
            reporter.write_line(line)
        verbose = reporter.config.get_verbosity() > 0
        for line in (*(seen.covered if verbose else ()), *seen.summary):
            reporter.write_line(line)
        if seen.is_stored and root != Path.cwd():
            reporter.write_line(f"  Counterexamples: --store {root / STORE} replays them")


def _shown(path: Path, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
