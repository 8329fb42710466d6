"""The pytest plugin of windtunnel; `pytest_windtunnel.plugin` is what pytest loads.

What is named here is for annotations and for ``@given`` in tests, and is loaded when it is used::

    from pytest_windtunnel import Windtunnel, windtunnel_scenarios
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_windtunnel.fixture import Windtunnel as Windtunnel
    from windtunnel.strategies import windtunnel_scenarios as windtunnel_scenarios

RUNNING = pytest.StashKey[pytest.Item]()
"""The test that is running, or the one that ran last, in the session's config."""

SEED = "windtunnel_seed"
"""Under which name workers of pytest-xdist are told the seed."""

_HOMES = {
    "Windtunnel": "pytest_windtunnel.fixture",
    "windtunnel_scenarios": "windtunnel.strategies",
}

__all__ = ["RUNNING", "SEED", "Windtunnel", "windtunnel_scenarios"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pytest_windtunnel' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
