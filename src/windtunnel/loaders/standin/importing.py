"""Importing: the hook that offers a pretend ``airflow``, and placeholders for missing modules."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from windtunnel.loaders.standin import session
from windtunnel.loaders.standin.attrs import is_pretend_attrs, pretend_attrs
from windtunnel.loaders.standin.dagfactory import pretend_dagfactory
from windtunnel.loaders.standin.dates import is_pretend, pretend_pendulum
from windtunnel.loaders.standin.placeholder import Placeholder
from windtunnel.loaders.standin.surface import offer, third_party
from windtunnel.loaders.standin.twins import twin_of
from windtunnel.loaders.standin.undefined import undefined_names


def real_airflow() -> str | None:
    """Where the real Airflow is installed, ``None`` if it isn't importable."""
    found = sys.modules.get("airflow")
    if isinstance(found, PretendModule):
        return None
    try:
        spec = importlib.util.find_spec("airflow")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    # A folder of somebody's own that is called airflow is no Airflow.
    home = Path(spec.origin).parent
    return str(home) if (home / "configuration.py").exists() else None


class PretendModule(types.ModuleType):
    """A module of the pretend ``airflow``; any name can be imported from it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__file__ = None

    def __getattr__(self, name: str) -> Any:
        if name == "__all__" and (asking := _asking_file()) is not None:
            return undefined_names(asking)
        value = offer(self.__name__, name)
        self.__dict__.setdefault(name, value)
        return value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a function that was taken for a module."""
        # `from airflow.x import something` can't be told from a submodule: it may be a function.
        return Placeholder(self.__name__)(*args, **kwargs)


class PlaceholderModule(types.ModuleType):
    """Stands for a module that isn't installed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__file__ = None

    def __getattr__(self, name: str) -> Any:
        if name == "__all__" and (asking := _asking_file()) is not None:
            return undefined_names(asking)
        if name == "__version__":
            return "0"
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = third_party(self.__name__, name)
        self.__dict__.setdefault(name, value)
        return value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As a function that was taken for a module."""
        return Placeholder(self.__name__)(*args, **kwargs)


class _Finder:
    """Base of both hooks: a module is made by calling a function with its name."""

    def _spec(self, name: str) -> importlib.machinery.ModuleSpec:
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def make(self, name: str) -> types.ModuleType:
        """The module of this name."""
        raise NotImplementedError

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Part of Python's import protocol."""
        return self.make(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Part of Python's import protocol: nothing is left to do."""


class AirflowFinder(_Finder):
    """Answers every import of ``airflow`` and what is below it."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - part of the protocol
        target: Any = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Part of Python's import protocol."""
        if not _is_airflow(name):
            return None
        return _example(name) or self._spec(name)

    def make(self, name: str) -> types.ModuleType:
        """A pretend module."""
        return PretendModule(name)


LEAST_TRUSTING = 2
"""How generous a session must be to take a placeholder for a module of the repository."""


class OwnFinder:
    """Asked when Airflow's path has no answer: files of the repository that are deployed elsewhere
    than they lie."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - part of the protocol
        target: Any = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Part of Python's import protocol."""
        asking = _asking_file() if "." not in name else None
        if asking is None:
            return None
        now = session.current()
        now.missing.add(name)
        place = now.own.place_of(name, asking) if now.generous < LEAST_TRUSTING else None
        if place is None:
            return None
        now.assume(
            f"module {name}",
            f"taken from {place.relative_to(now.root)}, which isn't on Airflow's path",
        )
        return _spec_of(name, place)


def _spec_of(name: str, place: Path) -> importlib.machinery.ModuleSpec | None:
    """The spec of a module that a file or folder is."""
    if place.is_file():
        return importlib.util.spec_from_file_location(name, place)
    initial = place / "__init__.py"
    inside = [str(place)]
    if initial.is_file():
        return importlib.util.spec_from_file_location(
            name, initial, submodule_search_locations=inside
        )
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = inside
    return spec


def _example(name: str) -> importlib.machinery.ModuleSpec | None:
    """A module of Airflow's own examples, if these are what is being loaded."""
    below = name.partition(".example_dags.")[2]
    for root in session.current().roots if below else ():
        target = root.joinpath(*below.split("."))
        file = target.with_name(f"{target.name}.py")
        if file.is_file() or target.is_dir():
            return _spec_of(name, file if file.is_file() else target)
    return None


class MissingFinder(_Finder):
    """Asked last: answers imports of modules that aren't installed, for files of the repository.

    Installed libraries probe for optional modules by importing them; they must go on failing.
    """

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - part of the protocol
        target: Any = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Part of Python's import protocol."""
        parent = sys.modules.get(name.rpartition(".")[0])
        if isinstance(parent, PlaceholderModule) or is_pretend(parent) or is_pretend_attrs(parent):
            return self._spec(name)
        if "." in name and getattr(parent, "__file__", None) is not None:
            now = session.current()
            if not (now.generous and now.is_under_roots(str(getattr(parent, "__file__", "")))):
                return None  # a regular package is there: that it lacks a module is a mistake
        return self._spec(name) if _asking_file() is not None else None

    def make(self, name: str) -> types.ModuleType:
        """A placeholder module; pendulum is needed too often to be inert."""
        if name == "pendulum" or name.startswith("pendulum."):
            return pretend_pendulum(name)
        if name.partition(".")[0] in ("attr", "attrs"):
            return pretend_attrs(name)
        twin = pretend_dagfactory(name) if name.startswith("dagfactory") else twin_of(name)
        if twin is not None:
            _twins.add(id(twin))
            return twin
        if "." not in name or not isinstance(
            sys.modules.get(name.rpartition(".")[0]), PlaceholderModule
        ):
            session.current().assume(f"module {name}", "isn't installed: a placeholder is used")
        return PlaceholderModule(name)


_HERE = f"{Path(__file__).parent}/"
"""Where the stand-in itself lies, whose frames don't ask for anything."""


def _asking_file() -> str | None:
    """The file of the repository in which the import statement stands; ``None`` if it is elsewhere.

    Installed libraries probe for optional modules, and must not find placeholders."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if "importlib" not in file and not file.startswith(_HERE):
            now = session.current()
            return file if file == now.file or now.is_under_roots(file) else None
        frame = frame.f_back
    return None


@contextmanager
def offered(*folders: Path) -> Iterator[None]:
    """Inside the ``with`` block ``import airflow`` gives the pretend one.

    Modules in these folders can be imported, too. Afterwards nothing of either is left. Blocks may
    be nested."""
    airflow, own, missing = AirflowFinder(), OwnFinder(), MissingFinder()
    set_aside = {n: m for n, m in sys.modules.items() if _is_airflow(n)}
    if not isinstance(set_aside.get("airflow"), PretendModule):
        for name in set_aside:
            del sys.modules[name]
    before = set(sys.modules)
    path = list(sys.path)
    write_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # reading a repository must not write into it
    sys.meta_path.insert(0, airflow)
    sys.meta_path += [own, missing]
    # Appended, as Airflow does: a repository may hold a package called yaml or http.
    sys.path.extend(str(f) for f in folders if str(f) not in sys.path)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.meta_path[:] = [f for f in sys.meta_path if f not in (airflow, own, missing)]
        sys.path[:] = path
        sys.dont_write_bytecode = write_bytecode
        for name in [n for n in sys.modules if n not in before]:
            if _is_ours(sys.modules[name], folders):
                del sys.modules[name]
        sys.modules.update(set_aside)


@contextmanager
def supplemented(names: Sequence[tuple[str, str]]) -> Iterator[None]:
    """Inside the ``with`` block installed modules of another version than the file was written for
    have these names, too. Modules of the repository don't: what they lack is a mistake."""
    given: list[tuple[Any, str]] = []
    try:
        for module, name in names:
            with suppress(Exception):
                owner = importlib.import_module(module)
                file = getattr(owner, "__file__", None) or ""
                if hasattr(owner, name) or session.current().is_own(file):
                    continue
                setattr(owner, name, third_party(module, name))
                given.append((owner, name))
                said = "isn't in the version that is installed: a placeholder is used"
                session.current().assume(f"name {module}.{name}", said)
        yield
    finally:
        for owner, name in given:
            vars(owner).pop(name, None)


class _AsideFinder(_Finder):
    """Answers imports of modules that are installed, and that would reach the network."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def holds(self, name: str) -> bool:
        """Whether it is one of them, or below one."""
        return any(name == one or name.startswith(f"{one}.") for one in self.names)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - part of the protocol
        target: Any = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Part of Python's import protocol."""
        return self._spec(name) if self.holds(name) else None

    def make(self, name: str) -> types.ModuleType:
        """A placeholder module."""
        if name in self.names:
            said = "reaches the network while the file loads: a placeholder is used"
            session.current().assume(f"module {name}", said)
        return PlaceholderModule(name)


@contextmanager
def set_aside(names: Sequence[str]) -> Iterator[None]:
    """Inside the ``with`` block placeholders stand for these installed modules."""
    finder = _AsideFinder(names)
    kept = {name: module for name, module in sys.modules.items() if finder.holds(name)}
    for name in kept:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [one for one in sys.modules if finder.holds(one)]:
            del sys.modules[name]
        sys.modules.update(kept)


_twins: set[int] = set()
"""Ids of the modules that stand for others; they go when the load ends."""


def _is_airflow(name: str) -> bool:
    return name == "airflow" or name.startswith("airflow.")


def _is_ours(module: Any, folders: Sequence[Path]) -> bool:
    """Whether a module exists only because of the load."""
    if isinstance(module, PretendModule | PlaceholderModule) or id(module) in _twins:
        return True
    if is_pretend(module) or is_pretend_attrs(module):
        return True
    try:
        inside = [str(p) for p in getattr(module, "__path__", [])]
    except KeyError:  # a namespace package whose parent is gone already
        return True
    places = [getattr(module, "__file__", None) or "", *inside]
    return any(Path(p).is_relative_to(f) for p in places if p for f in folders)
