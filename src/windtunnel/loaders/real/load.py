"""Load: a folder of DAG files becomes a `Fleet` by way of the real Airflow."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.discovery import import_roots
from windtunnel.loaders.folder import LoadedFile
from windtunnel.loaders.origin import LoadedFrom, profile_of
from windtunnel.loaders.real.records import Reader
from windtunnel.loaders.real.run import Dumped, dump, interpreter
from windtunnel.loaders.real.supplied import environment_of
from windtunnel.loaders.settings import IMPORT_TIMEOUT_S, Supplied
from windtunnel.loaders.standin.own import repository_root
from windtunnel.loaders.standin.session import DEFAULT_NOW
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


@dataclass(frozen=True)
class LoadedByAirflow(LoadedFrom):
    """What a folder came to, and which Airflow read it. Bodies stay in Airflow's process."""

    airflow: str = ""
    """Version of the Airflow that loaded it."""

    @contextlib.contextmanager
    def importable(self) -> Iterator[None]:
        """Refuses: the functions are in another process.

        Raises:
            InvalidInput: always.
        """
        raise InvalidInput(
            f"the DAG files were loaded by Airflow {self.airflow}, in another process; real "
            "callables run only with the stand-in (airflow='stand-in')"
        )
        yield


def load_with_airflow(
    path: str | Path,
    *,
    python: str | Path | None = None,
    profile: str | None = None,
    supplied: Supplied | None = None,
    import_paths: Sequence[str | Path] = (),
    import_timeout_s: float = IMPORT_TIMEOUT_S,
    now: datetime = DEFAULT_NOW,
) -> LoadedByAirflow:
    """Load a folder of DAG files, or one DAG file, with a real Airflow.

    A file that Airflow can't load becomes a `Problem` of the fleet; the rest is loaded. Nothing of
    the installation's database is read: Variables and Connections are those supplied, and those in
    the environment (``AIRFLOW_VAR_*``, ``AIRFLOW_CONN_*``).

    Args:
        path: the folder or file.
        python: the interpreter of the environment that has Airflow; by default this one.
        profile: the Airflow release that will be simulated; by default the one that loads.
        supplied: Variables, Connections and settings of the deployment.
        import_paths: more folders from which the files import modules.
        import_timeout_s: how long one file may take.
        now: what ``days_ago``, ``datetime.now`` and ``pendulum.today`` in DAG files count from.

    Raises:
        InvalidInput: there is nothing at the path, the interpreter can't be started, or has no
            Airflow that works.
    """
    place = Path(path)
    if not place.exists():
        raise InvalidInput(
            f"{place}: no such file or folder; give a folder of DAG files or one file"
        )
    place = place.resolve()
    folder = place if place.is_dir() else place.parent
    more = tuple(Path(one).resolve() for one in import_paths)
    roots = (*import_roots(place, repository_root(folder)), *more)
    environment = environment_of(supplied or Supplied())
    dumped = dump(
        interpreter(python), place, roots, environment, timeout_s=import_timeout_s, now=now
    )
    return loaded_from(dumped, place, roots=roots, profile=profile)


def loaded_from(
    dumped: Dumped, place: Path, *, roots: tuple[Path, ...] = (), profile: str | None = None
) -> LoadedByAirflow:
    """What a dump of a folder, or of one file, comes to; see `load_with_airflow`."""
    folder = place if place.is_dir() else place.parent
    reading = _Reading(folder, Reader(profile or profile_of(dumped.airflow)), dumped.airflow)
    for one in dumped.files:
        reading.take(one)
    return LoadedByAirflow(
        reading.fleet(place.name),
        roots=roots,
        files=tuple(reading.files),
        profile=profile_of(dumped.airflow),
        airflow=dumped.airflow,
    )


class _Reading:
    """Collects what the files of one load come to."""

    def __init__(self, folder: Path, reader: Reader, airflow: str) -> None:
        self.folder = folder
        self.reader = reader
        self.airflow = airflow
        self.files: list[LoadedFile] = []
        self.dags: dict[str, Dag] = {}
        self.origins: dict[str, str] = {}

    def take(self, one: Mapping[str, Any]) -> None:
        """The DAGs of one file, and what was wrong with it."""
        name = self._relative(one["file"])
        before = (set(self.dags), len(self.reader.problems), len(self.reader.assumed))
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

    def _relative(self, file: str) -> str:
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
            self._problem(
                "duplicate",
                f"dag_id {dag_id!r} is already defined in {first.file}; the first one is used. "
                "Give one of them another dag_id",
                name,
                record["line"],
                dag_id,
            )

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
        dag_id: str | None = None,
    ) -> None:
        self.reader.problems.append(
            Problem(cause=cause, message=message, file=file, line=line, dag_id=dag_id)
        )


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
