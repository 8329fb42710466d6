"""Faults of tries: which tries they strike, and what becomes of those."""

from __future__ import annotations

from dataclasses import replace

from windtunnel.engine.faults.timeline import Window
from windtunnel.engine.program import micros
from windtunnel.engine.tries.attempts import Doom
from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.tries.tries import Struck
from windtunnel.engine.world import World
from windtunnel.model import (
    HeartbeatLost,
    LateData,
    OfTasks,
    OutOfMemory,
    ResultLost,
    Sensor,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
)
from windtunnel.model.faults.tasks import FINAL, SKIPS, TERMINATED
from windtunnel.model.pattern import matches

KILLED = "killed: out of memory (exit code -9)"


class OfTries:
    """All faults that strike tries which begin while they last."""

    def __init__(self, world: World) -> None:
        self._world = world
        faults = list(enumerate(world.scenario.faults))
        self._faults = [
            (number, fault, Window(fault, world.start))
            for number, fault in faults
            if isinstance(fault, OfTasks)
        ]
        self._late = [(number, fault) for number, fault in faults if isinstance(fault, LateData)]
        self._of: dict[tuple[int, int], list[tuple[int, OfTasks, Window]]] = {}
        """The faults that speak of each task of a DAG."""
        self._late_of: dict[tuple[int, int], list[tuple[int, LateData]]] = {}

    def is_lost_by_executor(self, ti: int) -> bool:
        """Whether no worker ever gets this queued task instance."""
        lost = self._struck(ti, TaskLostByExecutor)
        self._note(lost)
        return bool(lost)

    def strike(self, ti: int, plan: Plan) -> tuple[Struck | None, Plan]:
        """What becomes of a try that begins now."""
        struck = self._struck(ti, OfTasks)
        faults = [(n, fault) for n, fault in struck if not isinstance(fault, TaskLostByExecutor)]
        self._note(faults)
        plan = self._delayed(ti, plan)
        result, dooms = Struck(), []
        for _, fault in faults:
            plan = self._altered(plan, fault)
            doom = self._doom(fault)
            if doom is not None:
                dooms.append(doom)
            elif isinstance(fault, TaskHangs):
                result = replace(result, hangs=True)
            elif isinstance(fault, HeartbeatLost):
                result = replace(result, loses_heartbeat=True)
            elif isinstance(fault, ResultLost):
                result = replace(result, loses_result=self._noticed(fault))
        if dooms:
            result = replace(result, doom=min(dooms, key=lambda doom: doom.at))
        return (None if result == Struck() else result), plan

    def _noticed(self, fault: ResultLost) -> str:
        told = self._world.profile.executor_report_ends_running
        return fault.noticed or ("at once" if told else "heartbeat")

    def _altered(self, plan: Plan, fault: OfTasks) -> Plan:
        if isinstance(fault, TaskIsSlow):
            return plan.slowed(fault.factor)
        if isinstance(fault, TaskFails) and fault.after_s is None:
            return replace(plan, outcome=self._outcome(fault), error=_said(fault))
        if isinstance(fault, OutOfMemory) and fault.after_s is None:
            return replace(plan, outcome="fail", error=KILLED)
        return plan

    def _doom(self, fault: OfTasks) -> Doom | None:
        """How the fault ends the try before it has done its work."""
        if not isinstance(fault, TaskFails | OutOfMemory) or fault.after_s is None:
            return None
        at = self._world.now + micros(fault.after_s)
        if isinstance(fault, OutOfMemory):
            return Doom(at, "fail", KILLED)
        return Doom(at, self._outcome(fault), _said(fault))

    def _outcome(self, fault: TaskFails) -> str:
        """What Airflow makes of the exception (``task_runner.py: run``)."""
        if fault.exception == SKIPS:
            return "skip"
        final = not fault.retryable or fault.exception in FINAL
        if fault.exception == TERMINATED:
            final = self._world.profile.terminated_is_final
        return "fail_no_retry" if final else "fail"

    def _delayed(self, ti: int, plan: Plan) -> Plan:
        if not self._late or plan.true_at is None or not self._is_sensor(ti):
            return plan
        late = self._late_of.get(self._task(ti))
        if late is None:
            late = [(n, fault) for n, fault in self._late if self._speaks_of(fault, ti)]
            self._late_of[self._task(ti)] = late
        self._note(late)
        return replace(plan, true_at=plan.true_at + sum(micros(fault.by_s) for _, fault in late))

    # -- which --------------------------------------------------------------------------------

    def _struck(self, ti: int, kind: type[OfTasks]) -> list[tuple[int, OfTasks]]:
        if not self._faults:
            return []
        found = self._of.get(self._task(ti))
        if found is None:
            found = [each for each in self._faults if self._speaks_of(each[1], ti)]
            self._of[self._task(ti)] = found
        return [
            (number, fault)
            for number, fault, window in found
            if isinstance(fault, kind) and self._strikes(number, fault, window, ti)
        ]

    def _strikes(self, number: int, fault: OfTasks, window: Window, ti: int) -> bool:
        world = self._world
        if not window.covers(world.now):
            return False
        if fault.tries and world.tries[ti] not in fault.tries:
            return False
        if fault.probability >= 1:
            return True
        about = (*world.name_of(ti), world.tries[ti])
        return world.luck.happens(fault.probability, about, "fault", number)

    def _speaks_of(self, fault: OfTasks | LateData, ti: int) -> bool:
        dag = self._world.runs[self._world.ti_run[ti]].dag
        return matches(fault.tasks, dag.dag, dag.tasks[self._world.ti_task[ti]])

    def _is_sensor(self, ti: int) -> bool:
        run = self._world.runs[self._world.ti_run[ti]]
        return isinstance(run.dag.kind[self._world.ti_task[ti]], Sensor)

    def _task(self, ti: int) -> tuple[int, int]:
        return self._world.runs[self._world.ti_run[ti]].dag.number, self._world.ti_task[ti]

    def _note(self, struck: list[tuple[int, OfTasks]] | list[tuple[int, LateData]]) -> None:
        for number, _ in struck:
            self._world.trace.struck[number] += 1


def _said(fault: TaskFails) -> str | None:
    return None if fault.raising is None else f"raised {fault.raising}"
