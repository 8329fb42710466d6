"""Folder: a folder of DAG files, or one file, becomes a `Fleet` and the bodies of its tasks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from windtunnel.errors import InvalidInput
from windtunnel.loaders import apart
from windtunnel.loaders.cache import Cache, cache_folder
from windtunnel.loaders.discovery import import_roots, python_files
from windtunnel.loaders.ordering import varies
from windtunnel.loaders.reading import FileResult, Reader, duplicate
from windtunnel.loaders.settings import IMPORT_TIMEOUT_S, Settings, Supplied
from windtunnel.loaders.standin import offered, real_airflow
from windtunnel.loaders.standin.own import repository_root
from windtunnel.loaders.standin.session import DEFAULT_NOW, opened
from windtunnel.model import PROFILES, Assumption, Dag, Fleet, Problem
from windtunnel.model.body import Body

AirflowChoice = Literal["auto", "stand-in"]
ISOLATED_MEMORY_MB = 2048
"""What an isolated process may take, unless something else is asked for."""


@dataclass(frozen=True)
class LoadedFile:
    """What one file came to, for people who ask how a load went."""

    file: str
    dag_ids: tuple[str, ...]
    loaded_with: str = "stand-in"
    """``stand-in``, or the Airflow that loaded it."""
    problems: tuple[Problem, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What a folder of DAG files came to."""

    fleet: Fleet
    callables: Mapping[tuple[str, str], Body] = field(default_factory=dict)
    """Bodies of the tasks that have a Python function, by (dag_id, task_id). The files are executed
    in this process when they are first looked at."""
    roots: tuple[Path, ...] = ()
    """Folders from which the DAG files import modules of their own."""
    files: tuple[LoadedFile, ...] = ()
    """The DAG files, in path order."""
    settings: Settings | None = None

    @contextlib.contextmanager
    def importable(self) -> Iterator[None]:
        """Inside the ``with`` block the bodies can run.

        Imports of ``airflow`` and of the repository's own modules inside their functions work."""
        with importable(self.settings, self.roots):
            yield


@contextlib.contextmanager
def importable(settings: Settings | None, roots: Sequence[Path]) -> Iterator[None]:
    """Inside the ``with`` block imports of ``airflow`` and of a repository's own modules work."""
    with contextlib.ExitStack() as stack:
        if settings is not None:
            stack.enter_context(opened(settings.session()))
        stack.enter_context(offered(*roots))
        yield


class Bodies(Mapping[tuple[str, str], Body]):
    """The bodies of some files' tasks; the files are executed when the first is asked for.

    A fleet is loaded in processes of its own, out of which no function comes back."""

    def __init__(self, settings: Settings, files: Sequence[str]) -> None:
        self.settings = settings
        self.files = files

    @cached_property
    def _made(self) -> dict[tuple[str, str], Body]:
        reader = Reader(self.settings, stopped=False)
        for file in self.files:
            reader.read(file, chosen=True)
        return reader.bodies

    def __getitem__(self, key: tuple[str, str]) -> Body:
        return self._made[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def load(
    path: str | Path,
    *,
    profile: str = "airflow-3.3",
    airflow: AirflowChoice = "auto",
    now: datetime = DEFAULT_NOW,
    supplied: Supplied | None = None,
    import_paths: Sequence[str | Path] = (),
    import_timeout_s: float = IMPORT_TIMEOUT_S,
    isolate: bool = False,
    memory_limit_mb: int | None = None,
    workers: int | None = None,
    cache: Path | Literal["default"] | None = "default",
    progress: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Load a folder of DAG files (all ``.py`` files below it), or one DAG file.

    A file or DAG that can't be used becomes a `Problem` of the fleet; the rest is loaded. The files
    are executed, as Airflow does: with a pretend ``airflow``, without network and without output,
    in processes of their own, so that nothing that they do reaches this one.

    Args:
        path: the folder or file.
        profile: the Airflow release whose defaults hold, one of `windtunnel.model.PROFILES`.
        airflow: ``"stand-in"`` uses the pretend ``airflow`` even where the real one is installed;
            ``"auto"`` refuses to shadow it.
        now: what ``days_ago``, ``timezone.utcnow``, ``datetime.now`` and a pretend ``pendulum``
            count from.
        supplied: Variables, Connections and settings that the files read while they load.
        import_paths: more folders from which the files import modules (``PYTHONPATH``).
        import_timeout_s: how long one file may take.
        isolate: use new interpreters with a memory limit, and no forks of this process.
        memory_limit_mb: of each process; isolated ones have `ISOLATED_MEMORY_MB` by default.
        workers: how many processes at most; as many as there are cores by default.
        cache: the folder for results; ``None`` keeps none.
        progress: called with (done, all files) from time to time.

    Raises:
        InvalidInput: there is nothing at the path, the profile is unknown, or real Airflow is
            installed and ``airflow="stand-in"`` wasn't asked for.
    """
    path = Path(path)
    _check(path, profile, airflow)
    path = path.resolve()
    settings = _settings(
        path,
        import_paths=import_paths,
        profile=profile,
        now=now,
        supplied=supplied or Supplied(),
        import_timeout_s=import_timeout_s,
        memory_limit_mb=memory_limit_mb or (ISOLATED_MEMORY_MB if isolate else None),
    )
    files = python_files(path, profile) if path.is_dir() else [path]
    names = [file.relative_to(settings.folder).as_posix() for file in files]
    chosen = None if path.is_dir() else path.name
    kept = Cache.of(settings, cache_folder() if cache == "default" else cache)
    reader = _Reading(settings, chosen, isolate, workers, progress)
    return _loaded(reader.read(names, kept), path, settings)


def read_some(
    path: Path, names: Sequence[str], *, import_paths: Sequence[str | Path] = (), **settings: Any
) -> dict[str, FileResult]:
    """What single files below a folder come to with the stand-in, by their names; what is no DAG
    file is left out. *settings* are those of `Settings`."""
    path = path.resolve()
    reader = _Reading(_settings(path, import_paths=import_paths, **settings), None, False, None)
    kept = Cache.of(reader.settings, cache_folder())
    return {result.file: result for result in reader.read(names, kept)}


def _settings(path: Path, *, import_paths: Sequence[str | Path], **more: Any) -> Settings:
    folder = path if path.is_dir() else path.parent
    root = repository_root(folder)
    roots = (*import_roots(path, root), *(Path(p).resolve() for p in import_paths))
    return Settings(folder=folder, roots=roots, root=root, **more)


@dataclass(frozen=True)
class _Reading:
    """Reads files, from the cache as far as it holds."""

    settings: Settings
    chosen: str | None
    isolate: bool
    workers: int | None
    progress: Callable[[int, int], None] | None = None

    def read(self, names: Sequence[str], cache: Cache) -> list[FileResult]:
        """The results of those that are DAG files, in the given order."""
        folder = self.settings.folder
        kept = {name: cache.get(name, folder / name) for name in names}
        new = self._executed([name for name, entry in kept.items() if entry is None])
        for name, result in new.items():
            cache.put(name, folder / name, result)
        cache.write()
        found = {name: entry.result for name, entry in kept.items() if entry is not None} | new
        return [result for name in names if (result := found[name]) is not None]

    def _executed(self, names: Sequence[str]) -> dict[str, FileResult | None]:
        if not names:
            return {}
        if apart.is_possible():
            processes = partial(
                apart.Apart,
                self.settings,
                chosen=self.chosen,
                workers=self.workers,
                progress=self.progress,
            )
            found = processes(fresh=self.isolate).read(names)
            again = [name for name, one in found.items() if one is not None and one.unordered]
            if again and varies() and not self.isolate:
                found |= processes(fresh=True, progress=None).read(again)
            return found
        reader = Reader(self.settings)
        return {name: reader.read(name, chosen=name == self.chosen) for name in names}


def _check(path: Path, profile: str, airflow: str) -> None:
    if not path.exists():
        raise InvalidInput(
            f"{path}: no such file or folder; give a folder of DAG files or one file"
        )
    if path.is_file() and path.suffix != ".py":
        raise InvalidInput(f"{path}: not a Python file; give a folder of DAG files or one .py file")
    if profile not in PROFILES:
        raise InvalidInput(
            f"unknown Airflow profile {profile!r}; it is one of {', '.join(sorted(PROFILES))}"
        )
    if airflow not in ("auto", "stand-in"):
        raise InvalidInput(f"airflow={airflow!r} is unknown; it is 'auto' or 'stand-in'")
    installed = real_airflow() if airflow == "auto" else None
    if installed:
        raise InvalidInput(
            f"Apache Airflow is installed at {installed}, and windtunnel does not shadow it "
            "unasked; ask for the stand-in (airflow='stand-in'), which reads DAG files without "
            "Airflow"
        )


def _loaded(results: Sequence[FileResult], path: Path, settings: Settings) -> Loaded:
    """One fleet of what all files came to, in their order."""
    dags: dict[str, Dag] = {}
    origins: dict[str, str | None] = {}
    problems: list[Problem] = []
    for result in results:
        problems += result.problems
        for dag, origin in zip(result.dags, result.origins, strict=True):
            first = dags.get(dag.dag_id)
            if first is None:
                dags[dag.dag_id], origins[dag.dag_id] = dag, origin
            # A file that imports another's DAG has it at module level, too; that is one DAG.
            elif origins[dag.dag_id] != origin or origin is None:
                problems.append(duplicate(dag.dag_id, result.file, dag.line, first))
    if not dags and not problems:
        problems.append(_nothing(path))
    told = dict.fromkeys(assumption for result in results for assumption in result.assumptions)
    fleet = Fleet(dags=tuple(dags.values()), problems=tuple(problems), assumptions=tuple(told))
    files = tuple(
        LoadedFile(
            result.file,
            tuple(dag.dag_id for dag in result.dags),
            problems=tuple(p for p in problems if p.file == result.file),
            assumptions=result.assumptions,
        )
        for result in results
    )
    good = [result.file for result in results if result.dags]
    return Loaded(fleet, Bodies(settings, good), settings.roots, files, settings)


def _nothing(path: Path) -> Problem:
    return Problem(
        cause="empty",
        message=f"no DAGs found in {path.name}; DAG files are .py files that mention both 'dag' "
        "and 'airflow' and define a DAG at module level",
    )
