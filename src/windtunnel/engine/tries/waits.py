"""Waits across DAGs: a run that waits for the run it triggered, a sensor that waits for another
DAG.

From Airflow: the standard provider's ``operators/trigger_dagrun.py`` and
``sensors/external_task.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from windtunnel.engine.dag_runs.creation import was_done
from windtunnel.engine.program import DagProgram
from windtunnel.engine.tries.triggered import Refusal, ask_for_run
from windtunnel.engine.world import FINISHED, Run, World
from windtunnel.model import ExternalTaskSensor, TriggerDagRun
from windtunnel.trace.states import RunState, TaskState
from windtunnel.trace.trace import LostRun

Key = tuple[str, int, int]


@dataclass(slots=True)
class Wait:
    """What one task instance waits for."""

    kind: TriggerDagRun | ExternalTaskSensor
    dag: int | None
    """Number of the DAG; None if the fleet has no such DAG."""
    run: Run | None = None
    """The run it triggered."""
    dates: tuple[int, ...] = ()
    """Logical dates of the runs that a sensor looks for."""
    before_start: dict[int, bool] = field(default_factory=dict)
    """By date: whether that run was over when the simulation began."""
    keys: tuple[Key, ...] = ()


class CrossDagWaits:
    """Who waits for which run, and whether it has what it wants."""

    def __init__(
        self,
        world: World,
        before_forced_end: Callable[[str], None],
        clear_run: Callable[[Run], None],
    ) -> None:
        self._world = world
        self._clear_run = clear_run
        self._before_forced_end = before_forced_end
        self._waits: dict[int, Wait] = {}
        self._waiting: dict[Key, dict[int, None]] = {}

    def begin(self, ti: int, kind: TriggerDagRun | ExternalTaskSensor) -> Refusal | None:
        """Create the run to trigger, or find out which runs the sensor is about."""
        if ti in self._waits and isinstance(kind, ExternalTaskSensor):
            return None
        world = self._world
        name = kind.trigger_dag_id if isinstance(kind, TriggerDagRun) else kind.external_dag_id
        wait = Wait(kind, world.program.number.get(name))
        own = world.runs[world.ti_run[ti]]
        if wait.dag is not None:
            if isinstance(kind, TriggerDagRun):
                refusal = self._trigger(ti, own, kind, wait)
            else:
                refusal = self._sense(own, kind, wait)
            if refusal is not None:
                return refusal
        self._waits[ti] = wait
        for key in wait.keys:
            self._waiting.setdefault(key, {})[ti] = None
        return None

    def _trigger(self, ti: int, own: Run, kind: TriggerDagRun, wait: Wait) -> Refusal | None:
        world = self._world
        assert wait.dag is not None
        answer = ask_for_run(world, own, kind, wait.dag)
        if isinstance(answer, Refusal):
            if answer.twin is not None:
                lost = LostRun(world.now, wait.dag, "exists", answer.twin.index, ti=ti)
                world.trace.lost_runs.append(lost)
            return answer
        if answer.to_clear:
            self._clear_run(answer.run)
        else:
            world.trace.triggered_by[answer.run.index] = ti
        wait.run = answer.run
        wait.keys = (("run", wait.run.index, 0),)
        if ~ti in world.confs:
            world.confs[wait.run.index] = world.confs.pop(~ti)
        return None

    def _sense(self, own: Run, kind: ExternalTaskSensor, wait: Wait) -> Refusal | None:
        world = self._world
        assert wait.dag is not None
        if kind.check_existence and world.profile.external_existence_is_checked:
            index = world.program.dags[wait.dag].index
            missing = next((t for t in kind.external_task_ids if t not in index), None)
            if missing is not None:
                return Refusal("fail", f"there is no task {kind.external_dag_id}.{missing}")
        logical = own.logical or own.record.run_after
        deltas = (kind.execution_delta_s, *kind.other_deltas_s)
        wait.dates = tuple(world.us_at(logical - timedelta(seconds=delta)) for delta in deltas)
        wait.keys = tuple(("date", wait.dag, date) for date in wait.dates)
        return None

    @property
    def any(self) -> bool:
        """Whether any task instance waits for another DAG."""
        return bool(self._waits)

    def forget(self, ti: int) -> None:
        """The wait is over."""
        wait = self._waits.pop(ti, None)
        for key in () if wait is None else wait.keys:
            self._waiting[key].pop(ti, None)

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
        looked = [self._states(wait, kind, date) for date in wait.dates]
        if self._count(kind, looked, kind.failed_states)[0]:
            return f"the external {kind.external_dag_id} failed"
        if self._count(kind, looked, kind.skipped_states)[0]:
            return "skipped"
        found, wanted = self._count(kind, looked, kind.allowed_states)
        return "success" if found == wanted > 0 else None

    def _count(
        self, kind: ExternalTaskSensor, looked: list[list[str]], states: tuple[str, ...]
    ) -> tuple[int, int]:
        """How many of what it looks at are in these states, and how many would be all. A mapped
        task counts with each of its instances, and is expected once (``external_task.py:
        _calculate_count``)."""
        if kind.external_task_group_id is None:
            found = sum(state in states for one in looked for state in one)
            return found, len(looked) * max(1, len(kind.external_task_ids))
        if self._world.profile.external_group_as_a_whole:
            whole = [bool(one) and all(state in states for state in one) for one in looked]
            return sum(whole), len(looked)
        found = sum(state in states for one in looked for state in one)
        return found, sum(len(one) for one in looked)

    def targets(self, wait: Wait) -> list[tuple[int, Run | None]]:
        """The runs that a sensor looks at, with their logical dates; of a trigger, its run."""
        if wait.run is not None or wait.dag is None:
            return [(0, wait.run)]
        return [(date, self._world.run_at(wait.dag, date)) for date in wait.dates]

    def has(self, wait: Wait, date: int) -> bool:
        """Whether a sensor is content with the run of one of its logical dates."""
        if not isinstance(wait.kind, ExternalTaskSensor):
            return False
        looked = [self._states(wait, wait.kind, date)]
        found, wanted = self._count(wait.kind, looked, wait.kind.allowed_states)
        return found == wanted > 0

    def _states(self, wait: Wait, kind: ExternalTaskSensor, date: int) -> list[str]:
        """The states of what it looks at in the run of one logical date; none without that run. Of
        a run from before the simulation, all of it succeeded."""
        assert wait.dag is not None
        run = self._world.run_at(wait.dag, date)
        dag = self._world.program.dags[wait.dag]
        if not kind.external_task_ids and kind.external_task_group_id is None:
            if run is not None:
                return [RunState(run.state).label]
            return ["success"] if self._was_done(wait, date) else []
        tasks = tasks_looked_at(kind, dag)
        if run is None:
            return ["success"] * len(tasks) if self._was_done(wait, date) else []
        return [TaskState(self._world.state[ti]).label for task in tasks for ti in run.tis(task)]

    def _was_done(self, wait: Wait, date: int) -> bool:
        if date not in wait.before_start:
            assert wait.dag is not None
            dag = self._world.program.dags[wait.dag]
            logical = self._world.datetime_at(date)
            wait.before_start[date] = was_done(self._world, dag, logical)
        return wait.before_start[date]

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


def tasks_looked_at(kind: ExternalTaskSensor, dag: DagProgram) -> list[int]:
    """The tasks of a DAG that a sensor looks at; none if it looks at the run as a whole."""
    if kind.external_task_group_id is not None:
        return dag.members_of(kind.external_task_group_id)
    return [dag.index[name] for name in kind.external_task_ids if name in dag.index]
