"""Shipped scenarios: one folder each, with DAG files as people write them, and what happens to them.

A folder holds ``dags/``, ``scenario.toml``, ``README.md`` and a test that passes wherever the folder
is copied to. The DAG files are data for the loaders, and the tests are for whoever copies them;
nobody imports either.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

__all__ = ["GROUPS", "Shipped", "folder", "names", "shipped"]

GROUPS = {
    "first steps": "First steps",
    "use case": "Use cases",
    "failure mode": "Failure modes",
    "incident": "Incidents",
    "pitfall": "Pitfalls",
}
"""Kinds of scenarios, in the order in which they are listed, with their headings."""

_ROOT = Path(str(files("windtunnel_scenarios")))
_FILE = "scenario.toml"


@dataclass(frozen=True, slots=True)
class Shipped:
    """What the table ``[about]`` of a shipped scenario says, and where it is."""

    name: str
    title: str
    """What it shows, in one line."""
    group: str
    """One of `GROUPS`."""
    expect: tuple[str, ...]
    """Codes of the findings that are there as long as nobody cures it; none if all is well."""
    source: tuple[str, ...]
    """Where it really happened: ``owner/repo#number`` of an issue or a pull request."""
    path: Path
    """Its folder."""


def names() -> list[str]:
    """Names of all shipped scenarios, in alphabetical order."""
    return sorted(file.parent.name for file in _ROOT.glob(f"*/{_FILE}"))


def folder(name: str) -> Path | None:
    """The folder of the shipped scenario *name*; None if there is none of that name."""
    return _ROOT / name if name in names() else None


def shipped() -> list[Shipped]:
    """All shipped scenarios, group by group, in each in alphabetical order."""
    order = list(GROUPS)
    return sorted(map(_read, names()), key=lambda one: (order.index(one.group), one.name))


def _read(name: str) -> Shipped:
    path = _ROOT / name
    about = tomllib.loads((path / _FILE).read_text("utf-8"))["about"]
    return Shipped(
        name=name,
        title=about["title"],
        group=about["group"],
        expect=tuple(about["expect"]),
        source=tuple(about["source"]),
        path=path,
    )
