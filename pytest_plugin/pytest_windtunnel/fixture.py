"""The fixture `windtunnel`: load, simulate and check with the settings of the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import windtunnel as wt
from pytest_windtunnel import RUNNING
from pytest_windtunnel.failure import STORE, note
from pytest_windtunnel.settings import Settings, settings_of
from pytest_windtunnel.source import Source, What, cluster_from, source_from
from pytest_windtunnel.verbs import Verbs
from windtunnel.explain import is_code, page
from windtunnel.faults import AnyFault
from windtunnel.loaders import Told, parse_behavior, parse_fault
from windtunnel.report import waiting_text

WARNED = pytest.StashKey[set[str]]()
"""What a test was warned of."""
Faults = Iterable[AnyFault | str] | AnyFault | str
"""One or several things that go wrong."""
Runs = Iterable[wt.ManualRun | str] | str
Does = wt.Behavior | Mapping[str, Told]
"""What tasks do: a behavior, or what `Windtunnel.behavior` takes."""


class Windtunnel(Verbs):
    """What a test does with DAGs: `load` them, `run` them, `check` them, `explain` what it sees.

    ::

        @pytest.mark.windtunnel(dags="dags/", cluster="cluster.toml", window="1d")
        def test_nightly(windtunnel):
            run = windtunnel.run(faults=[windtunnel.fail("etl.load", tries=1)])
            assert run.task("etl.load").state == "success"
            assert run.dag_run("etl").landed_before("06:00")
            assert not run.findings

    What is not given comes from the settings of the test: the command line, the marker, the
    repository's ``windtunnel.toml`` or pyproject.toml, pytest's ini file, whichever says it first.
    Paths are relative to pytest's rootdir. What can't be used (a cluster file with a misspelt key,
    a folder without a usable DAG) fails the test with a message and no traceback. A DAG file with
    an error costs only itself: `load` has it in ``fleet.problems``, the others warn of it.

    The fixture is there for fixtures of any scope, and inside of ``@given``; it keeps nothing from
    one test to the next.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __repr__(self) -> str:
        return "<the fixture windtunnel>"

    @property
    def _item(self) -> pytest.Item:
        return self._config.stash[RUNNING]

    @property
    def _settings(self) -> Settings:
        return settings_of(self._item)

    def load(self, dags: str | Path | None = None) -> wt.Fleet:
        """The DAGs of a folder, a file or a scenario; without an argument, of the settings.

        Files that can't be used are in ``fleet.problems``.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            return source_from(self._settings, dags, {}).fleet

    def cluster(self, file: str | Path | None = None, **values: Any) -> wt.Cluster:
        """The cluster of a file (default: of the settings) with some of its values changed.

        ``windtunnel.cluster(parallelism=8)``, ``windtunnel.cluster(pools={"db": 3})``.

        Args:
            file: A cluster file, such as ``cluster.toml``.
            values: Those of `windtunnel.Cluster`; a pool may be its number of slots. Pools that
                are not named stay as they are.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            return cluster_from(self._settings, file, **values)

    def behavior(
        self,
        tasks: Mapping[str, Told] | None = None,
        *,
        default_duration: str | float | timedelta | None = None,
    ) -> wt.Behavior:
        """What tasks do, in the place of what the scenario says of it.

        ::

            windtunnel.behavior({"etl.load": "20m", "report.*": {"fail_share": 0.1}})

        Args:
            tasks: Glob over ``dag_id.task_id`` (or such as ``tag:nightly``) -> how long they take,
                or all that a rule of a scenario file may say. The first that matches holds.
            default_duration: Of all other tasks; by default a minute.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            return parse_behavior(tasks or {}, default_duration)

    def faults(self, *said: AnyFault | str) -> tuple[AnyFault, ...]:
        """Things that go wrong, as values: ``windtunnel.faults("worker lost: 1 at +10m")``.

        Each may be in words, or come from a verb: ``windtunnel.fail("etl.load", tries=1)``.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            return tuple(parse_fault(one) if isinstance(one, str) else one for one in said)

    def run(
        self,
        what: What | None = None,
        *,
        cluster: wt.Cluster | str | Path | None = None,
        behavior: Does | None = None,
        faults: Faults | None = None,
        runs: Runs | None = None,
        backfills: Iterable[wt.Backfill | str] | str | None = None,
        start: datetime | date | str | None = None,
        window: str | float | timedelta | None = None,
        seed: int | None = None,
        accept: Mapping[str, Any] | None = None,
        execute: bool = False,
        isolate: wt.Isolation | bool = False,
    ) -> wt.Result:
        """Simulate once.

        Args:
            what: A folder of DAGs, a DAG file, a scenario file or its folder, the name of a shipped
                scenario, a `Fleet`, or a `Scenario` (which the settings don't touch). Default: the
                ``dags`` of the settings.
            cluster: The deployment, or the path of a cluster file.
            behavior: What tasks do; see `behavior`.
            faults: What goes wrong, beside what the scenario says.
            runs: DAGs that somebody triggers at the start.
            backfills: Such as ``"etl from 2026-01-01 to 2026-02-01"``.
            start: First instant of the window, also as ``"2026-03-01"``.
            window: Its length: seconds, a timedelta, or ``"90m"``, ``"2d"``.
            seed: Keys all randomness.
            accept: Findings that don't count: ``{"etl": ["WT113"]}``.
            execute: Run the real Python callables, at simulated time. They come with the DAG files,
                so *what* must be a path or a name.
            isolate: Run each try of a callable in a process of its own, within the limits of a
                `windtunnel.Isolation`; True: within its defaults.
        """
        __tracebackhide__ = True
        given = {
            "cluster": cluster, "behavior": behavior, "faults": faults, "runs": runs,
            "backfills": backfills, "start": start, "window": window, "seed": seed,
            "accept": accept,
        }  # fmt: skip
        with _said_without_traceback():
            source = self._usable(what, given)
            bodies = source.bodies() if execute else None
            result = wt.simulate(source.target, execute=bodies, isolate=isolate, **source.changes)
        return replace(result, findings=note(self._item, result.findings))

    simulate = run

    def check(
        self,
        what: What | None = None,
        *,
        seeds: int | None = None,
        vary: Iterable[str] | str = (),
        jitter: str | float | None = None,
        faults_up_to: int | None = None,
        cluster: wt.Cluster | str | Path | None = None,
        behavior: Does | None = None,
        faults: Faults | None = None,
        runs: Runs | None = None,
        backfills: Iterable[wt.Backfill | str] | str | None = None,
        start: datetime | date | str | None = None,
        window: str | float | timedelta | None = None,
        seed: int | None = None,
        accept: Mapping[str, Any] | None = None,
    ) -> wt.Report:
        """Simulate many times, each time going another way; what is found is stored for replay in
        ``.windtunnel`` below pytest's rootdir.

        Args:
            what: As for `run`, like all that is not named here.
            seeds: How many simulations beside the first; None: as many as its size allows.
            vary: Settings to search with other values of: ``"pool db=1..6"``.
            jitter: How much later than due scheduled runs may come: ``"5m"``.
            faults_up_to: How many tries may fail or die, wherever that hurts.
        """
        __tracebackhide__ = True
        given = {
            "cluster": cluster, "behavior": behavior, "faults": faults, "runs": runs,
            "backfills": backfills, "start": start, "window": window, "seed": seed,
            "accept": accept,
        }  # fmt: skip
        with _said_without_traceback():
            source = self._usable(what, given)
            own = {"jitter": jitter, "faults_up_to": faults_up_to, "profile": source.profile}
            asked: dict[str, Any] = {n: value for n, value in own.items() if value is not None}
            store = self._settings.root / STORE
            report = wt.check(
                source.target, seeds=seeds, store=store, vary=vary, **asked, **source.changes
            )
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

    def explain(self, name: str, of: wt.Result | wt.Report | None = None) -> str:
        """What a finding's code means, or why a task waited and what would have been enough, as
        ``windtunnel explain`` says it.

        ``windtunnel.explain("WT101")``, ``windtunnel.explain("etl.load", of=run)``.

        Args:
            name: A code, or ``dag_id.task_id``.
            of: The simulation in which the task waited; by default `run` is called.
        """
        __tracebackhide__ = True
        with _said_without_traceback():
            if is_code(name):
                return page(name).text
            result = self.run() if of is None else of.result if isinstance(of, wt.Report) else of
            return waiting_text(result.explain(name))

    def _usable(self, what: What | None, given: Mapping[str, Any]) -> Source:
        """What the test named; its broken files become warnings, unless nothing else is left.

        Raises:
            InvalidInput: there is no DAG that can be used.
        """
        source = source_from(self._settings, what, given)
        problems = [str(problem) for problem in source.fleet.problems]
        if problems and not source.fleet.dags:
            raise wt.InvalidInput("\n".join(problems))
        warned = self._item.stash.setdefault(WARNED, set())
        for problem in problems:
            if problem not in warned:  # a test may simulate, or be called, many times
                warned.add(problem)
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
