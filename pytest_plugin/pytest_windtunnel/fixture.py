"""The fixture `windtunnel`: load, simulate and check with the settings of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import windtunnel as wt
from pytest_windtunnel.failure import STORE, note
from pytest_windtunnel.settings import Settings, settings_of
from pytest_windtunnel.source import Source, What, cluster_from, source_from
from pytest_windtunnel.verbs import Verbs


def windtunnel_for(request: pytest.FixtureRequest) -> Windtunnel:
    """The fixture's value for one test."""
    return Windtunnel(request.node, settings_of(request.node))


class Windtunnel(Verbs):
    """What a test does with DAGs: `load` them, `run` or `simulate` them, `check` them.

    Paths are relative to pytest's rootdir. What can't be used (a cluster file with a misspelt key,
    a folder without a usable DAG) fails the test with a message and no traceback. A DAG file with
    an error costs only itself: `load` has it in ``fleet.problems``, the others warn of it.
    """

    def __init__(self, item: pytest.Item, settings: Settings) -> None:
        self._item = item
        self._settings = settings

    def load(self, dags: str | Path | None = None) -> wt.Fleet:
        """The DAGs of a folder, a file or a scenario; without an argument, of the settings."""
        __tracebackhide__ = True
        with _said_without_traceback():
            return source_from(self._settings, dags, {}).fleet

    def cluster(self, file: str | Path | None = None, **knobs: Any) -> wt.Cluster:
        """The cluster of a file (default: of the settings) with some of its values changed.

        ``windtunnel.cluster(parallelism=8)``.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            return cluster_from(self._settings, file, **knobs)

    def run(self, **changes: Any) -> wt.Result:
        """Simulate what the settings name; arguments as for `simulate`."""
        __tracebackhide__ = True
        return self.simulate(None, **changes)

    def simulate(
        self,
        what: What | None = None,
        *,
        execute: bool = False,
        isolate: wt.Isolation | bool = False,
        **changes: Any,
    ) -> wt.Result:
        """Simulate once.

        Args:
            what: a folder of DAGs, a DAG file, a scenario file or its folder, the name of a shipped
                scenario, a `Fleet`, or a `Scenario` (which the settings don't touch). Default: the
                ``dags`` of the settings.
            execute: run the real Python callables, at simulated time. They come with the DAG files,
                so *what* must be a path or a name.
            isolate: run each try of a callable in a process of its own, within the limits of a
                `windtunnel.Isolation`; True: within its defaults.
            changes: as for `windtunnel.simulate`: ``cluster`` (also the path of a file),
                ``behavior``, ``window``, ``start`` (also as ``"2026-03-01"``), ``runs``, ``seed``.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            source = self._usable(what, changes)
            bodies = source.bodies() if execute else None
            result = wt.simulate(source.target, execute=bodies, isolate=isolate, **source.changes)
        return replace(result, findings=note(self._item, result.findings))

    def check(
        self, what: What | None = None, *, seeds: int | None = None, **changes: Any
    ) -> wt.Report:
        """Simulate under several orders of equal tasks; what is found is stored for replay in
        ``.windtunnel`` below pytest's rootdir.

        Args:
            what: as for `simulate`.
            seeds: how many simulations beside the first; None: as many as its size allows.
            changes: as for `simulate`.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            source = self._usable(what, changes)
            store = self._settings.root / STORE
            report = wt.check(source.target, seeds=seeds, store=store, **source.changes)
        return replace(report, findings=note(self._item, report.findings))

    def replay(self, file: str | Path, what: What | None = None, **changes: Any) -> wt.Report:
        """Simulate a stored counterexample with the DAGs, cluster and behavior of today: what went
        another way than usual goes that way again. The report has findings if it still fails.

        Args:
            file: what `windtunnel check` stored, such as ``tests/windtunnel/wt1-8Kq2abcd.json``.
            what: the DAGs of today, as for `simulate`.
            changes: as for `simulate`.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            source = self._usable(what, changes)
            stored = self._settings.root / file
            report = wt.replay(stored.stem, source.target, store=stored.parent, **source.changes)
        # What a test replays is in its own folder, where `windtunnel replay` doesn't look.
        found = (one.model_copy(update={"counterexample": None}) for one in report.findings)
        return replace(report, findings=note(self._item, found))

    def _usable(self, what: What | None, changes: dict[str, Any]) -> Source:
        """What the test named; its broken files become warnings, unless nothing else is left.

        Raises:
            InvalidInput: there is no DAG that can be used.
        """
        source = source_from(self._settings, what, changes)
        problems = [str(problem) for problem in source.fleet.problems]
        if problems and not source.fleet.dags:
            raise wt.InvalidInput("\n".join(problems))
        for problem in problems:
            self._item.warn(pytest.PytestWarning(f"windtunnel: not used: {problem}"))
        return source


@contextmanager
def _said_without_traceback() -> Iterator[None]:
    """What is wrong with somebody's files is in the message; where we noticed it helps nobody."""
    __tracebackhide__ = True
    try:
        yield
    except (wt.WindtunnelError, ValueError) as error:
        # `from None`: else pytest prints the same once more as the cause.
        raise pytest.fail.Exception(f"windtunnel: {error}", pytrace=False) from None
