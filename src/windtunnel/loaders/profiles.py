"""Profiles as people name them: an Airflow release, and how hard a check searches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.forms import Mistakes, build, to_machine
from windtunnel.loaders.project import project_table
from windtunnel.model import PROFILES, SEARCH_PROFILES, SearchProfile
from windtunnel.model.pattern import nearest

OWN = "profiles"
"""The table of a repository's own profiles: ``[tool.windtunnel.profiles.NAME]``."""


def parse_profiles(
    values: Iterable[str] | str, place: str | Path | None = None, *, said: str = "profile"
) -> tuple[str | None, SearchProfile | None]:
    """The Airflow release and the search profile that these names are; None where none is.

    Args:
        values: Names, at most one of each kind: ``["airflow-2.11", "nightly"]``.
        place: The DAG files, or whatever of a repository is checked: its pyproject.toml may have
            search profiles of its own. None: only those that windtunnel brings.
        said: How whoever named them calls it: ``--profile``.

    Raises:
        InvalidInput: a name is none, or two are of one kind; or the pyproject.toml has mistakes.
    """
    known = search_profiles(place)
    found: dict[str, str] = {}
    for name in (values,) if isinstance(values, str) else values:
        kind = "an Airflow release" if name in PROFILES else "how hard a check searches"
        if name not in PROFILES and name not in known:
            close = nearest(name, [*PROFILES, *known])
            hint = f"{close} " if close.startswith("did you mean") else ""
            raise InvalidInput(f"{said} {name}: no such profile; {hint}{_choice(known)}")
        if found.get(kind, name) != name:
            raise InvalidInput(f"{said} {name}: {found[kind]} is named, too, and both are {kind}")
        found[kind] = name
    search = found.get("how hard a check searches")
    return found.get("an Airflow release"), None if search is None else known[search]


def _choice(known: Mapping[str, SearchProfile]) -> str:
    releases, hardness = ", ".join(PROFILES), ", ".join(known)
    return f"(releases: {releases}; how hard a check searches: {hardness})"


def search_profile(name: str, place: str | Path | None = None) -> SearchProfile:
    """The search profile of this name.

    Raises:
        InvalidInput: there is none.
    """
    _, found = parse_profiles(name, place)
    if found is None:
        raise InvalidInput(
            f"profile {name}: an Airflow release, which the cluster says "
            f'(cluster=Cluster(profile="{name}")); here it is how hard to search: '
            f"{', '.join(search_profiles(place))}"
        )
    return found


def search_profiles(place: str | Path | None = None) -> dict[str, SearchProfile]:
    """Those that windtunnel brings, and those of a repository.

    A table named as one of ours changes what it says of that one; any other begins as ``ci``.

    Raises:
        InvalidInput: the pyproject.toml can't be read, or has mistakes there.
    """
    known = dict(SEARCH_PROFILES)
    if place is None:
        return known
    tables, where = project_table(Path(place), OWN)
    if not isinstance(tables, Mapping):
        raise InvalidInput(f"{where}: must be a table for each profile: [tool.windtunnel.{OWN}.pr]")
    for name, table in tables.items():
        known[name] = _own(name, table, known, f"{where}.{name}")
    return known


def _own(name: str, table: Any, known: Mapping[str, SearchProfile], where: str) -> SearchProfile:
    mistakes = Mistakes(where)
    if name in PROFILES:
        mistakes.add("", table, "is the name of an Airflow release; choose another")
    machine = to_machine(SearchProfile, table, "", mistakes)
    if "name" in machine:
        mistakes.add("name", machine["name"], "the table's name is the profile's name")
    mistakes.report()
    base = known.get(name, SEARCH_PROFILES["ci"])
    made = build(SearchProfile, {**base.model_dump(mode="json"), **machine, "name": name}, mistakes)
    mistakes.report()
    assert made is not None
    return made


def usual_profile() -> str:
    """The search profile under pytest where nobody names one: ``ci`` where the environment variable
    ``CI`` is set, as CI services do, else ``dev``."""
    return "ci" if os.environ.get("CI", "").lower() not in ("", "0", "false") else "dev"
