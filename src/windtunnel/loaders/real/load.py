"""Load: a folder of DAG files becomes a `Fleet` by way of the real Airflow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from windtunnel.errors import InvalidInput
from windtunnel.loaders.discovery import import_roots
from windtunnel.loaders.origin import LoadedFrom, profile_of
from windtunnel.loaders.real.collecting import Collecting, Instead
from windtunnel.loaders.real.records import Reader
from windtunnel.loaders.real.run import Dumped, dump, interpreter
from windtunnel.loaders.real.supplied import environment_of
from windtunnel.loaders.settings import IMPORT_TIMEOUT_S, Supplied
from windtunnel.loaders.standin.own import repository_root
from windtunnel.loaders.standin.session import DEFAULT_NOW


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
    instead: Instead | None = None,
) -> LoadedByAirflow:
    """Load a folder of DAG files, or one DAG file, with a real Airflow.

    A file that Airflow can't load becomes a `Problem` of the fleet, or is read by *instead*; the
    rest is loaded. Nothing of
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
        instead: reads the files that Airflow can't load.

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
    return loaded_from(dumped, place, roots=roots, profile=profile, instead=instead)


def loaded_from(
    dumped: Dumped,
    place: Path,
    *,
    roots: tuple[Path, ...] = (),
    profile: str | None = None,
    instead: Instead | None = None,
) -> LoadedByAirflow:
    """What a dump of a folder, or of one file, comes to; see `load_with_airflow`."""
    folder = place if place.is_dir() else place.parent
    reading = Collecting(folder, Reader(profile or profile_of(dumped.airflow)), dumped.airflow)
    failed = [one["file"] for one in dumped.files if one["error"] and one["file"].endswith(".py")]
    if instead is not None and failed:
        names = [reading.relative(file) for file in failed]
        reading.instead = instead(names, reading.reader.profile)
    for one in dumped.files:
        reading.take(one)
    return LoadedByAirflow(
        reading.fleet(place.name),
        roots=roots,
        files=tuple(reading.files),
        profile=profile_of(dumped.airflow),
        airflow=dumped.airflow,
    )
