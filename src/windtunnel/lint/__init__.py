"""What is wrong with a fleet and can be said without a simulation: one file per family."""

from windtunnel.detect import Finding
from windtunnel.lint.circles import find_circles
from windtunnel.lint.dates import find_missing_dates
from windtunnel.lint.feedback import find_feedback
from windtunnel.lint.joins import find_skipped_joins
from windtunnel.lint.known_dags import find_unknown_dags
from windtunnel.lint.never_queued import find_never_queued, find_unknown_pools
from windtunnel.lint.retries import find_long_retries
from windtunnel.lint.targets import find_missing_targets
from windtunnel.lint.visibility import find_outlived_messages
from windtunnel.lint.waits.piling import find_full_of_waits
from windtunnel.model import Scenario

__all__ = [
    "find_circles",
    "find_feedback",
    "find_full_of_waits",
    "find_long_retries",
    "find_missing_dates",
    "find_missing_targets",
    "find_never_queued",
    "find_outlived_messages",
    "find_skipped_joins",
    "find_unknown_dags",
    "find_unknown_pools",
    "lint",
]


def lint(scenario: Scenario) -> tuple[Finding, ...]:
    """What the DAGs and the settings say by themselves, in a fixed order."""
    return (
        *find_never_queued(scenario),
        *find_unknown_pools(scenario),
        *find_unknown_dags(scenario),
        *find_missing_targets(scenario),
        *find_missing_dates(scenario),
        *find_circles(scenario),
        *find_full_of_waits(scenario),
        *find_outlived_messages(scenario),
        *find_feedback(scenario),
        *find_skipped_joins(scenario),
        *find_long_retries(scenario),
    )
