"""The scenarios that are installed with windtunnel, found by name."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from windtunnel.errors import InvalidInput

FILE = "scenario.toml"


def root() -> Path:
    """The folder that holds the shipped scenarios, one folder each."""
    return Path(str(files("windtunnel_scenarios")))


def names() -> list[str]:
    """Names of all shipped scenarios, in alphabetical order."""
    return sorted(path.parent.name for path in root().glob(f"*/{FILE}"))


def find(name: str) -> Path | None:
    """The scenario file of the shipped scenario *name*; None if there is no such scenario."""
    return root() / name / FILE if name in names() else None


def line_about(name: str) -> str:
    """What the scenario shows, in one line: the first line under the title of its README."""
    lines = (root() / name / "README.md").read_text("utf-8").splitlines()
    return next(line for line in lines[1:] if line)


def copy(name: str, to: Path) -> Path:
    """Copy the folder of a shipped scenario to *to*, which must not exist yet or be empty.

    Raises:
        InvalidInput: there is no such scenario, or something is in the way.
    """
    source = find(name)
    if source is None:
        raise InvalidInput(
            f"there is no shipped scenario {name!r}; there are: {', '.join(names())}"
        )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise InvalidInput(f"{to} exists already; name a folder that is new or empty")
    skip = shutil.ignore_patterns("__pycache__")
    try:
        shutil.copytree(source.parent, to, ignore=skip, dirs_exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{to}: can't copy there: {error.strerror}") from error
    return to
