"""Explanations: what a finding's code means, and why a task instance waited."""

from windtunnel.explain.codes import Page, is_code, page, pages
from windtunnel.explain.enough import Enough
from windtunnel.explain.explanation import Explanation, Stretch, explain_task, reason
from windtunnel.explain.holders import Holders, Stay

__all__ = [
    "Enough",
    "Explanation",
    "Holders",
    "Page",
    "Stay",
    "Stretch",
    "explain_task",
    "is_code",
    "page",
    "pages",
    "reason",
]
