"""Shipped scenarios: one folder each, with DAG files as people write them, a cluster and a README.

The DAG files are data for the loaders; nobody imports them.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["about", "folder", "names"]

_ROOT = Path(str(files("windtunnel_scenarios")))
_FILE = "scenario.toml"


def names() -> list[str]:
    """Names of all shipped scenarios, in alphabetical order."""
    return sorted(file.parent.name for file in _ROOT.glob(f"*/{_FILE}"))


def folder(name: str) -> Path | None:
    """The folder of the shipped scenario *name*; None if there is none of that name."""
    return _ROOT / name if name in names() else None


def about(name: str) -> str:
    """What the scenario shows, in one line: the first line below the title of its README."""
    lines = (_ROOT / name / "README.md").read_text("utf-8").splitlines()
    return next(line for line in lines[1:] if line)
