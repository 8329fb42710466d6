"""Limits: the names of what can be waited for, so that a misspelt one is not "never waited for"."""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.errors import InvalidInput
from windtunnel.model import Scenario
from windtunnel.model.pattern import nearest

KINDS = (
    "upstream",
    "depends_on_past",
    "max_active_runs",
    "max_active_tasks",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
    "parallelism",
    "worker slots",
    "nodes",
    "pod creation",
    "retry delay",
    "reschedule",
    "trigger",
    "scheduler",
    "executor",
)
"""Those that every simulation has (``Wait.limit``)."""


def limits_of(scenario: Scenario) -> list[str]:
    """All limits that something can wait for in a scenario: its pools and resources first."""
    used = {task.pool for dag in scenario.fleet.dags for task in dag.tasks}
    pools = [f"pool {name}" for name in sorted({*used, *scenario.cluster.pools, "default_pool"})]
    return [*pools, *(f"resource {name}" for name in sorted(scenario.resources)), *KINDS]


def check_limit(limit: str, known: Iterable[str]) -> None:
    """Refuse a limit that nothing can wait for.

    Raises:
        InvalidInput: there is no such limit; the message lists those that there are.
    """
    there = list(known)
    is_lock = limit.startswith("resource lock:")
    if limit not in there and not is_lock:
        bare = [name for name in there if name.partition(" ")[2] == limit]
        said = f"did you mean {bare[0]!r}?" if bare else nearest(limit, there)
        raise InvalidInput(f"nothing waits for {limit!r}; {said}")
