"""Features: what the DAGs of a drawn fleet may use. Each fleet uses some of them only, so that some
fleets are dense in few and others mix many.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

from hypothesis import strategies as st

from windtunnel.errors import InvalidInput

Feature = Literal[
    "pools",
    "external_sensors",
    "trigger_dag_run",
    "schedules",
    "retries",
    "priorities",
    "run_limits",
    "task_limits",
    "sensors",
    "deferrable",
    "trigger_rules",
    "depends_on_past",
    "assets",
    "branches",
    "mapped",
    "setup_teardown",
    "timeouts",
    "queues",
]
"""``task_limits``: ``max_active_tis_per_dag`` and its like; ``run_limits``: ``max_active_runs`` and
``max_active_tasks`` of DAGs; ``timeouts``: of tries, runs and sensors."""
FEATURES: tuple[Feature, ...] = get_args(Feature)


def chosen(allowed: Collection[Feature] | None) -> st.SearchStrategy[frozenset[Feature]]:
    """Some of the features that are allowed; shrinks to none.

    Raises:
        InvalidInput: one is unknown.
    """
    if allowed is not None and (unknown := sorted(set(allowed) - set(FEATURES))):
        raise InvalidInput(
            f"features: no such feature {unknown[0]!r}; there are {', '.join(FEATURES)}"
        )
    possible = [one for one in FEATURES if allowed is None or one in allowed]
    flags = st.tuples(*(st.booleans() for _ in possible))
    return flags.map(
        lambda on: frozenset(one for one, is_on in zip(possible, on, strict=True) if is_on)
    )
