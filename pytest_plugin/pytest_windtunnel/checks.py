"""Checks: what is looked at in the DAGs of one path, one test for each, before anything is
simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import windtunnel as wt
from pytest_windtunnel.session_settings import as_shown
from windtunnel.loaders import ReadScenario
from windtunnel.model import Problem
from windtunnel.report import FAMILIES
from windtunnel.target import Asked, look, sources_of, with_asked

LOADING = "WT9"
"""The family of what is wrong with a DAG file itself, which loading shows."""
REACHED = "reached"
"""In the place of a family: whether simulations came to what the profile asks for."""
SIMULATED = tuple(family for family in FAMILIES if family != LOADING)


@dataclass(frozen=True, slots=True)
class Check:
    """One test: a family of findings, of one DAG, of one file, or of the fleet."""

    family: str
    file: Path
    """What it is listed under."""
    subject: str = ""
    """A dag_id, as it can be shown; a word for the fleet; empty for a file."""
    dag_id: str | None = None
    line: int | None = None

    @property
    def name(self) -> str:
        """``etl[WT1 no progress]``."""
        about = FAMILIES.get(self.family)
        return (
            f"{self.subject}[{self.family} {about}]" if about else f"{self.subject}[{self.family}]"
        )


@dataclass(frozen=True)
class Checks:
    """What the DAGs of one path came to."""

    place: Path
    """The path that was named, or the scenario file in it."""
    folder: Path
    """To which the paths of DAG files are relative."""
    checks: tuple[Check, ...] = ()
    problems: Mapping[Check, tuple[Problem, ...]] = field(default_factory=dict)
    """What was not loaded, and why."""
    scenario: wt.Scenario | None = None
    """What is to be simulated; None if there is no DAG."""
    sources: Path | None = None
    """The folder, if all DAG files are there and the user's own."""
    is_unknown: bool = False
    """Whether something was wrong before any DAG file was looked at."""

    def of(self, finding: wt.Finding) -> Check:
        """The one check that a finding fails: of the DAG, if only one takes part."""
        family = finding.family if finding.family in SIMULATED else "WT2"
        own = finding.dag_ids[0] if len(finding.dag_ids) == 1 else None
        alike = {one.dag_id: one for one in self.checks if one.family == family}
        return alike.get(own) or alike[None]

    def listed_under(self, file: str | None) -> Path:
        """The DAG file itself, if it is one of the user's; else the path that was named."""
        if file is None or not (self.folder / file).is_file():
            return self.place
        if self.place.is_file() and self.place.samefile(self.folder / file):
            return self.place
        # The folder is known without links; the user may have named it with one.
        as_named = self.place.is_dir() and self.place.samefile(self.folder)
        return (self.place if as_named else self.folder) / file


def checks_of(place: Path, asked: Asked, more: tuple[str, ...] = ()) -> Checks:
    """What is to be checked of the DAGs at a path, which are loaded for it; of the fleet, *more*
    than the families."""
    try:
        found = look(as_shown(place), asked)
        if found.scenario.fleet.dags:
            found = with_asked(found, asked)
    except wt.WindtunnelError as error:
        whole = Check(LOADING, place, "fleet")
        problem = Problem(cause="value", message=str(error))
        return Checks(place, place, (whole,), {whole: (problem,)}, is_unknown=True)
    fleet, sources = found.scenario.fleet, sources_of(str(place), found)
    folder = sources or _folder(place, found)
    if found.file is not None and place.is_dir():
        place = place / found.file.name
    named = Checks(place, folder, sources=sources)
    dags: dict[Path, list[wt.Dag]] = {}
    problems: dict[Path, list[Problem]] = {}
    for dag in fleet.dags:
        dags.setdefault(named.listed_under(dag.file), []).append(dag)
    for problem in fleet.problems:
        problems.setdefault(named.listed_under(problem.file), []).append(problem)
    listed = tuple(_listed(named.place, dags, problems, more))
    loading = {one.file: one for one in listed if one.family == LOADING}
    said = {loading[file]: tuple(some) for file, some in problems.items()}
    scenario = found.scenario if fleet.dags else None
    return replace(named, checks=listed, problems=said, scenario=scenario)


def _listed(
    place: Path,
    dags: Mapping[Path, list[wt.Dag]],
    problems: Iterable[Path],
    more: tuple[str, ...],
) -> Iterator[Check]:
    """File by file, then what is of all of them."""
    for file in sorted({*dags, *problems} - {place}):
        yield Check(LOADING, file)
        yield from _of_dags(file, dags.get(file, ()))
    yield from _of_dags(place, dags.get(place, ()))
    # ``fleet``, unless a DAG has this name.
    taken = any(dag.dag_id == "fleet" for dag in dags.get(place, ()))
    for family in (LOADING, *((*SIMULATED, *more) if dags else ())):
        yield Check(family, place, "whole fleet" if taken else "fleet")


def _folder(place: Path, found: ReadScenario) -> Path:
    """Where the files are that could not be used, if no DAG says so."""
    files = {problem.file for problem in found.scenario.fleet.problems if problem.file}
    folders = (place if place.is_dir() else place.parent, *found.loaded.roots)
    there = (one for one in folders if any((one / file).is_file() for file in files))
    return next(there, folders[0])


def _of_dags(file: Path, dags: Iterable[wt.Dag]) -> Iterator[Check]:
    for dag in dags:
        for family in SIMULATED:
            yield Check(family, file, _shown(dag.dag_id), dag.dag_id, dag.line)


def _shown(dag_id: str) -> str:
    """A dag_id on one line, whatever characters it has."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in dag_id)
