"""World: the environment, files and clock that a DAG file sees while it is loaded."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any

from windtunnel.loaders.standin.clock import stopped_clock
from windtunnel.loaders.standin.placeholder import (
    PlaceholderMapping,
    PlaceholderText,
    Survivor,
    guessed,
)
from windtunnel.loaders.standin.reads import Reads, Watch, begin_watch, end_watch
from windtunnel.loaders.standin.session import Session

__all__ = ["Reads", "pretended"]


@contextlib.contextmanager
def pretended(session: Session, *, clock: bool = True) -> Iterator[Watch]:
    """Inside the ``with`` block reads from outside are answered, recorded and repeatable.

    Args:
        session: whose load it is.
        clock: whether ``datetime.now()`` gives the session's now.
    """
    watch = begin_watch(session)
    with contextlib.ExitStack() as undo:
        undo.callback(end_watch, watch)
        undo.enter_context(_environment(session))
        undo.enter_context(_files(session))
        if clock:
            undo.enter_context(stopped_clock(session))
        yield watch


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


# ------------------------------------------------------------------ environment


@contextlib.contextmanager
def _environment(session: Session) -> Iterator[None]:
    """``os.environ[...]`` of what isn't set gives a placeholder to files of the repository."""
    real = os._Environ.__getitem__

    def read(self: Any, name: Any) -> Any:
        if self is not os.environ or not isinstance(name, str):
            return real(self, name)
        asked, optional = _asked(session)
        try:
            value = real(self, name)
        except KeyError:
            if not asked:
                raise
            session.environment[name] = None
            return _unset(session, name, optional=optional)
        if asked:
            session.environment[name] = value
        return value

    with _replaced(os._Environ, "__getitem__", read):
        yield


def _asked(session: Session) -> tuple[bool, str | None]:
    """Whether a file of the repository asks, and what it does without the variable: ``None`` if it
    fails, ``"none"`` or ``"default"`` after ``get``, ``"absent"`` if it only looks."""
    frame: Any = sys._getframe(2)
    optional = None
    while frame is not None and frame.f_code.co_filename.endswith(MAPPING_CODE):
        called = frame.f_code.co_name
        if called == "get":
            optional = "none" if frame.f_locals.get("default") is None else "default"
        elif called != "getenv":
            optional = "absent"
        frame = frame.f_back
    return frame is not None and session.is_own(frame.f_code.co_filename), optional


MAPPING_CODE = ("os.py", "_collections_abc.py", "<frozen os>", "<frozen _collections_abc>")
"""Where ``os.environ.get`` and its kin are written."""


def _unset(session: Session, name: str, *, optional: str | None) -> Any:
    """What a file gets for an environment variable that isn't set.

    Raises:
        KeyError: it can do without.
    """
    subject = f"environment variable {name}"
    if name == "AIRFLOW_HOME" and optional != "absent":
        home = session.folder.parent if session.folder.name == "dags" else session.folder
        session.assume(subject, f"isn't set: {home.name or home} is taken")
        return str(home)
    if subject in session.guesses.answers and optional != "absent":
        return guessed(subject)
    if optional is not None and not (session.generous and optional == "none"):
        if optional != "absent":
            session.asked.absent[subject] = None
            session.assume(subject, "isn't set: the file's own default holds")
        raise KeyError(name)
    session.assume(subject, "isn't set: a placeholder that reads as '1' is used")
    return PlaceholderText(about=subject)


# ------------------------------------------------------------------------ files


@contextlib.contextmanager
def _files(session: Session) -> Iterator[None]:
    """Files that lie elsewhere than where they are deployed to are found in the repository."""
    real = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        try:
            return real(file, mode, *arguments, **named)
        except FileNotFoundError:
            if set(mode) & set("wax+") or not session.asked_by_repository():
                raise
            found = deployed(session, file)
            if found is not None:
                return real(found, mode, *arguments, **named)
            if not session.generous:
                raise
            session.assume(f"file {_shown(session, file)}", "isn't there: a placeholder is used")
            return _MissingText("") if "b" not in mode else io.BytesIO(b"")

    with contextlib.ExitStack() as undo:
        undo.enter_context(_replaced(builtins, "open", opened))
        undo.enter_context(_replaced(io, "open", opened))
        for name in ("listdir", "scandir", "stat"):
            undo.enter_context(_replaced(os, name, _redirected(session, getattr(os, name))))
        if session.generous:
            undo.enter_context(_reading_placeholders())
            undo.enter_context(_missing_programs(session))
        yield


def _redirected(session: Session, real: Callable[..., Any]) -> Callable[..., Any]:
    """``os.listdir`` and the like, for paths of a deployment that isn't here."""

    def asked(path: Any = ".", *arguments: Any, **named: Any) -> Any:
        try:
            return real(path, *arguments, **named)
        except (FileNotFoundError, NotADirectoryError):
            if not isinstance(path, str | PurePath) or not session.asked_by_repository():
                raise
            elsewhere = str(path).startswith(MOUNTS) or not PurePath(path).is_absolute()
            found = deployed(session, path) if elsewhere else None
            if found is not None:
                return real(found, *arguments, **named)
            if not session.generous or real.__name__ != "listdir":
                raise
            session.assume(f"folder {_shown(session, path)}", "isn't there: taken to be empty")
            return []

    return asked


MOUNTS = (
    "/opt/airflow/",
    "/usr/local/airflow/",
    "/root/airflow/",
    "/home/airflow/",
    "/opt/bitnami/airflow/",
    "/airflow/",
    "/dags/",
)
"""Where images of Airflow keep DAGs, plugins and what lies beside them."""


def deployed(session: Session, path: Any) -> Path | None:
    """The file of the repository that ends up at a path when it is deployed.

    It is the longest end of the path that exists below the DAGs folder, another folder on Airflow's
    path, the repository's root, or what lies between."""
    try:
        parts = PurePath(os.fspath(path)).parts
    except TypeError:
        return None
    places = dict.fromkeys((session.folder, *session.roots, *session.folder.parents))
    inside = [place for place in places if _within(place, session.root)]
    ends = [parts] if not PurePath(*parts).is_absolute() else []
    ends += [parts[start:] for start in range(1, len(parts))]
    # One name alone, such as config.json, says too little unless it was written as a relative path.
    for end in (e for e in ends if len(e) > 1 or e == parts):
        for folder in inside:
            for candidate in (folder.joinpath(*end), folder.joinpath(*end[1:])):
                if _is_meant(candidate, folder, end):
                    session.assume(
                        f"path {_shown(session, path)}",
                        f"isn't there: {candidate.relative_to(session.root)} is taken",
                    )
                    return candidate
    return None


def _is_meant(candidate: Path, folder: Path, end: tuple[str, ...]) -> bool:
    """Whether a candidate exists; without its first name only if that could name the folder."""
    if candidate != folder.joinpath(*end) and not folder.name.endswith(end[0]):
        return False
    return candidate != folder and os.path.lexists(candidate)


def _within(folder: Path, root: Path) -> bool:
    return folder == root or folder.is_relative_to(root)


def _shown(session: Session, path: Any) -> str:
    """A path as it is told: within the repository without what lies around it."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else str(path)
    return str(text).removeprefix(f"{session.root}{os.sep}")


class _MissingText(io.StringIO):
    """Stands for a text file that isn't there."""

    def read(self, _size: int | None = -1, /) -> str:
        """A text of which nothing is known."""
        return PlaceholderText()


@contextlib.contextmanager
def _reading_placeholders() -> Iterator[None]:
    """JSON and YAML of an unknown text is an unknown mapping."""
    with contextlib.ExitStack() as undo:
        for module, names in (("json", ("load", "loads")), ("yaml", ("load", "safe_load"))):
            owner = json if module == "json" else sys.modules.get(module)
            for name in names if owner is not None else ():
                undo.enter_context(_replaced(owner, name, _unknown_or(getattr(owner, name))))
        yield


def _unknown_or(real: Callable[..., Any]) -> Callable[..., Any]:
    def read(source: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(source, _MissingText | PlaceholderText | Survivor):
            return PlaceholderMapping()
        return real(source, *arguments, **named)

    return read


@contextlib.contextmanager
def _missing_programs(session: Session) -> Iterator[None]:
    """A program that isn't installed is taken to have run, and to have printed an unknown text."""
    run, output = subprocess.run, subprocess.check_output

    def ran(arguments: Any, *more: Any, **named: Any) -> Any:
        try:
            return run(arguments, *more, **named)
        except FileNotFoundError:
            _note_program(session, arguments)
            return subprocess.CompletedProcess(arguments, 0, PlaceholderText(), PlaceholderText())

    def printed(arguments: Any, *more: Any, **named: Any) -> Any:
        try:
            return output(arguments, *more, **named)
        except FileNotFoundError:
            _note_program(session, arguments)
            return PlaceholderText()

    with _replaced(subprocess, "run", ran), _replaced(subprocess, "check_output", printed):
        yield


def _note_program(session: Session, arguments: Any) -> None:
    name = arguments.split()[0] if isinstance(arguments, str) else str(next(iter(arguments)))
    session.assume(f"program {name}", "isn't installed: taken to have succeeded")
