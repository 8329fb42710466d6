"""Release: which Airflow a repository is written for, as its own files say.

Where no Airflow is installed, this decides whose defaults hold (``catchup``, for one), so that the
findings are those that the deployment's own Airflow would give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from windtunnel.loaders.standin.own import repository_root

LARGEST_BYTES = 1024 * 1024
FILES = (
    "requirements.txt",
    "requirements*.txt",
    "requirements/*.txt",
    "constraints*.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.cfg",
    "setup.py",
    "Dockerfile",
    "Dockerfile*",
    "docker-compose*.y*ml",
    "compose.y*ml",
)
"""Where a repository says it, the surest first."""
SAYS = re.compile(
    r"""
    ^[^\#\n]*?
    (?: apache-airflow(?:\[[^\]\n]*\])? ["']? \s* (?:===?|~=) \s* ["']?  # requirements
      | apache-airflow ["']? \s* = \s* (?:\{[^}\n]*?version\s*=\s*)? ["'] [\^~=]* \s*  # Poetry
      | apache/airflow: (?:slim-)?  # images
      | AIRFLOW_VERSION \s* [=:] \s* (?:\$\{[^}:\n]*:-)? ["']?
    )
    (\d+\.\d+(?:\.\d+)?)
    """,
    re.X | re.M,
)
ASTRO = re.compile(r"^[^#\n]*?(?:astro-runtime:\d+\.|runtime:(3\.\d+)-)", re.M)
"""Images of Astronomer: those with numbers of their own hold Airflow 2."""


def release_of(path: Path) -> tuple[str, str] | None:
    """The version that the repository of some DAG files is written for, and the file that says it;
    what lies nearest to the DAG files counts."""
    path = path.resolve()
    folder = path if path.is_dir() else path.parent
    root = repository_root(folder)
    above = [place for place in folder.parents if place == root or place.is_relative_to(root)]
    for place in (folder, *above):
        for file in _files(place):
            version = _version_in(file)
            if version is not None:
                return version, file.relative_to(root).as_posix()
    return None


def _files(place: Path) -> Iterator[Path]:
    for pattern in FILES:
        yield from sorted(file for file in place.glob(pattern) if file.is_file())


def _version_in(file: Path) -> str | None:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            return None
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = SAYS.search(text)
    if found is not None:
        return found[1]
    astro = ASTRO.search(text)
    if astro is None:
        return None
    return astro[1] or "2"
