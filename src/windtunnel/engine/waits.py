"""Waits across DAGs: a run that waits for the run it triggered, a sensor that waits for another
DAG.

From Airflow: the standard provider's ``operators/trigger_dagrun.py`` and
``sensors/external_task.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta

from windtunnel.engine.creation import triggered_run, was_done
from windtunnel.engine.world import FINISHED, Run, World
from windtunnel.model import ExternalTaskSensor, TriggerDagRun
from windtunnel.trace.states import RunState, TaskState

Key = tuple[str, int, int]


@dataclass(slots=True)
class Wait:
    """What one task instance waits for."""

    kind: TriggerDagRun | ExternalTaskSensor
    dag: int | None
    """Number of the DAG; None if the fleet has no such DAG."""
    run: Run | None
    """The run it triggered."""
    logical_us: int = 0
    """Logical date of the run a sensor looks for."""
    before_start: bool | None = None
    """Whether that run was over when the simulation began; None: nobody asked yet."""
    key: Key = ("", 0, 0)


class CrossDagWaits:
    """Who waits for which run, and whether it has what it wants."""

    def __init__(self, world: World, before_forced_end: Callable[[str], None]) -> None:
        self._world = world
        self._before_forced_end = before_forced_end
        self._waits: dict[int, Wait] = {}
        self._waiting: dict[Key, dict[int, None]] = {}

    def begin(self, ti: int, kind: TriggerDagRun | ExternalTaskSensor) -> None:
        """Create the run to trigger, or find out which run the sensor is about."""
        if ti in self._waits and isinstance(kind, ExternalTaskSensor):
            return
        world = self._world
        name = kind.trigger_dag_id if isinstance(kind, TriggerDagRun) else kind.external_dag_id
        dag = world.program.number.get(name)
        wait = Wait(kind, dag, None)
        if dag is None:
            pass
        elif isinstance(kind, TriggerDagRun):
            now = world.datetime_at(world.now).astimezone(UTC)
            run_type = "operator_triggered" if world.profile.creation_flag else "manual"
            wait.run = triggered_run(world, world.program.dags[dag], run_type, None, now)
            wait.key = ("run", wait.run.index, 0)
            if ~ti in world.confs:
                world.confs[wait.run.index] = world.confs.pop(~ti)
        else:
            own = world.runs[world.ti_run[ti]]
            logical = own.logical or own.record.run_after
            wait.logical_us = world.us_at(logical - timedelta(seconds=kind.execution_delta_s))
            wait.key = ("date", dag, wait.logical_us)
        self._waits[ti] = wait
        self._waiting.setdefault(wait.key, {})[ti] = None

    @property
    def any(self) -> bool:
        """Whether any task instance waits for another DAG."""
        return bool(self._waits)

    def forget(self, ti: int) -> None:
        """The wait is over."""
        wait = self._waits.pop(ti, None)
        if wait is not None:
            self._waiting[wait.key].pop(ti, None)

    def of(self, ti: int) -> Wait | None:
        """What a task instance waits for, if it does."""
        return self._waits.get(ti)

    def verdict(self, ti: int) -> str | None:
        """``success``, ``skipped``, or why it fails; None while it must go on waiting."""
        wait = self._waits.get(ti)
        if wait is None:
            return None
        if wait.dag is None:
            return "success"  # a DAG outside of the fleet: assumed to do its part, and said so
        if isinstance(wait.kind, TriggerDagRun):
            return self._of_trigger(wait, wait.kind)
        return self._of_sensor(wait, wait.kind)

    def _of_trigger(self, wait: Wait, kind: TriggerDagRun) -> str | None:
        assert wait.run is not None
        if not kind.wait_for_completion:
            return "success"
        state = RunState(wait.run.state).label
        if state in kind.failed_states:
            return f"{kind.trigger_dag_id} failed with failed states"
        return "success" if state in kind.allowed_states else None

    def _of_sensor(self, wait: Wait, kind: ExternalTaskSensor) -> str | None:
        run = self.target(wait)
        states = self._past_states(wait) if run is None else self._target_states(run, kind)
        if not states:
            return None
        if any(s in kind.failed_states for s in states):
            return f"the external {kind.external_dag_id} failed"
        if any(s in kind.skipped_states for s in states):
            return "skipped"
        return "success" if all(s in kind.allowed_states for s in states) else None

    def target(self, wait: Wait) -> Run | None:
        """The run that a sensor looks at, or that was triggered; None if there is none (yet)."""
        if wait.run is not None or wait.dag is None:
            return wait.run
        return self._world.run_at(wait.dag, wait.logical_us)

    def _past_states(self, wait: Wait) -> list[str]:
        """A run from before the simulation: all of it succeeded."""
        if wait.before_start is None:
            assert wait.dag is not None
            dag = self._world.program.dags[wait.dag]
            logical = self._world.datetime_at(wait.logical_us)
            wait.before_start = was_done(self._world, dag, logical)
        return ["success"] if wait.before_start else []

    def _target_states(self, run: Run, kind: ExternalTaskSensor) -> list[str]:
        if not kind.external_task_ids:
            return [RunState(run.state).label]
        known = [run.dag.index[t] for t in kind.external_task_ids if t in run.dag.index]
        if len(known) < len(kind.external_task_ids):
            return []
        world = self._world
        return [TaskState(world.state[ti]).label for task in known for ti in run.tis(task)]

    def touched_by(self, ended: Iterable[int]) -> list[int]:
        """Task instances whose wait may be over, now that these runs and task instances ended."""
        if not self._waits:
            return []
        world = self._world
        found: dict[int, None] = {}
        for who in ended:
            run = world.runs[~who] if who < 0 else world.runs[world.ti_run[who]]
            if who < 0:
                found.update(self._waiting.get(("run", run.index, 0), {}))
            elif world.state[who] not in FINISHED:
                continue
            found.update(self._waiting.get(("date", run.dag.number, run.logical_us), {}))
        return list(found)

    def before_forced_end(self, cause: str) -> None:
        """A timeout is about to end a wait by force: the last chance to see who waited for whom."""
        self._before_forced_end(cause)
