"""How much property tests try: a few examples, always the same, or with WINDTUNNEL_EFFORT=20 twenty
times as many, drawn anew."""

from __future__ import annotations

import os

from hypothesis import settings

EFFORT = int(os.environ.get("WINDTUNNEL_EFFORT", "1"))


def examples(count: int) -> settings:
    """For a test that tries so many examples where nobody waits for more."""
    return settings(
        max_examples=count * EFFORT, derandomize=EFFORT == 1, database=None, deadline=None
    )
