"""Seeds of a session: ``--windtunnel-seed=random`` draws one, ``last`` takes the last one again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_windtunnel import SEED

KEPT = "windtunnel/seed"
"""Where pytest's cache has the last one."""
MOST = 2**32


def settle(config: pytest.Config) -> None:
    """Put a number in the place of ``last`` and ``random``, and keep it for the next session.
    Workers of pytest-xdist have the number of the session.

    Raises:
        pytest.UsageError: there is no last one.
    """
    workerinput: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.option.windtunnel_seed = workerinput[SEED]
        return
    given, cache = config.option.windtunnel_seed, getattr(config, "cache", None)
    if given == "last":
        last = None if cache is None else cache.get(KEPT, None)
        if last is None:
            raise pytest.UsageError("--windtunnel-seed=last: pytest's cache knows no last seed")
        config.option.windtunnel_seed = str(last)
    elif given == "random":
        config.option.windtunnel_seed = str(secrets.randbelow(MOST))
    seed = config.option.windtunnel_seed
    if cache is not None and seed.isdecimal():
        cache.set(KEPT, int(seed))
