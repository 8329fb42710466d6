"""Scenarios: everything that one simulation needs, drawn, or drawn around what is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from windtunnel.api import scenario_of
from windtunnel.errors import InvalidInput
from windtunnel.faults import AnyFault, settled
from windtunnel.loaders import check_targets, parse_fault
from windtunnel.model import Behavior, Cluster, Fault, Fleet, Scenario
from windtunnel.strategies.behaviors import behaviors, resources
from windtunnel.strategies.clusters import clusters
from windtunnel.strategies.drawing import HOUR_S, START, Draw, many
from windtunnel.strategies.faults import faults as any_faults
from windtunnel.strategies.features import Feature
from windtunnel.strategies.fleets import fleets
from windtunnel.strategies.lengths import lengths
from windtunnel.strategies.runs import asset_updates, backfills, manual_runs
from windtunnel.strategies.settings import Setting, check_settings, varied_clusters, varied_fleets
from windtunnel.strategies.ties import decided, deviations

MOST_HOURS = 4
DAYS = 7
"""The start is moved by less than a week: other weekdays, the same schedules."""

T = TypeVar("T")
OneFault = AnyFault | str | st.SearchStrategy[AnyFault] | st.SearchStrategy[Fault]
Faults = int | st.SearchStrategy[AnyFault] | st.SearchStrategy[Fault] | Iterable[OneFault]
"""How many things go wrong; a strategy for one of them; or those that may."""


def scenarios(
    fleet: Fleet | Scenario | st.SearchStrategy[Fleet] | None = None,
    *,
    cluster: Cluster | st.SearchStrategy[Cluster] | None = None,
    behavior: Behavior | st.SearchStrategy[Behavior] | None = None,
    start: datetime | None = None,
    window: str | float | None = None,
    runs: int = 2,
    faults: Faults = 2,
    ties: int = 2,
    vary: Collection[Setting] = (),
    features: Collection[Feature] | None = None,
) -> st.SearchStrategy[Scenario]:
    """Scenarios of a fleet, or of any fleet; each can be simulated as it is.

    Without *fleet* everything is drawn. Of a given fleet, what is drawn is when the window begins
    and how long it is, what is triggered beside the schedules, what goes wrong, how long tasks take
    within the ranges of *behavior*, and which of equal candidates goes first. It shrinks to few
    runs, no fault, the shortest times, and Airflow's usual order.

    ::

        @given(windtunnel.strategies.scenarios(windtunnel.load("dags/"), faults=1))
        def test_no_single_fault_deadlocks_us(scenario):
            assert not windtunnel.simulate(scenario).findings

    Args:
        fleet: The DAGs, or a scenario of them; or a strategy for them; by default `fleets`.
        cluster: The deployment, or a strategy for it; by default `clusters` for a drawn fleet, and
            Airflow's defaults with all pools that it names for a given one.
        behavior: What tasks do, or a strategy for it; by default `behaviors` for a drawn fleet, and
            a minute for each task of a given one.
        start: First instant of the window; by default some days from the one that
            `windtunnel.simulate` chooses on.
        window: Its length, as for `windtunnel.simulate`; by default any number of whole hours up to
            what `windtunnel.simulate` chooses, and up to four for a drawn fleet.
        runs: Runs at most that somebody triggers beside the schedules.
        faults: How many at most; a strategy for single ones, of which there are two at most; or a
            list of faults, of which each strikes once or not at all, and of strategies for them,
            such as ``strategies.lose_worker(at=("+0m", "+4h"))``.
        ties: How often at most another than the usual one of equal candidates goes first.
        vary: Settings to vary: sizes of pools, parallelism, workers, and limits of DAGs.
        features: What drawn fleets use; see `fleets`.

    Raises:
        InvalidInput: a value can't be used.
    """
    check_settings(vary)
    for name, number in (("runs", runs), ("ties", ties), ("faults", faults)):
        if isinstance(number, int) and number < 0:
            raise InvalidInput(f"scenarios: {name}={number}: must be 0 or more")
    listed = faults if isinstance(faults, int | st.SearchStrategy) else tuple(faults)
    how = _How(start, window, runs, listed, ties, tuple(vary))
    if isinstance(fleet, Fleet | Scenario):
        dags = fleet.fleet.dags if isinstance(fleet, Scenario) else fleet.dags
        if not any(dag.tasks for dag in dags):
            raise InvalidInput("scenarios: the fleet has no task, so there is nothing to simulate")
        if features is not None:
            raise InvalidInput("scenarios: features are of drawn fleets, and a fleet is given")
        return _of_given(how, fleet, cluster, behavior)
    return _of_drawn(how, fleets(features=features) if fleet is None else fleet, cluster, behavior)


@dataclass(frozen=True, slots=True)
class _How:
    """What is asked for, whatever the fleet."""

    start: datetime | None
    window: str | float | None
    runs: int
    faults: Faults
    ties: int
    vary: tuple[Setting, ...]


def _of_given(
    how: _How,
    fleet: Fleet | Scenario,
    cluster: Cluster | st.SearchStrategy[Cluster] | None,
    behavior: Behavior | st.SearchStrategy[Behavior] | None,
) -> st.SearchStrategy[Scenario]:
    def around(place: Cluster | None, does: Behavior | None) -> st.SearchStrategy[Scenario]:
        base = scenario_of(fleet, cluster=place, behavior=does, start=how.start, window=how.window)
        return _around(base, how)

    if not isinstance(cluster, st.SearchStrategy) and not isinstance(behavior, st.SearchStrategy):
        # All schedules are walked to choose the window: once, and not for each draw.
        return around(cluster, behavior)
    return st.tuples(_strategy(cluster), _strategy(behavior)).flatmap(
        lambda pair: around(pair[0], pair[1])
    )


def _strategy(given: T | st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    return given if isinstance(given, st.SearchStrategy) else st.just(given)


@st.composite
def _of_drawn(
    draw: Draw,
    how: _How,
    fleet: st.SearchStrategy[Fleet],
    cluster: Cluster | st.SearchStrategy[Cluster] | None,
    behavior: Behavior | st.SearchStrategy[Behavior] | None,
) -> Scenario:
    dags = draw(fleet)
    if cluster is None:
        cluster = clusters(dags)
    place = cluster if isinstance(cluster, Cluster) else draw(cluster)
    shared = draw(resources()) if behavior is None else {}
    if behavior is None:
        behavior = behaviors(dags, resources=shared)
    does = behavior if isinstance(behavior, Behavior) else draw(behavior)
    base = Scenario(
        fleet=dags,
        cluster=place,
        behavior=does,
        resources=shared,
        start=how.start or START,
        duration_s=MOST_HOURS * HOUR_S,
    )
    if how.window is not None:
        base = scenario_of(base, window=how.window)
    return draw(_around(base, how, needs_run=True))


@st.composite
def _around(draw: Draw, base: Scenario, how: _How, *, needs_run: bool = False) -> Scenario:
    """The scenario with all that is not given: first what there is of, then how it goes."""
    changes: dict[str, Any] = {}
    window_s = base.duration_s
    if how.window is None:
        window_s = HOUR_S * draw(st.integers(1, max(1, int(window_s // HOUR_S))))
        changes["duration_s"] = window_s
    if how.start is None:
        changes["start"] = base.start + timedelta(days=draw(st.integers(0, DAYS - 1)))
    fleet = changes["fleet"] = draw(varied_fleets(base.fleet, how.vary))
    changes["cluster"] = draw(varied_clusters(base.cluster, fleet, how.vary))
    least = min(how.runs, int(needs_run))
    more = draw(manual_runs(fleet, window_s=window_s, most=how.runs, least=least))
    changes["manual_runs"] = (*base.manual_runs, *more)
    if how.runs:
        changes["asset_updates"] = draw(asset_updates(fleet, window_s=window_s))
        start = changes.get("start", base.start)
        changes["backfills"] = draw(backfills(fleet, start=start, window_s=window_s))
    made = base.model_copy(update=changes)
    drawn = settled(draw(_faults(made, how.faults)), made)
    check_targets(drawn, made.fleet, made.cluster, made.start, made.resources)
    made = made.model_copy(update={"faults": (*base.faults, *drawn)})
    made = made.model_copy(update={"behavior": draw(lengths(made.fleet, made.behavior))})
    made = made.model_copy(update={"seed": draw(st.integers(0, 3))})
    return decided(made, draw(deviations(how.ties)))


def _faults(scenario: Scenario, asked: Faults) -> st.SearchStrategy[tuple[AnyFault, ...]]:
    if isinstance(asked, st.SearchStrategy):
        return many(asked, 2)
    if not isinstance(asked, int):
        return _some(tuple(asked))
    single = st.deferred(
        lambda: any_faults(
            scenario.fleet,
            scenario.cluster,
            resources=scenario.resources,
            run_ids=[run.run_id for run in scenario.manual_runs if run.run_id is not None],
            window_s=scenario.duration_s,
        )
    )
    return many(single, asked) if asked else st.just(())


@st.composite
def _some(draw: Draw, options: Sequence[OneFault]) -> tuple[AnyFault, ...]:
    """Some of these, each once; shrinks to none."""
    found: list[AnyFault] = []
    for one in options:
        if draw(st.booleans()):
            fault = draw(one) if isinstance(one, st.SearchStrategy) else one
            found.append(parse_fault(fault) if isinstance(fault, str) else fault)
    return tuple(found)
