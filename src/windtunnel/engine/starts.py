"""Starts: queued runs begin to run where there is room.

From Airflow: ``jobs/scheduler_job_runner.py: _start_queued_dagruns`` and ``models/dagrun.py:
get_queued_dag_runs_to_set_running``.
"""

from __future__ import annotations

from heapq import heappop, heappush

from windtunnel.engine.dependencies import begin
from windtunnel.engine.world import Run, World
from windtunnel.trace.states import RunState


class Start:
    """Starts queued runs where ``max_active_runs`` leaves room."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queued: list[list[tuple[int, int]]] = [[] for _ in world.program.dags]
        self._seen = 0
        self._look_at: dict[int, None] = {}
        """DAGs of which a run was created or ended since the last look."""

    @property
    def has_work(self) -> bool:
        """Whether anything happened that may let a run start."""
        return bool(self._look_at) or self._seen < len(self._world.runs)

    def run_ended(self, run: Run) -> None:
        """There may be room for another run of its DAG."""
        if self._queued[run.dag.number]:
            self._look_at[run.dag.number] = None

    def start_queued(self) -> list[Run]:
        """Start queued runs by run_after (3.x) or logical date (2.x), ties by creation; return
        them."""
        world = self._world
        self._enter_new()
        candidates: list[tuple[int, int]] = []
        for number in self._look_at:
            candidates.extend(self._candidates(number))
        self._look_at = {}
        candidates.sort()
        most = world.cluster.max_dagruns_per_loop_to_schedule
        started = [world.runs[index] for _, index in candidates[:most]]
        for run in started:
            world.set_run_state(run, RunState.RUNNING, "started")
            begin(world, run)
        for order, index in candidates[most:]:
            number = world.runs[index].dag.number
            heappush(self._queued[number], (order, index))
            self._look_at[number] = None
        return started

    def requeued(self, run: Run) -> None:
        """A run that was over waits for its start again."""
        by_date = self._world.profile.start_order == "logical_date"
        order = run.logical_us if by_date else run.run_after_us
        heappush(self._queued[run.dag.number], (order, run.index))
        self._look_at[run.dag.number] = None

    def unpaused(self, dag: int) -> None:
        """Queued runs of a DAG may start again."""
        self._look_at[dag] = None

    def _enter_new(self) -> None:
        for run in self._world.runs[self._seen :]:
            self.requeued(run)
        self._seen = len(self._world.runs)

    def _candidates(self, number: int) -> list[tuple[int, int]]:
        """Queued runs of one DAG for which there is room."""
        world = self._world
        dag, queue = world.program.dags[number], self._queued[number]
        if world.paused[number]:
            return []
        room = dag.max_active_runs - world.running_runs[number]
        if not dag.max_active_runs or number in world.limitless:
            room = len(queue)  # 0 limits creation only: it is false where a start is checked
        found: list[tuple[int, int]] = []
        while queue and len(found) < room:
            first = heappop(queue)
            if world.runs[first[1]].state == RunState.QUEUED:  # else somebody has ended it
                found.append(first)
        return found
