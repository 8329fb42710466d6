"""The page: views, their data, scripts and styles, put together into one file."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable

from windtunnel.report.html.bundle import bundle, static
from windtunnel.report.html.masked import masked, masked_text
from windtunnel.report.html.view import Json, Subject, View
from windtunnel.report.html.views import VIEWS
from windtunnel.report.text import findings_text, verdict_text

DEFLATED_FROM = 50_000
"""Data of so many characters and more are deflated."""


def page(subject: Subject, views: Iterable[View] = VIEWS) -> str:
    """One HTML file that shows a subject; the same bytes for the same subject.

    Nothing in it is fetched, and it lets nothing be: a content security policy names the one script
    and the one style sheet that may be used. Texts that look like secrets are masked.
    """
    import jinja2  # noqa: PLC0415 - only who writes a page waits for it

    shown = [(view, data) for view in views if (data := view.data(subject)) is not None]
    styles = dict.fromkeys(["page.css", *(view.style for view, _ in shown if view.style)])
    style = "\n".join(static(name) for name in styles)
    script = bundle(["main.js", *(view.script for view, _ in shown)])
    script += f'modules["main.js"].start({_drawn(shown)});\n'
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(static("page.html"))
    return template.render(
        title=masked_text(subject.title),
        views=[(view, _embedded(data)) for view, data in shown],
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        as_text=_as_text(subject),
    )


def _drawn(shown: Iterable[tuple[View, Json]]) -> str:
    """A script's object: what draws each view."""
    pairs = (f'"{view.id}": modules["{view.script}"].draw' for view, _ in shown)
    return "{ " + ", ".join(pairs) + " }"


def _embedded(data: Json) -> dict[str, str]:
    """Data as the text of an element that no browser runs or reads as HTML."""
    text = json.dumps(masked(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(text) < DEFLATED_FROM:
        return {"type": "application/json", "text": text.replace("<", "\\u003c")}
    packed = zlib.compress(text.encode(), 9, wbits=-15)
    return {"type": "application/deflate", "text": base64.b64encode(packed).decode()}


def _as_text(subject: Subject) -> str:
    """What was found, as a terminal shows it, for who lets no script run."""
    told = subject.report or subject.result
    if told is None or subject.result is None:
        return ""
    simulations = 1 if subject.report is None else subject.report.simulations
    verdict = verdict_text(told, subject.result, simulations)
    return masked_text(f"{findings_text(told.findings)}\n\n{verdict}".strip())


def _hash(text: str) -> str:
    """The source expression of an inline script or style in a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
