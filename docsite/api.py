"""The public names of a module, each with its docstring, through mkdocstrings."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

OPTIONS = """    options:
      heading_level: 3
      show_root_heading: true
      show_root_full_path: false
      show_root_toc_entry: true
      show_source: false
      show_bases: false
      docstring_section_style: list
"""


def members(module: str, *wanted: str) -> str:
    """What a module offers (its ``__all__``): all of it, or the names that are given, and those
    that are written below the modules that are given."""
    home = import_module(module)
    public = getattr(home, "__all__", wanted)
    names = [name for name in public if not wanted or _is_wanted(getattr(home, name), wanted)]
    found = [getattr(home, name) for name in names]
    documented = [one for one in found if inspect.isfunction(one) or inspect.isclass(one)]
    documented.sort(key=inspect.isclass)
    return "\n".join(f"::: {where(one)}\n{OPTIONS}" for one in documented)


def _is_wanted(thing: object, wanted: tuple[str, ...]) -> bool:
    at = where(thing) if hasattr(thing, "__qualname__") else ""
    return any(at == one or at.startswith(f"{one}.") or at.endswith(f".{one}") for one in wanted)


def where(thing: Any) -> str:
    """Where a class or function is written: there its text is found."""
    return f"{thing.__module__}.{thing.__qualname__}"
