"""Scenarios that ``@given`` draws: read with the settings of the test, before its first draw."""

from __future__ import annotations

from typing import Any

import pytest

import windtunnel as wt
from pytest_windtunnel.settings import settings_of
from pytest_windtunnel.source import What, source_from
from windtunnel.api import scenario_of
from windtunnel.strategies import ScenariosOf


def prepare(item: pytest.Item) -> None:
    """Read what the strategies of a test are about.

    Raises:
        pytest.fail.Exception: it can't be used; the message says why.
    """
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    given = getattr(handle, "_given_kwargs", {})
    for strategy in given.values():
        if isinstance(strategy, ScenariosOf):
            try:
                strategy.prepare(lambda what, changes: _base(item, what, changes))
            except (wt.WindtunnelError, ValueError) as error:
                raise pytest.fail.Exception(f"windtunnel: {error}", pytrace=False) from None


def _base(item: pytest.Item, what: What | None, changes: dict[str, Any]) -> wt.Scenario:
    source = source_from(settings_of(item), what, changes)
    if not source.fleet.dags:
        raise wt.InvalidInput("\n".join(str(problem) for problem in source.fleet.problems))
    return scenario_of(source.target, **source.changes)
