"""Faults: when they begin and end, and which tries they strike.

The rest of the engine doesn't know kinds of faults. It asks here what happens to a try that begins,
and whether schedulers, broker and triggerer are up; all else is done to it from outside, through
what an operator could do, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from heapq import heappop, heappush

from windtunnel.engine.luck import draw
from windtunnel.engine.parts import Parts
from windtunnel.engine.plans import Plan
from windtunnel.engine.program import micros
from windtunnel.engine.tries import Struck
from windtunnel.engine.world import FINISHED
from windtunnel.model import (
    BrokerDown,
    Cleared,
    DagPaused,
    HeartbeatLost,
    LateData,
    PoolResized,
    SchedulerDown,
    TaskFails,
    TaskHangs,
    TaskIsSlow,
    TaskLostByExecutor,
    TriggererDown,
    WorkerLost,
    WorkersDrained,
)
from windtunnel.model import Fault as AnyFault
from windtunnel.trace.states import TaskState

OfTasks = TaskFails | TaskHangs | TaskIsSlow | HeartbeatLost | TaskLostByExecutor
EVEN = 1 << 64


class Faults:
    """All faults of one scenario."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._world = parts.world
        self._faults = parts.world.scenario.faults
        self._of_tasks = [
            (number, fault)
            for number, fault in enumerate(self._faults)
            if isinstance(fault, OfTasks)
        ]
        self._late = [fault for fault in self._faults if isinstance(fault, LateData)]
        self._timeline: list[tuple[int, int, Callable[[], None]]] = []
        self._armed = 0
        self._down = {"scheduler": 0, "broker": 0, "triggerer": 0}
        for fault in self._faults:
            for at_s, deed in self._deeds(fault):
                self._arm(at_s, deed)

    # -- when ---------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """When a fault begins or ends next."""
        return self._timeline[0][0] if self._timeline else None

    def handle_due(self) -> None:
        """Begin and end what is due now."""
        while self._timeline and self._timeline[0][0] <= self._world.now:
            heappop(self._timeline)[2]()

    def _arm(self, at_s: float, deed: Callable[[], None]) -> None:
        self._armed += 1
        heappush(self._timeline, (micros(at_s), self._armed, deed))

    # -- what is up ---------------------------------------------------------------------------

    @property
    def scheduler_is_up(self) -> bool:
        """Whether any scheduler runs."""
        return not self._down["scheduler"]

    # -- tries --------------------------------------------------------------------------------

    def struck(self, ti: int) -> list[OfTasks]:
        """The faults that strike the try that a task instance begins (or is queued for) now."""
        if not self._of_tasks:
            return []
        name = self._name(ti)
        return [fault for number, fault in self._of_tasks if self._strikes(number, fault, ti, name)]

    def is_lost_by_executor(self, ti: int) -> bool:
        """Whether no worker ever gets this queued task instance."""
        return any(isinstance(fault, TaskLostByExecutor) for fault in self.struck(ti))

    def strike(self, ti: int, plan: Plan) -> tuple[Struck | None, Plan]:
        """What becomes of a try that begins now."""
        faults = self.struck(ti)
        plan = self._altered(plan, ti, faults)
        hangs = any(isinstance(fault, TaskHangs) for fault in faults)
        silent = any(isinstance(fault, HeartbeatLost) for fault in faults)
        return (Struck(hangs, silent) if hangs or silent else None), plan

    def _altered(self, plan: Plan, ti: int, struck: list[OfTasks]) -> Plan:
        for fault in struck:
            if isinstance(fault, TaskIsSlow):
                duration = round(plan.duration * fault.factor)
                plan = replace(plan, duration=duration, resume=round(plan.resume * fault.factor))
            elif isinstance(fault, TaskFails):
                outcome = "fail" if fault.retryable else "fail_no_retry"
                duration = plan.duration
                if fault.after_s is not None:
                    duration = min(duration, micros(fault.after_s))
                plan = replace(plan, outcome=outcome, duration=duration)
        for late in self._late:
            if plan.true_at is not None and late.is_for(self._name(ti)):
                plan = replace(plan, true_at=plan.true_at + micros(late.by_s))
        return plan

    def _strikes(self, number: int, fault: OfTasks, ti: int, name: str) -> bool:
        world = self._world
        begins, until = micros(fault.at_s), fault.until_s
        if world.now < begins or (until is not None and world.now >= micros(until)):
            return False
        if not fault.is_for(name) or (fault.tries and world.tries[ti] not in fault.tries):
            return False
        if fault.probability >= 1:
            return True
        key = (*world.name_of(ti), world.tries[ti])
        return draw(world.scenario.seed, "fault", number, *key) < fault.probability * EVEN

    def _name(self, ti: int) -> str:
        world = self._world
        dag = world.runs[world.ti_run[ti]].dag
        return f"{dag.dag_id}.{dag.ids[world.ti_task[ti]]}"

    # -- deeds: what happens when a fault begins, and when it ends ----------------------------

    def _deeds(self, fault: AnyFault) -> Iterator[tuple[float, Callable[[], None]]]:
        """(second, what is done then)."""
        if isinstance(fault, SchedulerDown | BrokerDown | TriggererDown):
            what = fault.type.removesuffix("_down")
            yield fault.at_s, lambda: self._take_down(what)
            if fault.until_s is not None:
                yield fault.until_s, lambda: self._bring_up(what)
        elif isinstance(fault, WorkerLost):
            yield fault.at_s, lambda: self._lose_workers(fault)
        elif isinstance(fault, WorkersDrained):
            yield fault.at_s, lambda: self._drain_workers(fault)
        elif isinstance(fault, PoolResized):
            yield fault.at_s, lambda: self._resize(fault)
        elif isinstance(fault, DagPaused):
            yield fault.at_s, lambda: self._pause(fault.dags, paused=True)
            if fault.until_s is not None:
                yield fault.until_s, lambda: self._pause(fault.dags, paused=False)
        elif isinstance(fault, Cleared):
            yield fault.at_s, lambda: self._clear(fault)

    def _take_down(self, what: str) -> None:
        self._down[what] += 1
        if what == "broker":
            self._parts.workers.cut(off=True)
        elif what == "triggerer":
            self._parts.triggerer.hold()

    def _bring_up(self, what: str) -> None:
        self._down[what] -= 1
        if what == "broker":
            self._parts.workers.cut(off=bool(self._down[what]))
        elif what == "triggerer" and not self._down[what]:
            self._parts.triggerer.go_on()

    def _lose_workers(self, fault: WorkerLost) -> None:
        workers = self._parts.workers
        chosen = workers.able(fault.group)[: fault.count]
        for gone in workers.lose(chosen):
            for ti in gone:
                self._parts.tries.vanish(ti, noticed_at_once=fault.noticed == "at once")
        if fault.until_s is not None and chosen:
            self._arm(fault.until_s, lambda: workers.replace(chosen))

    def _drain_workers(self, fault: WorkersDrained) -> None:
        workers = self._parts.workers
        chosen = workers.able(fault.group)[: fault.count]
        workers.drain(chosen)
        if fault.until_s is not None and chosen:
            self._arm(fault.until_s, lambda: workers.undrain(chosen))

    def _resize(self, fault: PoolResized) -> None:
        world = self._world
        number = world.program.pool_number.get(fault.pool)
        if number is None:
            return
        before = world.pool_slots[number]
        world.resize_pool(number, fault.slots)
        if fault.until_s is not None:
            self._arm(fault.until_s, lambda: world.resize_pool(number, before))

    def _pause(self, dags: str, *, paused: bool) -> None:
        world = self._world
        for dag in world.program.dags:
            if fnmatchcase(dag.dag_id, dags) and world.paused[dag.number] is not paused:
                world.pause(dag.number, paused=paused)
                if not paused:
                    self._parts.creation.unpaused(dag.number)
                    self._parts.start.unpaused(dag.number)

    def _clear(self, fault: Cleared) -> None:
        """Cleared task instances lose their state; a run that was over is queued again."""
        world = self._world
        states = {TaskState[state.upper()] for state in fault.states}
        for run in list(world.runs):
            if fault.run_id is not None and fault.run_id not in (run.record.run_id, run.name):
                continue
            cleared = [
                ti
                for task in range(run.dag.size)
                if fault.is_for(f"{run.dag.dag_id}.{run.dag.ids[task]}")
                for ti in run.tis(task)
                if world.state[ti] in states and world.state[ti] in FINISHED
            ]
            for ti in cleared:
                world.clear(ti)
            if cleared and world.requeue(run):
                self._parts.start.requeued(run)
