"""Readiness: what becomes of a task instance whose dependencies are met.

From Airflow: ``models/dagrun.py: schedule_tis`` and, in 2.x, the mini scheduler on the worker,
``models/taskinstance.py: schedule_downstream_tasks``.
"""

from __future__ import annotations

from windtunnel.engine.scheduler.dependencies import Pass
from windtunnel.engine.scheduler.queueing import CriticalSection
from windtunnel.engine.world import (
    DEFERRED,
    NONE,
    RUNNING,
    SCHEDULED,
    SUCCESS,
    UP_FOR_RESCHEDULE,
    UP_FOR_RETRY,
    Run,
    World,
)


class Readiness:
    """Schedules what is ready."""

    def __init__(self, world: World, section: CriticalSection) -> None:
        self._world = world
        self._section = section
        wanted = world.cluster.schedule_after_task_execution
        self._on_workers = world.profile.mini_scheduler and wanted

    def schedule(self, ti: int) -> None:
        """A ready task instance becomes scheduled; trivial ones succeed on the spot."""
        world = self._world
        state = world.state[ti]
        if state not in (NONE, UP_FOR_RETRY, UP_FOR_RESCHEDULE):
            return
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        if state != UP_FOR_RESCHEDULE:
            world.tries[ti] += 1
        world.due.pop(ti, None)
        if run.dag.is_empty[task]:
            if run.dag.is_map_source[task]:
                world.lengths.pop(ti, None)
            world.move(ti, SUCCESS)
            return
        world.move(ti, SCHEDULED)
        self._section.lanes.add(ti)

    def schedule_downstream(self, ti: int, run: Run, task: int) -> None:
        """2.x: the worker itself schedules direct downstream tasks that became ready."""
        if not self._on_workers:
            return
        world = self._world
        if run.state != 1 or world.state[ti] in (DEFERRED, RUNNING):
            return
        dag = run.dag
        evaluation = Pass(world, run)
        evaluation.evaluate(dag.partial(task))
        direct = set(dag.downstream[task])
        for ready in evaluation.ready:
            own = world.ti_task[ready]
            if own in direct and not dag.is_empty[own]:
                self.schedule(ready)
            else:
                run.todo.append(ready)
        world.mark(run)
