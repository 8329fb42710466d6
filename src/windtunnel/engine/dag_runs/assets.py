"""Assets: the events that tasks make of them, whom these are queued for, and the runs they start.

From Airflow: ``assets/manager.py: register_asset_change, _queue_dagruns``, ``models/dag.py:
dags_needing_dagruns`` and ``jobs/scheduler_job_runner.py: _create_dag_runs_asset_triggered`` (2.x:
``datasets/manager.py``, ``_create_dag_runs_dataset_triggered``).

A consumer has at most one entry for an asset: further events before its run is created make no
other. The run takes the events up to the newest of these entries, so what came after the entry was
made waits for the run after it. Events are told apart by their number, since no two of Airflow's
have one timestamp.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from windtunnel.engine.dag_runs.run_ids import free_run_id, iso
from windtunnel.engine.program import DagProgram, micros
from windtunnel.engine.world import World
from windtunnel.model import AssetCondition
from windtunnel.trace.trace import AssetEvent, RunRecord

Interval = tuple[datetime, datetime]


class AssetRuns:
    """Who waits for which asset, and what each has got since its last run."""

    def __init__(self, world: World, exceeds: Callable[[int], bool]) -> None:
        self._world = world
        self._exceeds = exceeds
        """3.x: whether a DAG is marked as full (``exceeds_max_non_backfill``)."""
        self._queued: dict[int, dict[str, int]] = {}
        """By consumer: the first event of each asset since its last run."""
        self._met: dict[int, None] = {}
        """Consumers whose condition is met."""
        self._taken: dict[int, int] = {}
        """By consumer: the newest event that a run of it may have taken."""
        self._runs: dict[int, int] = {}
        """By consumer: how many runs it has got."""
        self._outside = _events_from_outside(world)

    # -- events -------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When somebody outside of the fleet updates an asset next."""
        return self._outside[-1][0] if self._outside else None

    def handle_due(self) -> None:
        """The updates from outside that are due."""
        while self._outside and self._outside[-1][0] <= self._world.now:
            self.update(self._outside.pop()[1])

    def succeeded(self, ti: int) -> None:
        """A task instance succeeded: one event for each of its outlets that anybody waits for."""
        world = self._world
        run = world.runs[world.ti_run[ti]]
        for asset in run.dag.updates[world.ti_task[ti]]:
            self.update(asset, ti)

    def update(self, asset: str, ti: int | None = None) -> None:
        """An asset has an event, which is queued for each consumer that is not paused."""
        world = self._world
        events = world.trace.asset_events
        number = len(events)
        events.append(AssetEvent(world.now, asset, ti))
        for dag in world.program.consumers.get(asset, ()):
            if world.paused[dag] or asset not in world.program.dags[dag].awaited_assets:
                continue
            queued = self._queued.setdefault(dag, {})
            if asset not in queued:
                queued[asset] = number
                if is_met(world.program.dags[dag].awaited, queued):
                    self._met[dag] = None

    def changed(self, number: int) -> None:
        """A DAG has another version: it may wait for other assets than before."""
        dag = self._world.program.dags[number]
        kept = {a: n for a, n in self._queued.get(number, {}).items() if a in dag.awaited_assets}
        self._queued[number] = kept
        self._met.pop(number, None)
        if kept and is_met(dag.awaited, kept):
            self._met[number] = None

    # -- runs ---------------------------------------------------------------------------------

    def ready(self) -> list[int]:
        """DAGs that get a run in the next loop, by dag_id."""
        if not self._met:
            return []
        dags = self._world.program.dags
        return sorted(filter(self._may_run, self._met), key=lambda number: dags[number].dag_id)

    def _may_run(self, number: int) -> bool:
        world = self._world
        active, most = world.active_runs[number], world.program.dags[number].max_active_runs
        full = active > 0 and active >= most
        return not (full or world.paused[number] or self._exceeds(number))

    def create(self, number: int) -> None:
        """The run of a DAG whose condition is met. Its date is that of the newest entry."""
        world = self._world
        dag, events = world.program.dags[number], world.trace.asset_events
        newest = max(self._queued.pop(number).values())
        del self._met[number]
        assets = dag.awaited_assets
        taken = tuple(
            event
            for event in range(self._taken.get(number, -1) + 1, newest + 1)
            if events[event].asset in assets
        )
        self._taken[number] = newest
        at = world.datetime_at(events[newest].at_us).astimezone(UTC)
        run = world.add_run(dag, self._record(dag, at, taken))
        world.trace.consumed[run.index] = taken

    def _record(self, dag: DagProgram, at: datetime, taken: tuple[int, ...]) -> RunRecord:
        world = self._world
        kind = world.profile.asset_run_type
        logical = interval = None
        if world.profile.asset_runs_have_dates:
            while at in world.logical_dates[dag.number]:
                at += timedelta(microseconds=1)
            logical, interval = at, self._interval(at, taken)
        name = free_run_id(world, dag, f"{kind}__{iso(at)}")
        self._runs[dag.number] = number = self._runs.get(dag.number, 0) + 1
        return RunRecord(dag.number, name, kind, logical, at, world.now, interval, number)

    def _interval(self, at: datetime, taken: tuple[int, ...]) -> Interval:
        """All data intervals of the runs that updated the assets (2.x
        ``timetables/simple.py: data_interval_for_events``)."""
        sources = [self._interval_of(event) for event in taken] or [(at, at)]
        return min(start for start, _ in sources), max(end for _, end in sources)

    def _interval_of(self, number: int) -> Interval:
        world = self._world
        event = world.trace.asset_events[number]
        if event.ti is not None:
            interval = world.runs[world.ti_run[event.ti]].interval
            if interval is not None:
                return interval
        at = world.datetime_at(event.at_us).astimezone(UTC)
        return at, at


def is_met(condition: AssetCondition | None, updated: dict[str, int]) -> bool:
    """Whether these assets are all, or enough, of what a DAG waits for."""
    if condition is None:
        return False
    if isinstance(condition, str):
        return condition in updated
    joined = any if condition.type == "any" else all
    return joined(is_met(part, updated) for part in condition.of)


def _events_from_outside(world: World) -> list[tuple[int, str]]:
    """(when, asset), the last one first."""
    found: list[tuple[int, str]] = []
    end = micros(world.scenario.duration_s)
    for said in world.scenario.asset_updates:
        at, every = micros(said.at_s), said.every_s
        found.append((at, said.asset))
        while every is not None and at + micros(every) < end:
            at += micros(every)
            found.append((at, said.asset))
    return sorted(found, key=lambda event: event[0])[::-1]


__all__ = ["AssetRuns", "is_met"]
