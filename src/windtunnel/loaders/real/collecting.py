"""Collecting: what Airflow, or else the stand-in, made of the files of a load becomes one fleet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from windtunnel.loaders.folder import LoadedFile
from windtunnel.loaders.origin import profile_of
from windtunnel.loaders.reading import FileResult, duplicate
from windtunnel.loaders.real.lacking import NETWORK, lacking
from windtunnel.loaders.real.records import Reader
from windtunnel.model import Assumption, Dag, Fleet, Problem

SUPPORTED = ((2, 7), (2, 8), (2, 9), (2, 10), (2, 11), (3, 0), (3, 1), (3, 2), (3, 3))
CAUSES = {
    "SyntaxError": "syntax",
    "IndentationError": "syntax",
    "TabError": "syntax",
    "AirflowDagCycleException": "cycle",
    "AirflowDagDuplicatedIdException": "duplicate",
    "DuplicateTaskIdFound": "duplicate",
}
Instead = Callable[[Sequence[str], str], Mapping[str, FileResult]]
"""Reads files, named from the folder, for a version profile in another way than Airflow."""


class Collecting:
    """Collects what the files of one load come to."""

    def __init__(self, folder: Path, reader: Reader, airflow: str) -> None:
        self.folder = folder
        self.reader = reader
        self.airflow = airflow
        self.files: list[LoadedFile] = []
        self.dags: dict[str, Dag] = {}
        self.origins: dict[str, str | None] = {}
        self.instead: Mapping[str, FileResult] = {}
        self.unreached: set[str] = set()

    def take(self, one: Mapping[str, Any]) -> None:
        """The DAGs of one file, and what was wrong with it."""
        name = self.relative(one["file"])
        before = (set(self.dags), len(self.reader.problems), len(self.reader.assumed))
        other = self.instead.get(name)
        # Where only the place lacked something, what the stand-in says of the file is the news.
        if other is not None and (
            other.dags or not other.problems or lacking(one["error"], explained_in(one)[1])
        ):
            self._take_over(other, one, name)
            return
        if one.get("asked_now"):
            self.reader.assume("now", "the scenario's start while DAG files load")
        if one.get("ended"):
            self._problem("import", f"the file {one['ended']}; it is left out", name)
        if one["error"]:
            self._failed(one["error"], one["file"], name)
        for record in one["dags"]:
            self._take(record, name)
        self._note_file(name, *before)

    def _note_file(self, name: str, dags: set[str], problems: int, assumed: int) -> None:
        """Keep what one file added to what was there before it."""
        self.files.append(
            LoadedFile(
                name,
                tuple(dag_id for dag_id in self.dags if dag_id not in dags),
                f"Airflow {self.airflow}",
                tuple(self.reader.problems[problems:]),
                tuple(
                    Assumption(subject=s, assumed=a) for s, a in list(self.reader.assumed)[assumed:]
                ),
            )
        )

    def _take_over(self, other: FileResult, one: Mapping[str, Any], name: str) -> None:
        """The DAGs of a file that Airflow couldn't load, as the stand-in reads it, and why."""
        line, said = explained_in(one)
        if one.get("reached"):
            self.unreached.add(said)
        # What a module of the repository keeps of it fails the next file that imports it, too.
        lack = NETWORK if said in self.unreached else lacking(one["error"], said)
        problems = list(other.problems)
        if lack is not None:
            subject, how = lack
            where = f"{how} where Airflow {self.airflow} is"
            self.reader.assume(subject, f"{where}: files that need it are read by the stand-in")
        elif other.dags:
            message = f"Airflow {self.airflow} can't load it: {said}; its DAGs are read by the "
            message += "stand-in all the same"
            problems.append(Problem(cause="refused", message=message, file=name, line=line))
        else:
            why = f"Airflow {self.airflow} can't load it ({said}), and there is no DAG in it"
            self.reader.assume(f"file {name}", why)
        for assumption in other.assumptions:
            self.reader.assume(assumption.subject, assumption.assumed)
        taken = []
        for dag, origin in zip(other.dags, other.origins, strict=True):
            first = self.dags.setdefault(dag.dag_id, dag)
            if first is dag:
                self.origins[dag.dag_id] = origin
                taken.append(dag.dag_id)
            elif origin is None or self.origins[dag.dag_id] != origin:
                problems.append(duplicate(dag.dag_id, name, dag.line, first))
        self.reader.problems += problems
        with_it = "stand-in" if other.dags else f"Airflow {self.airflow}"
        self.files.append(
            LoadedFile(name, tuple(taken), with_it, tuple(problems), other.assumptions)
        )

    def fleet(self, name: str) -> Fleet:
        """Everything that was read."""
        if not self.dags and not self.reader.problems:
            self._problem(
                "empty",
                f"Airflow {self.airflow} finds no DAGs in {name}; DAG files are .py files that "
                "mention both 'dag' and 'airflow' and define a DAG at module level",
                None,
            )
        for subject, assumed in _about(self.airflow, self.reader.profile):
            self.reader.assume(subject, assumed)
        return Fleet(
            dags=tuple(self.dags.values()),
            problems=tuple(self.reader.problems),
            assumptions=tuple(Assumption(subject=s, assumed=a) for s, a in self.reader.assumed),
        )

    def relative(self, file: str) -> str:
        """A file's path from the folder that was asked for."""
        path = Path(file)
        inside = path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if inside else file

    def _take(self, record: Mapping[str, Any], name: str) -> None:
        dag_id = record["dag_id"]
        first = self.dags.get(dag_id)
        if first is None:
            made = self.reader.dag(record, name)
            if made is not None:
                self.dags[dag_id], self.origins[dag_id] = made, record["origin"]
        elif self.origins[dag_id] != record["origin"]:
            # A file that imports another's DAG has it at module level, too; that is one DAG.
            self.reader.problems.append(duplicate(dag_id, name, record["line"], first))

    def _failed(self, text: str, file: str, name: str) -> None:
        line, said = explained(text, file)
        cause = CAUSES.get(said.split(":", 1)[0].rsplit(".", 1)[-1], "import")
        self._problem(cause, f"{said}{_advice(said)}; the file is left out", name, line)

    def _problem(
        self,
        cause: Any,
        message: str,
        file: str | None,
        line: int | None = None,
    ) -> None:
        self.reader.problems.append(Problem(cause=cause, message=message, file=file, line=line))


def explained_in(one: Mapping[str, Any]) -> tuple[int | None, str]:
    """What `explained` says of the error of a file that a dump tells of."""
    return explained(one["error"], one["file"])


def explained(traceback: str, file: str) -> tuple[int | None, str]:
    """The line of the DAG file at which a traceback passed last, and its last word."""
    lines = [line for line in traceback.strip().splitlines() if line.strip()]
    passed = re.findall(rf'File "{re.escape(file)}", line (\d+)', traceback)
    # The message may have several lines; it begins after the last line that is indented.
    indented = [number for number, line in enumerate(lines) if line[0].isspace()]
    message = lines[indented[-1] + 1 :] if indented else lines
    said = (message or lines[-1:])[0].strip()
    return (int(passed[-1]) if passed else None), said


def _advice(said: str) -> str:
    if said.startswith("ModuleNotFoundError"):
        return (
            " (install it where Airflow is, or load with the stand-in, which needs no packages: "
            "airflow='stand-in')"
        )
    if "Variable" in said and ("does not exist" in said or "not found" in said):
        return " (give it to windtunnel as the environment variable AIRFLOW_VAR_<NAME>)"
    return ""


def _about(version: str, profile: str) -> list[tuple[str, str]]:
    """What to say of the release that loaded the files."""
    said = []
    release = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if release not in SUPPORTED:
        said.append((f"Airflow {version}", "not one of the releases that windtunnel knows"))
    if profile_of(version) != profile:
        said.append(
            (f"Airflow {version}", f"loaded the DAG files, but the simulation decides as {profile}")
        )
    return said
