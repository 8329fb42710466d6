"""Attempts: ways in which a test may show a finding, the plainest first; each is tried."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from windtunnel import api
from windtunnel.detect import Finding
from windtunnel.errors import WindtunnelError
from windtunnel.loaders import ReadScenario
from windtunnel.model import Scenario
from windtunnel.search import Counterexample, is_same, recall
from windtunnel.target import Asked, look, with_asked

HOUR, DAY = 3600, 86400


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a test does: load the DAGs of a path, and simulate."""

    target: str
    """DAG file, folder or scenario, as the command line names it."""
    asked: Asked
    """What is said beside that: cluster, window, faults, in the words of the command line."""
    replayed: Counterexample | None = None
    """What has to go another way than usual; None: nothing has to."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An attempt that shows a finding."""

    attempt: Attempt
    others: tuple[Finding, ...]
    """What it shows as well."""


class Attempts:
    """Tries the ways to show each finding of one check."""

    def __init__(self, target: str, asked: Asked, checked: Scenario, store: Path) -> None:
        # What a test can't say: how the files were loaded. What a search did stays with the search.
        self._asked = replace(asked, how={}, jitter=None, faults_up_to=None)
        self._target = target
        self._checked = checked
        self._store = store
        self._read: dict[tuple[str, str | None], ReadScenario] = {}

    def shown(self, finding: Finding) -> Shown | None:
        """The plainest attempt that shows it; None if none does."""
        for attempt in self._attempts(finding):
            try:
                found = self._found(attempt)
            except WindtunnelError:
                continue
            others = tuple(one for one in found if not _is_it(one, finding))
            if len(others) < len(found):
                return Shown(attempt, others)
        return None

    def _attempts(self, finding: Finding) -> Iterator[Attempt]:
        kept = self._kept(finding)
        whole = self._in_window(self._checked.start, self._checked.duration_s)
        if kept is not None:
            least = kept.scenario
            end = min(least.start + timedelta(seconds=least.duration_s), self._end)
            narrow = self._in_window(least.start, (end - least.start).total_seconds())
            for target in (*self._file_of(least), self._target):
                yield Attempt(target, narrow)
        else:
            for target in self._only({finding.file}):
                yield Attempt(target, whole)
        yield Attempt(self._target, whole)
        if kept is not None:
            for target in (*self._file_of(kept.scenario), self._target):
                yield Attempt(target, self._asked, kept)

    @property
    def _end(self) -> datetime:
        return self._checked.start + timedelta(seconds=self._checked.duration_s)

    def _kept(self, finding: Finding) -> Counterexample | None:
        if finding.counterexample is None:
            return None
        try:
            return recall(self._store, finding.counterexample)
        except WindtunnelError:
            return None

    def _file_of(self, least: Scenario) -> Iterator[str]:
        """The one DAG file that matters, if it is one and the target is a folder of DAG files."""
        yield from self._only({dag.file for dag in least.fleet.dags})

    def _only(self, files: set[str | None]) -> Iterator[str]:
        folder = Path(self._target)
        if len(files) == 1 and folder.is_dir() and not (folder / "scenario.toml").is_file():
            file = files.pop()
            if file is not None and (folder / file).is_file():
                yield str(folder / file)

    def _in_window(self, start: datetime, seconds: float) -> Asked:
        """A window as people say it: whole hours, as far as the one that was checked goes."""
        whole = math.ceil(seconds / HOUR) * HOUR
        if start + timedelta(seconds=whole) > self._end:
            whole = math.ceil(seconds)
        return replace(self._asked, start=_date(start), window=_length(whole))

    def _found(self, attempt: Attempt) -> tuple[Finding, ...]:
        key = attempt.target, attempt.asked.start
        if key not in self._read:
            self._read[key] = look(attempt.target, attempt.asked)
        scenario = with_asked(self._read[key], attempt.asked).scenario
        if attempt.replayed is None:
            return api.simulate(scenario).findings
        name = attempt.replayed.finding.counterexample
        assert name is not None
        return api.replay(name, scenario, store=self._store).findings


def _is_it(one: Finding, finding: Finding) -> bool:
    return one.identity == finding.identity or is_same(one, finding)


def _date(at: datetime) -> str:
    at = at.astimezone(UTC)
    if (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0):
        return f"{at:%Y-%m-%d}"
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def _length(seconds: int) -> str:
    for size, unit in ((DAY, "d"), (HOUR, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
