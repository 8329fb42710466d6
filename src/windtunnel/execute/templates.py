"""Templates: Jinja as Airflow renders it: its filters, the DAG's macros, undefined names refused.

From Airflow: ``sdk/definitions/_internal/templater.py`` and ``sdk/definitions/dag.py:
get_template_env``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nativetypes
import jinja2.sandbox


class _PrivateAllowed:
    """Names with one underscore may be read in templates; those with two may not."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """Part of Jinja's protocol."""
        return not jinja2.sandbox.is_internal_attribute(obj, attr)


class _Texts(_PrivateAllowed, jinja2.sandbox.SandboxedEnvironment):
    """Renders to text."""


class _Natives(_PrivateAllowed, jinja2.nativetypes.NativeEnvironment):
    """Renders to Python values (``render_template_as_native_obj``)."""


def _day(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%d")


def _stamp(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _without(text: str | None, *marks: str) -> str | None:
    for mark in marks if text is not None else ():
        text = text.replace(mark, "") if text is not None else None
    return text


FILTERS: dict[str, Callable[[Any], Any]] = {
    "ds": _day,
    "ds_nodash": lambda value: _without(_day(value), "-"),
    "ts": _stamp,
    "ts_nodash": lambda value: None if value is None else value.strftime("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": lambda value: _without(_stamp(value), "-", ":"),
}
"""Filters that Airflow adds to Jinja's own (``airflow/templates.py``)."""


class Templates:
    """Renders the templates of one task."""

    def __init__(self, task: Any) -> None:
        dag = getattr(task, "dag", None)
        own = getattr(task, "render_template_as_native_obj", None)
        self._native = bool(own if own is not None else _of(dag, "render_template_as_native_obj"))
        self._endings = tuple(
            _of(task, "templates_exts") or getattr(task, "template_ext", None) or ()
        )
        self._environment = self._made(dag)

    def _made(self, dag: Any) -> jinja2.Environment:
        options: dict[str, Any] = {
            "loader": jinja2.FileSystemLoader(_folders(dag)),
            "undefined": _of(dag, "template_undefined") or jinja2.StrictUndefined,
            "extensions": [jinja2.ext.do],
            **(_of(dag, "jinja_environment_kwargs") or {}),
        }
        made: jinja2.Environment = (_Natives if self._native else _Texts)(**options)
        made.filters.update(FILTERS)
        made.globals.update(_of(dag, "user_defined_macros") or {})
        made.filters.update(_of(dag, "user_defined_filters") or {})
        return made

    def render(self, text: str, context: Mapping[str, Any]) -> Any:
        """A text with its expressions filled in; one that names a template file, that file."""
        if self._endings and text.endswith(self._endings):
            template = self._environment.get_template(text)
        elif not self._native and "{" not in text and "\n" not in text and "#" not in text:
            return text
        else:
            template = self._environment.from_string(text)
        return template.render(context)


def _of(thing: Any, name: str) -> Any:
    """An argument that a DAG or task was given; ``None`` if it wasn't."""
    return getattr(thing, "__dict__", {}).get(name)


def _folders(dag: Any) -> list[str]:
    """Where template files are looked for: beside the DAG file, and where the DAG says."""
    file = _of(dag, "fileloc")
    beside = [str(Path(file).parent)] if file else []
    more = _of(dag, "template_searchpath") or []
    return [*beside, *([more] if isinstance(more, str | os.PathLike) else more)]
