"""Discovery: which files of a folder are DAG files, and where their imports are looked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line of an ``.airflowignore``, for paths below its folder."""

    base: Path
    patterns: tuple[re.Pattern[str], ...]
    again: bool = False
    """Whether what matches is taken in again (``!pattern``)."""

    def is_for(self, entry: Path) -> bool:
        """Whether it says something of a file or folder."""
        name = entry.relative_to(self.base).as_posix()
        return any(pattern.match(name) for pattern in self.patterns)


def python_files(folder: Path, profile: str = "airflow-3.3") -> list[Path]:
    """All Python files below a folder, in path order, less what ``.airflowignore`` excludes."""
    regexp = profile.startswith("airflow-2")
    return sorted(_walk(folder, [], {os.path.realpath(folder)}, regexp=regexp))


def _walk(folder: Path, rules: list[_Rule], seen: set[str], *, regexp: bool) -> Iterator[Path]:
    rules = [*rules, *_ignore_rules(folder, regexp=regexp)]
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
                yield from _walk(entry, rules, seen | {real}, regexp=regexp)
        elif entry.suffix == ".py":
            yield entry


def _is_ignored(entry: Path, rules: list[_Rule]) -> bool:
    """The last rule that says something of it decides, as in ``.gitignore``."""
    for rule in reversed(rules):
        if rule.is_for(entry):
            return not rule.again
    return False


ONLY_IN_EXPRESSIONS = (".*", "\\.", "^", "$", "|", "(", "+")


def _ignore_rules(folder: Path, *, regexp: bool) -> Iterator[_Rule]:
    """The rules of the folder's ``.airflowignore``.

    Globs in Airflow 3, regular expressions in Airflow 2; but ``[core] dag_ignore_file_syntax`` may
    say otherwise, so what can only be the other is taken for it."""
    file = folder / ".airflowignore"
    for written in _lines(file) if file.is_file() else ():
        line = re.sub(r"\s*#.*$", "", written).strip()
        if line.startswith("!"):
            yield _Rule(folder, (_glob(line[1:]),), again=True)
        elif line and regexp and not _is_glob(line):
            yield _Rule(folder, tuple(_expression(line)))
        elif line and any(sign in line for sign in ONLY_IN_EXPRESSIONS):
            yield _Rule(folder, (_glob(line), *_expression(line)))
        elif line:
            yield _Rule(folder, (_glob(line),))


def _is_glob(line: str) -> bool:
    """Whether a line can't be meant as a regular expression."""
    return line.startswith(("*", "/")) or "**" in line or line.endswith("/")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _glob(line: str) -> re.Pattern[str]:
    """A glob of ``.gitignore``: without a slash inside it matches in any folder."""
    anchored = "/" in line.rstrip("/")
    parts = [".*" if part == "**" else _segment(part) for part in line.strip("/").split("/")]
    pattern = "/".join(parts).replace(".*/", "(?:.*/)?")
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{pattern}(?:/.*)?\\Z")


def _segment(part: str) -> str:
    """One segment of a glob: ``*`` and ``?`` don't cross a slash."""
    pattern = translate(part).removeprefix("(?s:").removesuffix(r"\Z").removesuffix(r"\z")
    return pattern.removesuffix(")").replace(".*", "[^/]*")


def _expression(line: str) -> Iterator[re.Pattern[str]]:
    """A regular expression, found anywhere in a path (``utils/file.py: _RegexpIgnoreRule``)."""
    try:
        yield re.compile(line if line.startswith("^") else f"^.*{line}")
    except re.error:
        return


def looks_like_dag_file(source: bytes, profile: str = "airflow-3.3") -> bool:
    """Airflow's safe mode: a DAG file mentions both ``dag`` and ``airflow``, in Airflow 3 perhaps
    ``asset`` instead (``file.py: might_contain_dag_via_default_heuristic``)."""
    lowered = source.lower()
    words = (b"dag",) if profile.startswith("airflow-2") else (b"dag", b"asset")
    return b"airflow" in lowered and any(word in lowered for word in words)
