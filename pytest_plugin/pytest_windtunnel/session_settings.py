"""Session settings: what the command line and the ini file say of the checks of whole fleets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

FOLDER, INI = "windtunnel_paths", "windtunnel_dags"


def places_of(config: pytest.Config) -> list[Named]:
    """The paths whose DAGs are checked: those of ``--windtunnel``, else those of the ini file; each
    once, and none that lies in another one."""
    root, here = config.rootpath, config.invocation_params.dir
    asked = config.getoption(FOLDER) or []
    if asked:
        found = [Named("--windtunnel", one, (here, root)) for one in asked]
    else:
        found = [Named(f"{INI} =", one, (root,)) for one in of_ini(config)]
    once = {one.path: one for one in reversed(found)}
    return [one for path, one in reversed(once.items()) if not once.keys() & set(path.parents)]


def as_shown(path: Path) -> str:
    """A path as people read it: from where they are, if it lies below."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith("..") else shown


@dataclass(frozen=True)
class Named:
    """A path that somebody named."""

    by: str
    given: str
    bases: tuple[Path, ...]
    """Where relative paths begin; the first at which there is something."""

    @cached_property
    def path(self) -> Path:
        """Where it is, or should be."""
        found = next((base for base in self.bases if (base / self.given).exists()), None)
        if found is None:
            from windtunnel_scenarios import folder  # noqa: PLC0415 - for a session that uses it

            shipped = folder(self.given)
            if shipped is not None:
                return shipped
        return Path(os.path.normpath((found or self.bases[0]) / self.given))

    def check(self) -> None:
        """Look whether it is there.

        Raises:
            pytest.UsageError: it is not.
        """
        if not self.path.exists():
            from windtunnel_scenarios import names  # noqa: PLC0415

            raise pytest.UsageError(
                f"{self.by} {self.given}: there is no {self.path}, and no shipped scenario of that "
                f"name (there are: {', '.join(names())})"
            )


def is_asked_for(config: pytest.Config) -> bool:
    """Whether the command line asks for checks, and not just the ini file."""
    return bool(config.getoption(FOLDER))


def of_ini(config: pytest.Config) -> list[str]:
    """The paths of the ini file; one on each line, if there are several."""
    given = config.getini(INI)
    lines = given.splitlines() if isinstance(given, str) else given
    return [line.strip() for line in lines if line.strip()]


def default_dags(config: pytest.Config) -> str | Path | None:
    """The DAGs of a test that names none: those that are checked, if it is one path."""
    asked = config.getoption(FOLDER) or []
    if asked:
        places = places_of(config)
        return places[0].path if len(places) == 1 else None
    given = of_ini(config)
    return given[0] if len(given) == 1 else None
