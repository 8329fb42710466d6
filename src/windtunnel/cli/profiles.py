"""``--profile``: an Airflow release, and how hard `check` searches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_profiles, said_by_project, search_profile
from windtunnel.model import SearchProfile
from windtunnel.target import names_in

OPTION = "--profile"


def profiles_of(names: Sequence[str] | None, target: str) -> tuple[str | None, SearchProfile]:
    """The release, if one is named, and how hard to search: as the repository of the target says,
    else as ``ci``. It may have profiles of its own.

    Raises:
        InvalidInput: a name is no profile, or two are of one kind.
    """
    release, search = parse_profiles(names or (), target, said=OPTION)
    if search is None:
        said, file = said_by_project(Path(target))
        named = names_in(said.get("profile"))
        search = parse_profiles(named, target, said=f"{file}: profile")[1]
    return release, search or search_profile("ci", target)


def release_of(names: Sequence[str] | None) -> str | None:
    """The release, of a command that does not search.

    Raises:
        InvalidInput: a name is no release, or there are two.
    """
    release, search = parse_profiles(names or (), said=OPTION)
    if search is not None:
        raise InvalidInput(
            f"{OPTION} {search.name}: it says how hard `windtunnel check` searches; this command "
            "takes an Airflow release only"
        )
    return release
