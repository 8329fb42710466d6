"""The fixture `windtunnel`: load, simulate and check with the settings of the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

import windtunnel as wt
from pytest_windtunnel.failure import note
from pytest_windtunnel.settings import Settings, settings_of
from windtunnel.loaders import read_cluster, read_scenario

SCENARIO_FILE = "scenario.toml"


def windtunnel_for(request: pytest.FixtureRequest) -> Windtunnel:
    """The fixture's value for one test; bad settings fail that test with a message alone."""
    return Windtunnel(request.node, settings_of(request.node))


class Windtunnel:
    """What a test does with DAGs: `load` them, `run` or `simulate` them, `check` them.

    Paths are relative to pytest's rootdir. What can't be used (a DAG file with an error, a cluster
    file with a misspelt key) fails the test with a message and no traceback.
    """

    def __init__(self, item: pytest.Item, settings: Settings) -> None:
        self._item = item
        self._settings = settings

    def load(self, dags: str | Path | None = None) -> wt.Fleet:
        """The DAGs of a folder or file; without an argument, those of the settings."""
        __tracebackhide__ = True
        return self._scenario(dags).fleet

    def cluster(self, file: str | Path | None = None, **knobs: Any) -> wt.Cluster:
        """The cluster of a file (default: of the settings), with some knobs changed.

        ``windtunnel.cluster(parallelism=8)``.
        """
        __tracebackhide__ = True
        path = self._settings.path(file) if file else self._settings.cluster
        try:
            cluster = read_cluster(path) if path else wt.Cluster()
            return wt.Cluster(**{**dict(cluster), **knobs})
        except (wt.WindtunnelError, ValueError) as error:
            _fail(error)

    def run(self, **changes: Any) -> wt.Result:
        """Simulate what the settings name; arguments as for `simulate`."""
        __tracebackhide__ = True
        return self.simulate(None, **changes)
