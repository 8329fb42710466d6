"""The public names of a module, each with its docstring, through mkdocstrings."""

from __future__ import annotations

import inspect
from importlib import import_module

OPTIONS = """    options:
      heading_level: 3
      show_root_heading: true
      show_root_full_path: false
      show_root_toc_entry: true
      show_source: false
      show_bases: false
      docstring_section_style: list
"""


def members(module: str, *names: str) -> str:
    """A section for each name; without names, for all in the module's ``__all__``."""
    home = import_module(module)
    found = {name: getattr(home, name) for name in names or home.__all__}
    parts = []
    for title, wanted in (("Functions", inspect.isfunction), ("Classes", inspect.isclass)):
        of_this = [name for name, one in found.items() if wanted(one)]
        if of_this:
            parts.append(f"## {title}\n")
            parts += [f"::: {where(found[name])}\n{OPTIONS}" for name in of_this]
    return "\n".join(parts)


def where(thing: object) -> str:
    """Where a class or function is written: there its text is found."""
    return f"{thing.__module__}.{thing.__qualname__}"  # type: ignore[attr-defined]
