"""``windtunnel scenarios``: list what is shipped, or copy one of them to change it."""

from __future__ import annotations

import shutil
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.report import wrap
from windtunnel_scenarios import about, folder, names


def listing() -> str:
    """Each shipped scenario with one line about it."""
    width = max(map(len, names()))
    lines = [wrap(about(name), first=f"{name:<{width}}  ") for name in names()]
    return "\n".join(line for one in lines for line in one)


def copy(name: str, to: Path) -> Path:
    """Copy the folder of a shipped scenario to *to*, which must not exist yet or be empty.

    Raises:
        InvalidInput: there is no such scenario, or something is in the way.
    """
    source = folder(name)
    if source is None:
        known = ", ".join(names())
        raise InvalidInput(f"there is no shipped scenario {name!r}; there are: {known}")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise InvalidInput(f"{to} exists already; name a folder that is new or empty")
    skip = shutil.ignore_patterns("__pycache__")
    try:
        shutil.copytree(source, to, ignore=skip, dirs_exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{to}: can't copy there: {error.strerror}") from error
    return to
