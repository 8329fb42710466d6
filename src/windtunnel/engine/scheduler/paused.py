"""Paused: running runs of paused DAGs, which are looked at once a minute, and may end, although
nothing of theirs is scheduled.

From Airflow: ``jobs/scheduler_job_runner.py: _update_dag_run_state_for_paused_dags``.
"""

from __future__ import annotations

from windtunnel.engine.scheduler.runs import examine
from windtunnel.engine.world import Run, World
from windtunnel.trace.states import RunState

MINUTE_US = 60_000_000


class PausedRuns:
    """Runs of paused DAGs in which something changed since they were looked at."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.changed: dict[int, Run] = {}
        """By index."""

    def note(self, run: Run) -> None:
        """Something changed in a running run of a paused DAG."""
        self.changed[run.index] = run

    def next_due(self) -> int:
        """When the next look is due."""
        return (self._world.now // MINUTE_US + 1) * MINUTE_US

    def take_due(self) -> list[Run]:
        """The runs to look at now: still running, and of a DAG that is still paused."""
        if self._world.now % MINUTE_US:
            return []
        runs, self.changed = self.changed, {}
        paused = self._world.paused
        return [
            run for run in runs.values() if run.state == RunState.RUNNING and paused[run.dag.number]
        ]


def look_at_paused(world: World, run: Run) -> None:
    """Evaluate a run without scheduling anything; what is ready is so again when its DAG is
    unpaused."""
    ready = examine(world, run)
    run.todo.extend(ready)
