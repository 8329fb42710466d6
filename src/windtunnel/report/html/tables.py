"""Tables: everything that was simulated, as rows; they are made of what the other views have."""

from __future__ import annotations

from windtunnel.report.html.view import Json, Subject


def data(subject: Subject) -> Json | None:
    """Nothing of its own; None where there is nothing to make rows of."""
    return None if subject.result is None else {}
