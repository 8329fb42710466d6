"""What is wrong with a fleet and can be said without a simulation: one file per family."""

from windtunnel.detect import Finding
from windtunnel.lint.circles import find_circles
from windtunnel.lint.dates import find_missing_dates
from windtunnel.lint.never_queued import find_never_queued, find_unknown_pools
from windtunnel.lint.targets import find_missing_targets
from windtunnel.model import Scenario

__all__ = [
    "find_circles",
    "find_missing_dates",
    "find_missing_targets",
    "find_never_queued",
    "find_unknown_pools",
    "lint",
]


def lint(scenario: Scenario) -> tuple[Finding, ...]:
    """What the DAGs and the settings say by themselves, in a fixed order."""
    return (
        *find_never_queued(scenario),
        *find_unknown_pools(scenario),
        *find_missing_targets(scenario),
        *find_missing_dates(scenario),
        *find_circles(scenario),
    )
