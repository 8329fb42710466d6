"""Scenarios that ``@given`` draws: read with the settings of the test, before its first draw."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

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
    ours = [strategy for strategy in given.values() if isinstance(strategy, ScenariosOf)]
    for strategy in ours:
        try:
            strategy.prepare(lambda what, changes: _base(item, what, changes))
        except (wt.WindtunnelError, ValueError) as error:
            raise pytest.fail.Exception(f"windtunnel: {error}", pytrace=False) from None
    if ours:
        _take_time(item)


def _take_time(item: pytest.Item) -> None:
    """Let cases take as long as a simulation takes: Hypothesis' default of 200 ms is for functions.
    A deadline that the test sets itself holds."""
    obj: Any = getattr(item, "obj", None)
    function = getattr(obj, "__func__", obj)
    own, usual = getattr(function, "_hypothesis_internal_use_settings", None), settings.default
    if own is not None and usual is not None and own.deadline == usual.deadline:
        function._hypothesis_internal_use_settings = settings(own, deadline=None)


def _base(item: pytest.Item, what: What | None, changes: dict[str, Any]) -> wt.Scenario:
    source = source_from(settings_of(item), what, changes)
    if not source.fleet.dags:
        raise wt.InvalidInput("\n".join(str(problem) for problem in source.fleet.problems))
    return scenario_of(source.target, **source.changes)
