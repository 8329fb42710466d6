"""Own modules: which file of a repository an ``import`` means that Airflow's path doesn't answer.

Repositories are deployed in ways that can't be seen from their files: a subfolder is copied next to
the DAGs, the root is installed as a package under another name, each example has a plugins folder
of its own. What the importing file asks for tells which folder is meant: the one below which the
dotted names, and the names taken from them, exist.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

MARKS = frozenset(
    (
        ".circleci",
        ".dockerignore",
        ".git",
        ".github",
        ".gitignore",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        "Makefile",
        "Pipfile",
        "poetry.lock",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "Dockerfile",
        "docker-compose.yml",
        "docker-compose.yaml",
        "requirements.txt",
        "airflow.cfg",
        "airflow_settings.yaml",
        "README.md",
        "README.rst",
        "LICENSE",
        "plugins",
    )
)
"""What lies at the root of a repository, or of a part of it."""
HIGHEST = 4
"""How many folders above the DAG files the root may lie."""
SKIPPED_FOLDERS = frozenset(("__pycache__", "node_modules", "site-packages", "venv", "env"))
IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([^\n#]+))",
    re.M,
)


def repository_root(folder: Path) -> Path:
    """The root of the repository that a folder of DAG files is in; the folder itself if it can't
    be told."""
    root = folder
    for above in [folder, *folder.parents][: HIGHEST + 1]:
        if above in (above.parent, Path.home(), Path(tempfile.gettempdir())):
            break
        found = _entries(above)
        if ".git" in found:
            return above
        if found & MARKS and (above in (folder, root) or _touches(root, above)):
            root = above
    return root


def _touches(root: Path, above: Path) -> bool:
    """Whether at most two unmarked folders, such as ``src/airflow/``, lie between the two."""
    return len(root.relative_to(above).parts) <= 3


def _entries(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


@dataclass(frozen=True)
class Wish:
    """What one file wants of a top-level module: dotted paths, and names taken from them."""

    modules: frozenset[str] = frozenset()
    names: frozenset[tuple[str, str]] = frozenset()


@dataclass(eq=False)
class OwnModules:
    """The Python files of a repository, by the names under which they could be imported."""

    root: Path
    _texts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[str, list[Path]]:
        """Name -> files ``name.py`` and folders ``name`` that hold Python files."""
        found: dict[str, list[Path]] = {}
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(
                f for f in folders if not f.startswith(".") and f not in SKIPPED_FOLDERS
            )
            here = Path(folder)
            python = sorted(f for f in files if f.endswith(".py"))
            if python:
                for package in self._up_from(here):
                    if package not in found.setdefault(package.name, []):
                        found[package.name].append(package)
            for file in python:
                found.setdefault(file.removesuffix(".py"), []).append(here / file)
        return found

    def _up_from(self, folder: Path) -> Iterator[Path]:
        """A folder of Python files and those around it: ``a`` of ``a/b/c.py`` is a package, too."""
        while folder != self.root:
            yield folder
            folder = folder.parent

    def place_of(self, name: str, asking: str) -> Path | None:
        """The file or folder that a file of the repository means by a top-level name.

        ``None`` if nothing fits: then it is a module that isn't installed."""
        wish = self._wish(name, asking)
        asker = Path(asking)
        best: tuple[int, int, int] | None = None
        chosen: Path | None = None
        for place in self.places.get(name, ()):
            if self._imports_itself(place, name):
                continue
            fits = self._fit(place, wish)
            inside_package = (place.parent / "__init__.py").exists()
            if fits is None or (inside_package and not asker.is_relative_to(place.parent)):
                continue
            rank = (fits, not inside_package, _nearness(asker, place))
            if best is None or rank > best:
                best, chosen = rank, place
        return chosen or self._under_another_name(name, wish, asker)

    def _imports_itself(self, place: Path, name: str) -> bool:
        """Whether a file wants another module of its own name: then it isn't what is meant."""
        if not place.is_file():
            return False
        wish = self._wish(name, str(place))
        return bool(wish.names or wish.modules)

    def _fit(self, place: Path, wish: Wish) -> int | None:
        """How many wishes a place fulfils; ``None`` if it fulfils none of them."""
        asked, fulfilled = 0, 0
        for dotted in wish.modules:
            asked += 1
            fulfilled += _below(place, dotted) is not None
        for dotted, name in wish.names:
            asked += 1
            fulfilled += self._offers(_below(place, dotted), name)
        if asked and not fulfilled:
            return None
        return fulfilled

    def _offers(self, module: Path | None, name: str) -> bool:
        """Whether a name can be imported from a module: a module in it, or a word of its text."""
        if module is None:
            return False
        if module.is_dir():
            if _below(module, name) is not None:
                return True
            module = module / "__init__.py"
        text = self._text(module)
        return name == "*" or re.search(rf"\b{re.escape(name)}\b", text) is not None

    def _text(self, file: Path) -> str:
        key = str(file)
        if key not in self._texts:
            try:
                self._texts[key] = file.read_text("utf-8", errors="replace")
            except OSError:
                self._texts[key] = ""
        return self._texts[key]

    def _under_another_name(self, name: str, wish: Wish, asker: Path) -> Path | None:
        """The folder around a file that is meant by a name which it doesn't have: its checkout is
        called otherwise."""
        deep = [dotted for dotted in wish.modules if dotted]
        if not deep:
            return None
        for folder in asker.parents:
            if all(_below(folder, dotted) is not None for dotted in deep):
                called = folder.name.replace("-", "_").endswith(name)
                if called or (len(deep) > 1 and any("." in dotted for dotted in deep)):
                    return folder
            if folder == self.root:
                break
        return None

    def _wish(self, name: str, asking: str) -> Wish:
        """What a file imports from a top-level module, below its name."""
        modules: set[str] = set()
        names: set[tuple[str, str]] = set()
        for source, taken, plain in IMPORTS.findall(self._text(Path(asking))):
            if source:
                if source.partition(".")[0] == name:
                    below = source.partition(".")[2]
                    modules |= {below} if below else set()
                    names |= {(below, one) for one in _names(taken)}
                continue
            for one in _names(plain):
                top, _, below = one.partition(".")
                if top == name and below:
                    modules.add(below)
        return Wish(frozenset(modules), frozenset(names))


def _names(listed: str) -> Iterator[str]:
    """The names of an import statement without what they are renamed to."""
    for part in re.sub(r"#[^\n]*", "", listed).strip("() \t").split(","):
        word = part.strip().partition(" ")[0].strip("\\")
        if re.fullmatch(r"[\w.]+|\*", word):
            yield word


def _below(place: Path, dotted: str) -> Path | None:
    """The file or folder of a dotted name below a package; the package itself for none."""
    if not dotted:
        return place
    if not place.is_dir():
        return None
    target = place.joinpath(*dotted.split("."))
    file = target.with_name(f"{target.name}.py")
    if file.is_file():
        return file
    return target if target.is_dir() else None


def _nearness(asker: Path, place: Path) -> int:
    """How many folders two paths share, and how few lie between."""
    shared = len(os.path.commonpath((asker, place)).split(os.sep))
    return 2 * shared - len(place.parts)
