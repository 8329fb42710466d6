"""Attrs: a small pretend ``attr`` and ``attrs``: classes made with them have constructors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from windtunnel.loaders.standin.placeholder import Placeholder

NOTHING: Any = type("Nothing", (), {"__repr__": lambda _: "NOTHING", "__bool__": lambda _: False})()


@dataclass(eq=False)
class Factory:
    """A default that is made anew for each instance."""

    factory: Callable[..., Any]
    takes_self: bool = False


@dataclass(eq=False)
class Attribute:
    """One attribute of a class, as ``field()`` or ``ib()`` declares it."""

    name: str = ""
    value: Any = NOTHING
    convert: Callable[[Any], Any] | None = None
    kw_only: bool = False
    init: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)

    def default(self, method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """``@name.default``: a method of the class makes the default."""
        self.value = Factory(method, takes_self=True)
        return method

    def validator(self, method: Any) -> Any:
        """``@name.validator``: values aren't validated."""
        return method

    def initial(self, instance: Any) -> Any:
        """The default of an instance.

        Raises:
            TypeError: there is none.
        """
        if isinstance(self.value, Factory):
            made = self.value
            return made.factory(instance) if made.takes_self else made.factory()
        if self.value is NOTHING:
            raise TypeError(f"{type(instance).__name__}() needs {self.name}")
        return self.value


def make_field(
    default: Any = NOTHING,
    *_: Any,
    factory: Callable[[], Any] | None = None,
    converter: Any = None,
    kw_only: bool = False,
    init: bool = True,
    metadata: dict[str, Any] | None = None,
    **__: Any,
) -> Any:
    """``attrs.field`` and ``attr.ib``."""
    value = Factory(factory) if factory is not None else default
    convert = converter if callable(converter) else None
    return Attribute("", value, convert, bool(kw_only), init, metadata or {})


def define(cls: Any = None, *_: Any, kw_only: bool = False, **__: Any) -> Any:
    """``attrs.define`` and ``attr.s``: a constructor from the attributes of a class."""
    if cls is None:
        return lambda decorated: define(decorated, kw_only=kw_only)
    own: dict[str, Attribute] = {}
    named = vars(cls).get("__annotations__", {})
    for name in dict.fromkeys((*named, *vars(cls))):
        value = vars(cls).get(name, NOTHING)
        if isinstance(value, Attribute):
            own[name] = value
        elif name in named and "ClassVar" not in str(named[name]):
            own[name] = Attribute(value=value)
    for name, attribute in own.items():
        attribute.name = name
        attribute.kw_only = attribute.kw_only or kw_only
        if isinstance(vars(cls).get(name), Attribute):
            delattr(cls, name)
    inherited: dict[str, Attribute] = {}
    for base in reversed(cls.__mro__[1:]):
        inherited |= vars(base).get("__attrs_attrs__", {})
    cls.__attrs_attrs__ = {**inherited, **own}
    if "__init__" not in vars(cls):
        cls.__init__ = _initialize
    return cls


def _initialize(self: Any, *args: Any, **kwargs: Any) -> None:
    attributes: dict[str, Attribute] = type(self).__attrs_attrs__
    placed = [a for a in attributes.values() if a.init and not a.kw_only]
    given = {a.name.lstrip("_"): value for a, value in zip(placed, args, strict=False)} | kwargs
    for attribute in attributes.values():
        key = attribute.name.lstrip("_")
        if key in given and attribute.init:
            value = given.pop(key)
        elif not attribute.init and attribute.value is NOTHING:
            continue
        else:
            value = attribute.initial(self)
        if attribute.convert is not None:
            value = attribute.convert(value)
        object.__setattr__(self, attribute.name, value)
    if given:
        raise TypeError(f"{type(self).__name__}() got unexpected {', '.join(map(str, given))}")
    after = getattr(self, "__attrs_post_init__", None)
    if after is not None:
        after()


def asdict(instance: Any, *_: Any, **__: Any) -> dict[str, Any]:
    """The attributes of an instance by name."""
    return {name: getattr(instance, name) for name in type(instance).__attrs_attrs__}


def evolve(instance: Any, *_: Any, **changes: Any) -> Any:
    """A copy of an instance with some attributes changed."""
    return type(instance)(**{k.lstrip("_"): v for k, v in asdict(instance).items()} | changes)


class _Attrs(ModuleType):
    """Pretend ``attr`` or ``attrs``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        for kind in ("define", "mutable", "frozen", "s", "attrs", "dataclass", "attributes"):
            setattr(self, kind, define)
        for kind in ("field", "ib", "attrib"):
            setattr(self, kind, make_field)
        self.__dict__.update(
            Factory=Factory, NOTHING=NOTHING, asdict=asdict, evolve=evolve, Attribute=Attribute
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return Placeholder(f"{self.__name__}.{name}")


def is_pretend_attrs(module: object) -> bool:
    """Whether a module is a pretend ``attr``."""
    return isinstance(module, _Attrs)


def pretend_attrs(name: str) -> ModuleType:
    """A pretend ``attr``, ``attrs`` or a module inside one."""
    return _Attrs(name)
