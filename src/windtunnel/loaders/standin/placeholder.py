"""Placeholders: inert objects for what only Airflow's database or a missing module could say."""

from __future__ import annotations

import dis
import re
import sys
import types
from abc import ABCMeta
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from windtunnel.loaders.standin import session

OVERRIDE = ".override"
"""What a call of a TaskFlow function's ``override`` ends with."""


def _unpacked(frame: types.FrameType) -> int:
    """How many values an assignment unpacks at this moment, 0 if none does."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at + 1] if dis.opname[code[at]] == "UNPACK_SEQUENCE" else 0


class Survivor:
    """Takes part in whatever expression it stands in, and changes nothing."""

    def __iter__(self) -> Iterator[Any]:
        # In `a, b = unknown` there must be two; in a loop there is nothing.
        return iter([self] * _unpacked(sys._getframe(1)))

    def __contains__(self, item: object) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return False

    def __le__(self, other: object) -> bool:
        return True

    def __ge__(self, other: object) -> bool:
        return True

    def __setitem__(self, *_: Any) -> None:
        return None

    def __getitem__(self, key: Any) -> Any:
        return Placeholder(f"{self!r}[{key!r}]")

    def _same(self, *_: Any) -> Any:
        return self

    def _other(self, other: Any) -> Any:
        return other

    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _same
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __or__ = __ror__ = __and__ = __neg__ = _same
    __invert__ = __round__ = _same
    # In `task >> placeholder >> task` the chain goes on behind it.
    __rshift__ = __lshift__ = _other
    __rrshift__ = __rlshift__ = _same


class InertBase(Survivor):
    """What a class inherits from when its real base is missing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        mro = type(self).__mro__
        rest = mro[mro.index(Survivor) + 1 :]
        if any("__init__" in vars(cls) for cls in rest if cls is not object):
            # A missing mixin before a class that is there, an operator perhaps.
            super().__init__(*args, **kwargs)
            return
        for name, value in kwargs.items():
            # not hasattr: a class that is missing seems to have every attribute
            if name.isidentifier() and not any(name in vars(cls) for cls in mro):
                object.__setattr__(self, name, value)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{type(self).__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Another placeholder; of a decorator, what it decorates."""
        return _called(type(self).__name__, args, kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def _called(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call of something unknown gives."""
    # A decorator must give back what it decorates, or the DAG in it is lost.
    if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
        return args[0]
    if len(args) == 1 and not kwargs and isinstance(args[0], type):
        return _takes_anything(args[0])
    if name.endswith(CLASS_MAKERS):
        return inert_class("Base", name)
    if name.endswith(OVERRIDE) and not args:
        return Overridden(name.removesuffix(OVERRIDE), kwargs)
    if "task_id" in kwargs and Placeholder.task_of_call is not None:
        task = Placeholder.task_of_call(name, kwargs)
        if task is not None:
            return task
    if session.current().running:
        raise NotKnownHereError(
            f"{name}() can't be called here: its module isn't installed, or it would reach outside "
            "of the simulation. Install it, or declare what the task returns with a behavior rule "
            "(result = ...)"
        )
    session.current().note_unknown_call(name)
    return Placeholder(f"{name}()")


class NotKnownHereError(RuntimeError):
    """A task that runs calls something of which there is only a placeholder."""


class Placeholder(Survivor):
    """Survives whatever a module does with a value at import time, and does nothing."""

    task_of_call: ClassVar[Callable[[str, dict[str, Any]], Any] | None] = None
    """What makes a task of a call that names one; set by those who know tasks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return member(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Another placeholder; of a decorator, what it decorates."""
        return _called(self._name, args, kwargs)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return () if any(b is InertBase for b in bases) else (InertBase,)

    def __repr__(self) -> str:
        return f"<{self._name}>"

    def __str__(self) -> str:
        return self._name

    def __format__(self, form: str) -> str:
        return self._name

    def __fspath__(self) -> str:
        return self._name


class Overridden(Placeholder):
    """A ``@task`` function of a missing module, with other arguments of its task:
    ``load.override(task_id="load_eu")("eu")``."""

    def __init__(self, name: str, arguments: dict[str, Any]) -> None:
        super().__init__(name)
        self._arguments = arguments

    def __call__(self, *_: Any, **__: Any) -> Any:
        """The task; what the function is called with is its own matter."""
        return _called(self._name, (), self._arguments)


def _takes_anything(cls: type) -> type:
    """A class under a missing decorator, such as that of attrs: its constructor may be lost."""
    names = list(vars(cls).get("__annotations__", {}))
    if "__init__" in vars(cls) or not names:
        return cls

    def take(self: Any, *args: Any, **kwargs: Any) -> None:
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            setattr(self, name, value)

    cls.__init__ = take  # type: ignore[misc]
    return cls


class PlaceholderText(str):
    """Stands for an unknown text: it can be used as text, number, mapping or list of one item."""

    __slots__ = ("about",)

    about: str
    """What it was read from, if its being compared tells something of that."""

    def __new__(cls, value: str = "1", about: str = "") -> PlaceholderText:
        """A text of which nothing is known but that it may be read as a number."""
        made = super().__new__(cls, value)
        made.about = about
        return made

    def __eq__(self, other: object) -> bool:
        if self.about and isinstance(other, str) and not isinstance(other, PlaceholderText):
            session.current().asked.compared.setdefault(self.about, {})[other] = None
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def lower(self) -> PlaceholderText:
        """Itself: that it is compared must be seen."""
        return self

    upper = casefold = lower

    def strip(self, *_: Any) -> PlaceholderText:
        """Itself."""
        return self

    def __contains__(self, key: Any) -> bool:
        return str.__contains__(self, key) or session.current().generous > 0

    def __getitem__(self, key: Any) -> Any:
        return str(self)[key] if isinstance(key, int | slice) else _of_key(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return PlaceholderText()

    def __call__(self, *_: Any, **__: Any) -> PlaceholderText:
        """As of a function that gives a text."""
        return PlaceholderText()

    def __iter__(self) -> Iterator[Any]:
        return iter(_items(self, _unpacked(sys._getframe(1))))

    def __int__(self) -> int:
        return self.__index__()

    def __float__(self) -> float:
        return float(self.__index__())

    def __index__(self) -> int:
        return int(str(self)) if str(self).isdigit() else 1

    def __add__(self, other: Any) -> Any:
        return str(self) + other if isinstance(other, str) else self.__index__() + other

    def __radd__(self, other: Any) -> Any:
        return other + (str(self) if isinstance(other, str) else self.__index__())

    def __sub__(self, other: Any) -> Any:
        return self.__index__() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.__index__()

    def __truediv__(self, other: Any) -> Any:
        return PlaceholderText(f"{self}/{other}")

    def __lt__(self, other: Any) -> bool:
        return str(self) < other if isinstance(other, str) else self.__index__() < other

    def __gt__(self, other: Any) -> bool:
        return str(self) > other if isinstance(other, str) else self.__index__() > other

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def split(self, *_: Any, **__: Any) -> Any:
        """Parts, of which there are as many as are asked for."""
        return PlaceholderList(str(self))

    rsplit = split

    def get(self, _key: Any, default: Any = None) -> Any:
        """As of a mapping: the default, or another unknown text."""
        return PlaceholderText() if default is None else default

    def items(self) -> list[tuple[str, Any]]:
        """As of an empty mapping, unless it is known to hold something."""
        return [(key, PlaceholderText()) for key in self.keys()]

    def keys(self) -> list[str]:
        """As of an empty mapping, unless it is known to hold something."""
        return [*_items("1", 0)] if session.current().guesses.items > 1 else []

    def values(self) -> list[Any]:
        """As of an empty mapping, unless it is known to hold something."""
        return [PlaceholderText() for _ in self.keys()]


class PlaceholderList(list[Any]):
    """Stands for an unknown list of texts: one that can be looped over, any that is asked for."""

    def __init__(self, text: str) -> None:
        super().__init__([PlaceholderText(text)])

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, slice) else PlaceholderText()

    def __iter__(self) -> Iterator[Any]:
        return iter(_items("1", _unpacked(sys._getframe(1))))


def _items(text: str, unpacked: int) -> list[PlaceholderText]:
    """The items of an unknown list: as many as an assignment unpacks, or as are guessed. Of several
    that a file loops over each is another, for they may name tasks."""
    guesses = session.current().guesses
    if unpacked or guesses.items == 1:
        return [PlaceholderText(str(text))] * max(1, unpacked)
    return [PlaceholderText(str(number + 1)) for number in range(guesses.items)]


def _of_key(key: Any) -> PlaceholderText:
    """What an unknown mapping holds under a key: after a failure it reads as that key, since ids
    that are made of two of them may have to differ."""
    return PlaceholderText(str(key) if session.current().generous else "1")


def guessed(subject: str) -> PlaceholderText:
    """What a Variable or an environment variable is guessed to read as, which is said."""
    now = session.current()
    text = now.guesses.answers[subject]
    why = "one of those that it is compared with" if text != "1" else "the file fails without it"
    now.assume(subject, f"isn't known: {text!r} is taken, {why}")
    return PlaceholderText(text)


class PlaceholderMapping(dict[Any, Any]):
    """Stands for an unknown mapping: it has every key, and nothing in it when it is looped over."""

    def __missing__(self, key: Any) -> Any:
        return _of_key(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or session.current().generous > 0

    def get(self, key: Any, default: Any = None) -> Any:
        """The default, or an unknown text."""
        if super().__contains__(key):
            return self[key]
        return _of_key(key) if default is None else default


EXCEPTION_ENDINGS = ("Error", "Exception", "Warning")
EXCEPTION_HOME = re.compile(r"(^|\.)(\w*exceptions?|errors?|exc)\.\w+$")
"""Modules in which classes are exceptions whatever they are called."""
CLASS_MAKERS = ("declarative_base", "automap_base")
"""Functions that give a class to inherit from."""


def member(dotted: str) -> Any:
    """What a missing module offers under a name: a class if it is written like one."""
    name = dotted.rpartition(".")[2]
    if name[:1].isupper() and (name.endswith(EXCEPTION_ENDINGS) or EXCEPTION_HOME.search(dotted)):
        return type(name, (Exception,), {"__module__": dotted.rpartition(".")[0]})
    if name[:1].isupper() and not name.isupper():
        return inert_class(name, dotted.rpartition(".")[0])
    return Placeholder(dotted)


class InertMeta(ABCMeta):
    """Lets class-level names of an inert class be read."""

    def __getattr__(cls, name: str) -> Any:
        if name == "__members__":
            return {}
        if name.startswith("_") or InertBase not in cls.__mro__:
            raise AttributeError(name)
        return Placeholder(f"{cls.__name__}.{name}")

    def __getitem__(cls, item: Any) -> Any:
        if InertBase not in cls.__mro__:
            raise TypeError(f"type {cls.__name__!r} is not subscriptable")
        return cls


def inert_class(name: str, module: str) -> type:
    """A class that can be instantiated and inherited from, and does nothing."""
    return InertMeta(name, (InertBase,), {"__module__": module})
