"""Runs at once: how many runs of a DAG may be active together while they wait, at most."""

from __future__ import annotations

from math import ceil

from windtunnel.lint.limits import catches_up, interval_s, most_runs
from windtunnel.model import Dag, Scenario, TriggerDagRun
from windtunnel.model.schedule import assets_in

PILE_S = 86400.0
"""How late what is waited for may be: runs that come meanwhile pile up. Longer outages are left
out; somebody looks after them."""
ROUNDS = 16
"""DAGs that start DAGs that start DAGs: so deep is looked."""


class RunsAtOnce:
    """For the DAGs of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._by_hand: dict[str, int] = {}
        for run in scenario.manual_runs:
            self._by_hand[run.dag_id] = self._by_hand.get(run.dag_id, 0) + 1
        self._filled = {one.dag_id for one in scenario.backfills}
        self._filled |= {one.dag_id for one in scenario.arrivals}
        """DAGs of which as many runs may come as their limit allows."""
        self._starters = _starters(scenario)
        self._known: dict[float, dict[str, int]] = {}

    def of(self, dag: Dag, patience_s: float) -> int:
        """The most that there may be while a wait lasts at most so long (s)."""
        patience = min(patience_s, PILE_S)
        if patience not in self._known:
            self._known[patience] = self._while(patience)
        return self._known[patience][dag.dag_id]

    def _while(self, patience: float) -> dict[str, int]:
        dags, cluster = self._scenario.fleet.dags, self._scenario.cluster
        most = {dag.dag_id: most_runs(dag, cluster) for dag in dags}
        own = {dag.dag_id: self._without_others(dag, patience) for dag in dags}
        found = {name: min(most[name], max(1, count)) for name, count in own.items()}
        for _ in range(ROUNDS):
            further = {
                # Nobody says how a DAG without a schedule is run: once, by somebody.
                name: min(
                    most[name],
                    max(1, own[name] + sum(found[by] for by in self._starters.get(name, ()))),
                )
                for name in own
            }
            if further == found:
                break
            found = further
        return found

    def _without_others(self, dag: Dag, patience: float) -> int:
        """Runs that come to be meanwhile by the clock or by hand."""
        cluster = self._scenario.cluster
        by_hand = self._by_hand.get(dag.dag_id, 0)
        if dag.dag_id in self._filled:
            return most_runs(dag, cluster)
        interval = interval_s(self._scenario, dag)
        if interval is None:
            return by_hand
        if catches_up(dag, cluster):
            return most_runs(dag, cluster)
        return by_hand + max(1, ceil(patience / interval))


def _starters(scenario: Scenario) -> dict[str, list[str]]:
    """By DAG: others that trigger it or update an asset that it waits for."""
    found: dict[str, list[str]] = {}
    wanting: dict[str, list[str]] = {}
    for dag in scenario.fleet.dags:
        for asset in assets_in(dag.awaited):
            wanting.setdefault(asset, []).append(dag.dag_id)
    for dag in scenario.fleet.dags:
        started: dict[str, None] = {}
        for task in () if dag.is_paused else dag.tasks:
            if isinstance(task.kind, TriggerDagRun):
                started[task.kind.trigger_dag_id] = None
            for asset in task.outlets:
                started.update(dict.fromkeys(wanting.get(asset, ())))
        for name in started:
            if name != dag.dag_id:
                found.setdefault(name, []).append(dag.dag_id)
    return found
