"""Annotations: in a GitHub workflow a failed check stands at the line of the DAG file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from windtunnel.report.ci import command

OTHER = "pytest_github_actions_annotate_failures"
"""A plugin that annotates all failed tests; at the same lines, as it is told them."""
CHECK = re.compile(r"\[(WT\d [^\]]*|reached)\]$")
"""How the ids of checks end."""


def annotate(reporter: pytest.TerminalReporter) -> None:
    """Print the annotations of the checks that failed."""
    if reporter.config.pluginmanager.hasplugin(OTHER):
        return
    root = Path(os.environ.get("GITHUB_WORKSPACE") or reporter.config.rootpath).resolve()
    for report in reporter.getreports("failed"):
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is None or not CHECK.search(report.nodeid) or "windtunnel" not in report.keywords:
            continue
        file = Path(crash.path).resolve()
        said = file.relative_to(root) if file.is_relative_to(root) else file
        title = report.nodeid.rpartition("::")[2]
        text = command(
            "error",
            report.longreprtext.strip(),
            title=f"{title} {crash.message}",
            file=said.as_posix(),
            line=crash.lineno,
        )
        # Not wrapped, not coloured: a program reads it.
        reporter.ensure_newline()
        reporter.write_line(text)
