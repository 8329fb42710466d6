"""Searched: scenarios of one's own DAGs, for ``@given`` in a test suite."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from windtunnel.api import scenario_of
from windtunnel.errors import InvalidInput
from windtunnel.loaders import read_cluster, read_scenario
from windtunnel.model import Behavior, Cluster, Fleet, Scenario
from windtunnel.strategies.scenarios import Faults, scenarios
from windtunnel.strategies.settings import Setting
from windtunnel_scenarios import folder

if TYPE_CHECKING:
    from hypothesis.internal.conjecture.data import ConjectureData

What = str | Path | Fleet | Scenario
Base = Callable[[What | None, dict[str, Any]], Scenario]
"""Who knows what is meant, and how it is changed, in the test that is running."""


def windtunnel_scenarios(
    what: What | None = None,
    *,
    cluster: Cluster | str | Path | None = None,
    behavior: Behavior | None = None,
    start: datetime | str | None = None,
    window: str | float | None = None,
    runs: int = 0,
    faults: Faults = 0,
    ties: int = 2,
    vary: Collection[Setting] = (),
) -> st.SearchStrategy[Scenario]:
    """Scenarios of your DAGs, in which something else happens each time.

    ::

        from windtunnel.strategies import lose_worker, windtunnel_scenarios

        @given(scenario=windtunnel_scenarios("dags/", faults=[lose_worker(at=("+0m", "+4h"))]))
        def test_no_lost_worker_deadlocks_us(windtunnel, scenario):
            assert not windtunnel.run(scenario).findings

    In a test suite, paths start at pytest's rootdir, and what is not given is what
    ``@pytest.mark.windtunnel`` and the other settings of the test say; elsewhere paths start where
    you are. The DAGs are loaded once, when the first test needs them.

    Args:
        what: A folder of DAGs, a DAG file, a scenario file or its folder, the name of a shipped
            scenario, a `Fleet` or a `Scenario`; None: the ``dags`` of the settings.
        cluster: The deployment, or the path of a cluster file.
        behavior: What tasks do.
        start: First instant of the window; by default its own.
        window: Its length; by default its own.
        runs: Runs at most that somebody triggers beside the schedules; with them come updates of
            assets, and backfills.
        faults: What may go wrong: how many things at most; a strategy for one of them, of which
            there are two at most; or a list, of which each strikes once or not at all.
        ties: How often at most another than the usual one of equal candidates goes first.
        vary: Settings to vary; see `scenarios`.
    """
    changes = {"cluster": cluster, "behavior": behavior, "start": start, "window": window}
    given = {name: value for name, value in changes.items() if value is not None}
    how = {"runs": runs, "faults": faults, "ties": ties, "vary": vary}
    return ScenariosOf(what, given, how)


class ScenariosOf(st.SearchStrategy[Scenario]):
    """Scenarios of something that is only read when the first one is drawn."""

    def __init__(self, what: What | None, changes: dict[str, Any], how: dict[str, Any]) -> None:
        super().__init__()
        self._what = what
        self._changes = changes
        self._how = how
        self._drawn: st.SearchStrategy[Scenario] | None = None

    def prepare(self, base: Base) -> None:
        """Read what is meant, as the test that comes now means it. It is done before the first
        draw: reading DAG files takes longer than Hypothesis thinks a draw should."""
        self._drawn = self._around(base(self._what, dict(self._changes)))

    def do_draw(self, data: ConjectureData) -> Scenario:
        """Draw one."""
        if self._drawn is None:
            self.prepare(_alone)
        assert self._drawn is not None
        return data.draw(self._drawn)

    def _around(self, base: Scenario) -> st.SearchStrategy[Scenario]:
        return scenarios(base, start=base.start, window=base.duration_s, **self._how)

    def __repr__(self) -> str:
        named = isinstance(self._what, str | Path)
        said = repr(str(self._what)) if named else type(self._what).__name__ if self._what else ""
        return f"windtunnel_scenarios({said})"


def _alone(what: What | None, changes: dict[str, Any]) -> Scenario:
    """What is meant where no test suite has settings."""
    if what is None:
        raise InvalidInput(
            "windtunnel_scenarios(): name the DAGs; outside of pytest nothing else does"
        )
    if isinstance(what, Fleet | Scenario):
        return scenario_of(what, **changes)
    path = Path(what)
    place = path if path.exists() else folder(str(what)) or path
    cluster = changes.pop("cluster", None)
    if isinstance(cluster, str | Path):
        cluster = read_cluster(cluster)
    found = read_scenario(place, cluster=cluster)
    if found.file is not None:
        return scenario_of(found.scenario, **changes)
    return scenario_of(found.loaded.fleet, cluster=found.scenario.cluster, **changes)
