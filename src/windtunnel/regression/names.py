"""Names of test files and tests: the same for the same finding, on every day."""

from __future__ import annotations

import re

from windtunnel.detect import Finding
from windtunnel.report.ci import fingerprint

LONGEST = 60
LETTERS = 6
LONGEST_TEST = 88 - len("def (windtunnel):")
NAMED = 3
"""DAGs that the name of a test has."""


def file_name(finding: Finding, taken: set[str]) -> str:
    """``test_wt101_pool_db.py``: the code, and what the finding is about. Where that is too long,
    or the name is taken, a few letters of it all follow."""
    whole = slug("_".join(finding.identity))
    name = f"test_{whole[:LONGEST].rstrip('_')}"
    if len(whole) > LONGEST or name in taken:
        name += f"_{fingerprint(*finding.identity)[:LETTERS]}"
    taken.add(name)
    return f"{name}.py"


def function_name(finding: Finding) -> str:
    """``test_pool_deadlock_of_etl_and_mart``: as many DAGs as fit into a line of 88 columns."""
    holding = list(dict.fromkeys(party.dag_id for party in finding.holding if party.dag_id))
    dags = holding or ([finding.dag_id] if finding.dag_id else [])
    for named in range(min(len(dags), NAMED), 0, -1):
        more = [f"{len(dags) - named} more"] if len(dags) > named else []
        name = f"test_{slug(f'{finding.title} of {_and([*dags[:named], *more])}')}"
        if len(name) <= LONGEST_TEST:
            return name
    return f"test_{slug(finding.title)}"[:LONGEST_TEST]


def slug(text: str) -> str:
    """Words with underscores between them."""
    return re.sub(r"\W+", "_", text.lower()).strip("_")


def _and(words: list[str]) -> str:
    return " and ".join(words)
