"""Discovery: which files of a folder are DAG files, and where their imports are looked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import translate
from pathlib import Path

from windtunnel.loaders.standin.own import SKIPPED_FOLDERS


def import_roots(path: Path, root: Path) -> tuple[Path, ...]:
    """Folders from which DAG files import modules of their own repository.

    Airflow puts the DAGs and plugins folders on ``sys.path``; a repository's root often is, too.
    """
    folder = path if path.is_dir() else path.parent
    inner = folder / "dags"
    if inner.is_dir():
        candidates = [inner, folder / "plugins", folder, root]
    elif folder.name == "dags":
        candidates = [folder, folder / "plugins", folder.parent / "plugins", folder.parent, root]
    else:
        candidates = [folder, folder / "plugins", root]
    return tuple(dict.fromkeys(c for c in candidates if c.is_dir()))


def repository_names(root: Path) -> list[str]:
    """Paths of all Python files of a repository: they decide what an import means."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS]
        found += [os.path.join(folder, f) for f in files if f.endswith(".py")]
    return sorted(found)


def python_files(folder: Path) -> list[Path]:
    """All Python files below a folder, in path order, less what ``.airflowignore`` excludes."""
    return sorted(_walk(folder, folder, [], {os.path.realpath(folder)}))


def _walk(
    top: Path, folder: Path, rules: list[tuple[Path, re.Pattern[str]]], seen: set[str]
) -> Iterator[Path]:
    rules = [*rules, *((folder, rule) for rule in _ignore_rules(folder))]
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or _is_ignored(entry, rules):
            continue
        if entry.is_dir():
            real = os.path.realpath(entry)
            # A folder that holds a link to itself would go on for ever.
            if entry.name not in SKIPPED_FOLDERS and real not in seen:
                yield from _walk(top, entry, rules, seen | {real})
        elif entry.suffix == ".py":
            yield entry


def _ignore_rules(folder: Path) -> list[re.Pattern[str]]:
    """Patterns of the folder's ``.airflowignore``.

    Globs as in Airflow 3, or regular expressions as in Airflow 2: a line counts as both."""
    file = folder / ".airflowignore"
    if not file.is_file():
        return []
    lines = [re.sub(r"\s*#.*$", "", line).strip() for line in _lines(file)]
    return [rule for line in lines if line and not line.startswith("!") for rule in _rules(line)]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _rules(line: str) -> Iterator[re.Pattern[str]]:
    with_any_folder = line if line.startswith("/") or "/" in line.rstrip("/") else f"**/{line}"
    glob = translate(with_any_folder.strip("/").replace("**/", "*")).removesuffix(r"\Z")
    yield re.compile(glob.removesuffix(r"\z") + r"(/.*)?\Z")
    try:
        yield re.compile(rf"^.*{line}" if not line.startswith("^") else line)
    except re.error:
        return


def _is_ignored(entry: Path, rules: list[tuple[Path, re.Pattern[str]]]) -> bool:
    return any(rule.match(entry.relative_to(base).as_posix()) for base, rule in rules)


def looks_like_dag_file(source: bytes) -> bool:
    """Airflow's safe mode: a DAG file mentions both ``dag`` and ``airflow``."""
    lowered = source.lower()
    return b"dag" in lowered and b"airflow" in lowered
