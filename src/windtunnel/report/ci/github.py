"""GitHub's workflow commands: lines on stdout that show up beside the lines of a pull request.

What is between the colons is told in ``docs.github.com``: Workflow commands for GitHub Actions.
"""

from __future__ import annotations

from windtunnel.report.ci.notices import Notice, Told


def github(told: Told) -> str:
    """An annotation for each notice that is not accepted, a line each."""
    return "\n".join(annotation(one) for one in told.notices if one.level != "accepted")


def annotation(one: Notice) -> str:
    """The line for one notice; on the line of the DAG file that it is about."""
    place = {"file": one.file, "line": one.line and str(one.line), "title": one.headline}
    properties = ",".join(f"{name}={_property(said)}" for name, said in place.items() if said)
    return f"::{one.level} {properties}::{_data(one.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
