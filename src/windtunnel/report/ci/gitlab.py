"""GitLab's code quality report: what its merge requests show as a widget and in the diff."""

from __future__ import annotations

import json

from windtunnel.report.ci.notices import Told

SEVERITIES = {"error": "major", "warning": "minor"}
NOWHERE = "."
"""GitLab wants a path for what belongs to no file, too."""


def gitlab(told: Told) -> str:
    """A list of issues, as GitLab reads them; what is accepted is none."""
    return json.dumps(
        [
            {
                "check_name": one.code,
                "description": one.sentence,
                "fingerprint": one.fingerprint,
                "severity": SEVERITIES[one.level],
                "location": {"path": one.file or NOWHERE, "lines": {"begin": one.line or 1}},
            }
            for one in told.notices
            if one.level != "accepted"
        ],
        indent=2,
        ensure_ascii=False,
    )
