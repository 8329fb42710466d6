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
    return command(one.level, one.message, title=one.headline, file=one.file, line=one.line)


def command(
    level: str, message: str, *, title: str, file: str | None = None, line: int | None = None
) -> str:
    """``::error file=dags/etl.py,line=14,title=...::...``; the file from the root of the
    repository."""
    place = {"file": file, "line": line and str(line), "title": title}
    properties = ",".join(f"{name}={_property(said)}" for name, said in place.items() if said)
    return f"::{level} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
