"""Folder: a folder of DAG files, or one file, becomes a `Fleet` and the bodies of its tasks."""

from __future__ import annotations

import ast
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from windtunnel.errors import InvalidInput
from windtunnel.loaders.discovery import import_roots, looks_like_dag_file, python_files
from windtunnel.loaders.quiet import quietly
from windtunnel.loaders.standin import offered, real_airflow
from windtunnel.loaders.standin.authoring import DAG
from windtunnel.loaders.standin.bodies import bodies_of
from windtunnel.loaders.standin.convert import Converter
from windtunnel.loaders.standin.exceptions import DagInvalid, NetworkRefusedError
from windtunnel.loaders.standin.importing import could_be_own
from windtunnel.loaders.standin.session import DEFAULT_NOW, Session, opened
from windtunnel.model import PROFILES, Assumption, Dag, Fleet, Problem
from windtunnel.model.body import Body

AirflowChoice = Literal["auto", "stand-in"]


@dataclass(frozen=True)
class Loaded:
    """What a folder of DAG files came to."""

    fleet: Fleet
    callables: Mapping[tuple[str, str], Body] = field(default_factory=dict)
    """Bodies of the tasks that have a Python function, by (dag_id, task_id)."""
    roots: tuple[Path, ...] = ()
    """Folders from which the DAG files import modules of their own."""

    def importable(self) -> AbstractContextManager[None]:
        """Inside the ``with`` block the bodies can run.

        Imports of ``airflow`` and of the repository's own modules inside their functions work."""
        return offered(*self.roots)


def load(
    path: str | Path,
    *,
    profile: str = "airflow-3.3",
    airflow: AirflowChoice = "auto",
    now: datetime = DEFAULT_NOW,
) -> Loaded:
    """Load a folder of DAG files (all ``.py`` files below it), or one DAG file.

    A file or DAG that can't be used becomes a `Problem` of the fleet; the rest is loaded. The files
    are executed, as Airflow does: with a pretend ``airflow``, without network and without output.

    Args:
        path: the folder or file.
        profile: the Airflow release whose defaults hold, one of `windtunnel.model.PROFILES`.
        airflow: ``"stand-in"`` uses the pretend ``airflow`` even where the real one is installed;
            ``"auto"`` refuses to shadow it.
        now: what ``days_ago``, ``timezone.utcnow`` and a pretend ``pendulum`` count from.

    Raises:
        InvalidInput: there is nothing at the path, the profile is unknown, or real Airflow is
            installed and ``airflow="stand-in"`` wasn't asked for.
    """
    path = Path(path)
    _check(path, profile, airflow)
    path = path.resolve()
    folder = path if path.is_dir() else path.parent
    files = python_files(path) if path.is_dir() else [path]
    loader = _Loader(folder, Session(profile=profile, roots=import_roots(path), now=now))
    with opened(loader.session), offered(*loader.session.roots), quietly():
        for number, file in enumerate(files):
            loader.read(file, number, chosen=file == path)
    return loader.loaded(path)


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


class _Loader:
    """Collects what the files of one load come to."""

    def __init__(self, folder: Path, session: Session) -> None:
        self.folder = folder
        self.session = session
        self.dags: dict[str, Dag] = {}
        self.origins: dict[str, str | None] = {}
        self.bodies: dict[tuple[str, str], Body] = {}
        self.problems: list[Problem] = []

    def read(self, file: Path, number: int, *, chosen: bool) -> None:
        """Execute one file and take its DAGs. A chosen file is executed whatever is in it."""
        name = file.relative_to(self.folder).as_posix()
        try:
            source = file.read_bytes()
        except OSError as error:
            self._problem("unreadable", f"can't be read: {error.strerror}; it is left out", name)
            return
        if not chosen and not looks_like_dag_file(source):
            return
        code = self._compiled(source, file, name)
        if code is not None:
            for dag in self._executed(code, file, name, number):
                self._take(dag, name)

    def loaded(self, path: Path) -> Loaded:
        """Everything that was read."""
        if not self.dags and not self.problems:
            self._problem(
                "empty",
                f"no DAGs found in {path.name}; DAG files are .py files that mention both 'dag' "
                "and 'airflow' and define a DAG at module level",
                None,
            )
        assumptions = tuple(Assumption(subject=s, assumed=a) for s, a in self.session.assumed)
        fleet = Fleet(
            dags=tuple(self.dags.values()), problems=tuple(self.problems), assumptions=assumptions
        )
        return Loaded(fleet, self.bodies, self.session.roots)

    def _compiled(self, source: bytes, file: Path, name: str) -> types.CodeType | None:
        try:
            tree = ast.parse(source, str(file))
            return compile(tree, str(file), "exec", dont_inherit=True)
        except SyntaxError as error:
            text = f"syntax error: {error.msg}; the file is left out"
            self._problem("syntax", text, name, error.lineno)
        except (ValueError, RecursionError, MemoryError) as error:
            self._problem("syntax", f"can't be compiled: {error}; the file is left out", name)
        return None

    def _executed(self, code: types.CodeType, file: Path, name: str, number: int) -> list[Any]:
        """The DAGs that the file makes, in order of creation; none if it fails."""
        module = types.ModuleType(f"windtunnel_dag_file_{number}_{file.stem}")
        module.__file__ = str(file)
        sys.modules[module.__name__] = module
        self.session.begin(str(file))
        try:
            exec(code, module.__dict__)
        except (Exception, SystemExit) as error:
            self._failed(error, file, name)
            return []
        return list(self._defined(module))

    def _defined(self, module: types.ModuleType) -> Iterator[Any]:
        """DAGs at module level, and those that registered themselves."""
        seen: set[int] = set()
        waiting = [*vars(module).values(), *self.session.dags]
        while waiting:
            dag = waiting.pop(0)
            if isinstance(dag, DAG) and id(dag) not in seen:
                seen.add(id(dag))
                yield dag
                waiting += _subdags(dag)

    def _take(self, dag: Any, name: str) -> None:
        first = self.dags.get(dag.dag_id)
        if first is not None:
            self._duplicate(dag, first, name)
            return
        converter = Converter(dag, name, self.session.profile)
        made = converter.convert()
        self.problems += converter.problems
        if made is not None:
            self.dags[dag.dag_id] = made
            self.origins[dag.dag_id] = dag.origin
            self.bodies |= bodies_of(dag)

    def _duplicate(self, dag: Any, first: Dag, name: str) -> None:
        # A file that imports another's DAG has it at module level, too; that is one DAG, not two.
        if self.origins[dag.dag_id] == dag.origin and dag.origin is not None and first.file != name:
            return
        self._problem(
            "duplicate",
            f"dag_id {dag.dag_id!r} is already defined in {first.file}"
            f"{f' line {first.line}' if first.line else ''}; the first one is used. "
            "Give one of them another dag_id",
            name,
            dag.line,
            dag_id=dag.dag_id,
        )

    def _failed(self, error: BaseException, file: Path, name: str) -> None:
        line = _line_in(error, file)
        if isinstance(error, DagInvalid):
            text = f"{error}; the file is left out"
            ids = {"dag_id": error.dag_id, "task_id": error.task_id}
            self._problem(error.cause, text, name, line, **ids)
            return
        self._problem("import", f"{_explained(error)}; the file is left out", name, line)

    def _problem(
        self,
        cause: Any,
        message: str,
        file: str | None,
        line: int | None = None,
        *,
        dag_id: str | None = None,
        task_id: str | None = None,
    ) -> None:
        self.problems.append(
            Problem(
                cause=cause, message=message, file=file, line=line, dag_id=dag_id, task_id=task_id
            )
        )


def _subdags(dag: DAG) -> list[Any]:
    """DAGs that run only as a task of this one; they have no schedule of their own."""
    found = [vars(task)["subdag"] for task in dag.tasks if vars(task).get("subdag") is not None]
    for subdag in found:
        if isinstance(subdag, DAG):
            subdag.schedule = None
    return found


def _line_in(error: BaseException, file: Path) -> int | None:
    """The last line of the DAG file that was reached before the error."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return lines[-1] if lines else None


def _explained(error: BaseException) -> str:
    """What happened and, where it is known, what to do about it."""
    network = _network_error(error)
    if network is not None:
        return str(network)
    if isinstance(error, SystemExit):
        return f"the file ends the program while it is loaded (exit code {error.code!r})"
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name:
        own = could_be_own(error.name.partition(".")[0])
        advice = (
            f"there is {own}, but it can't be imported from here: load the folder that holds it, "
            "or add that folder to PYTHONPATH"
            if own
            else f"install what provides it, or put {error.name} into the DAGs folder"
        )
        return f"{said} ({advice})"
    if isinstance(error, KeyError) and _reads_environment(error):
        return f"{said} (the environment variable isn't set; set it before windtunnel runs)"
    return f"the file fails while it is loaded: {said}"


def _network_error(error: BaseException | None) -> BaseException | None:
    """The attempt to reach the network behind an error, however often it was wrapped."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, NetworkRefusedError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _reads_environment(error: BaseException) -> bool:
    """Whether a KeyError came out of ``os.environ``."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.endswith(("os.py", "<frozen os>"))
