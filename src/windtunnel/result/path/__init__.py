"""What a dag run's time went into: pieces of time, the critical path to its landing, and slack."""

from windtunnel.result.path.critical import CriticalPath, critical_path
from windtunnel.result.path.slack import Slack, slack
from windtunnel.result.path.spent import Spent, told, whose, worst
from windtunnel.result.path.words import of_instance

__all__ = [
    "CriticalPath",
    "Slack",
    "Spent",
    "critical_path",
    "of_instance",
    "slack",
    "told",
    "whose",
    "worst",
]
