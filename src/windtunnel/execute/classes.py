"""Classes: how the classes of values are found again by name, as far as tasks can reach them.

DAG files and modules of their repository aren't among Python's modules any more once they are
loaded; Airflow's task process has them there.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any


class Classes:
    """The modules that a function reaches, for names that Python doesn't know."""

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        self._function = function

    @cached_property
    def _forgotten(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for namespace in () if self._function is None else namespaces(self._function):
            found.setdefault(str(namespace.get("__name__")), namespace)
        return found

    def find(self, name: str) -> Any:
        """A class by its full name.

        Raises:
            ImportError: it isn't there, or not any more.
        """
        module, _, short = name.rpartition(".")
        if module in self._forgotten:
            names = self._forgotten[module]
        else:
            names = vars(importlib.import_module(module))
        if short not in names:
            raise ImportError(f'Module "{module}" does not define a "{short}" attribute/class')
        return names[short]

    @contextlib.contextmanager
    def known(self) -> Iterator[None]:
        """Inside the ``with`` block Python knows these modules: pickle asks it."""
        added: dict[str, types.ModuleType] = {}
        for name, namespace in self._forgotten.items():
            if name not in sys.modules:
                added[name] = types.ModuleType(name)
                vars(added[name]).update(namespace)
        sys.modules.update(added)
        try:
            yield
        finally:
            for name in added:
                sys.modules.pop(name, None)


def namespaces(function: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The globals of a function and of all modules that it reaches which Python has forgotten."""
    found: set[int] = set()
    pending = [getattr(inspect.unwrap(function), "__globals__", {})]
    while pending:
        namespace = pending.pop()
        if id(namespace) in found:
            continue
        module = sys.modules.get(str(namespace.get("__name__")))
        if module is not None and vars(module) is namespace:
            continue  # freezegun sees to it
        found.add(id(namespace))
        yield namespace
        for value in list(namespace.values()):
            if isinstance(value, types.ModuleType):
                pending.append(vars(value))
            elif isinstance(value, types.FunctionType):
                pending.append(value.__globals__)
