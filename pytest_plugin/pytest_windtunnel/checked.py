"""Checked: the DAGs of one path in one session, loaded once and checked once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import windtunnel as wt
from pytest_windtunnel.checks import LOADING, REACHED, Check, Checks, checks_of
from pytest_windtunnel.failure import STORE
from pytest_windtunnel.once import Once
from pytest_windtunnel.outcome import Outcome, outcome_of
from pytest_windtunnel.session_settings import as_shown
from pytest_windtunnel.settings import Settings, settings_of_session
from windtunnel.loaders import parse_profiles, search_profile, usual_profile
from windtunnel.model import SearchProfile
from windtunnel.target import Asked, asked_of, names_in


@dataclass(frozen=True, slots=True)
class How:
    """What the session says of its checks."""

    asked: Asked
    profile: SearchProfile
    replay: str | None = None
    """The counterexample that is simulated in the place of a search."""


def how(config: pytest.Config, place: Path) -> How:
    """What the session says of the check of the DAGs at a place.

    Raises:
        pytest.UsageError: it can't be used.
    """
    said = settings_of_session(config)
    names = names_in(said.profile)
    try:
        release, search = parse_profiles(names, place, said="--windtunnel-profile")
        profile = search or search_profile(usual_profile(), place)
    except wt.InvalidInput as error:
        raise pytest.UsageError(str(error)) from None
    named = {name: getattr(said, name) for name in ("window", "start", "seed", "runs", "faults")}
    asked = asked_of({**named, "cluster": _cluster(said)}, release, said.airflow)
    return How(asked, profile, _stored(config))


def _cluster(said: Settings) -> str | None:
    """A path as people read it, or what else names a cluster."""
    if said.cluster is None:
        return None
    file = said.root / said.cluster
    return as_shown(file) if file.exists() else str(said.cluster)


def _stored(config: pytest.Config) -> str | None:
    """The name of the counterexample that is asked for.

    Raises:
        pytest.UsageError: there is none of this name.
    """
    name: str | None = config.getoption("windtunnel_replay")
    store = config.rootpath / STORE
    if name is not None and not (store / f"{name}.json").is_file():
        there = ", ".join(sorted(one.stem for one in store.glob("wt1-*.json"))) or "none"
        raise pytest.UsageError(
            f"--windtunnel-replay {name}: not stored in {as_shown(store)} (there: {there})"
        )
    return name


class Checked:
    """The DAGs of a path.

    Args:
        place: The path, absolute.
        config: Of the session.
        once: Where the processes of the session leave what they made.
        number: Tells it from the other paths of the session.

    Raises:
        pytest.UsageError: the session says something of its checks that can't be used.
    """

    def __init__(self, place: Path, config: pytest.Config, once: Once, number: int) -> None:
        self.place = place
        self.how = how(config, place)
        # Relative where it can be: commands in what people read are shorter so.
        here = config.rootpath == Path.cwd()
        self._store = Path(STORE) if here else config.rootpath / STORE
        self._once = once
        self._number = number

    def checks(self) -> Checks:
        """What is to be checked; loads the DAGs."""
        more = (REACHED,) if self.how.profile.fail_on_unreached else ()
        return self._once.get(
            f"checks-{self._number}", lambda: checks_of(self.place, self.how.asked, more)
        )

    def outcome(self) -> Outcome:
        """What was found; simulates."""
        return self._once.get(
            f"outcome-{self._number}",
            lambda: outcome_of(self.checks(), self._store, self.how.profile, self.how.replay),
        )

    def seen(self) -> Outcome | None:
        """What was found, if anybody asked for it in this session."""
        found = self._once.found(f"outcome-{self._number}")
        return found if isinstance(found, Outcome) else None

    def place_of(self, check: Check) -> tuple[Path, int | None]:
        """File, and line from 1, of what a check found; until it is known, of the DAG."""
        checks, seen = self.checks(), self.seen()
        if check.family == LOADING:
            problems = checks.problems.get(check, ())
            return check.file, next((one.line for one in problems if one.line), None)
        for one in seen.findings.get(check, ()) if seen is not None else ():
            if one.file is not None and (checks.folder / one.file).is_file():
                return checks.listed_under(one.file), one.line
        return check.file, check.line
