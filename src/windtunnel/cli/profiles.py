"""``--profile``: an Airflow release, and how hard `check` searches."""

from __future__ import annotations

from collections.abc import Sequence

from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_profiles, search_profile
from windtunnel.model import SearchProfile

OPTION = "--profile"


def profiles_of(names: Sequence[str] | None, target: str) -> tuple[str | None, SearchProfile]:
    """The release, if one is named, and how hard to search: as ``ci``, if nobody says it. The
    repository of the target may have profiles of its own.

    Raises:
        InvalidInput: a name is no profile, or two are of one kind.
    """
    release, search = parse_profiles(names or (), target, said=OPTION)
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
