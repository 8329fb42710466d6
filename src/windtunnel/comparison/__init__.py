"""Comparison: two scenarios, before and after a change: what was changed, what lands later, what
can go wrong now, and which rules of another release decide it."""

from windtunnel.comparison.changed import Change, changes
from windtunnel.comparison.compare import Comparison, compare

__all__ = ["Change", "Comparison", "changes", "compare"]
