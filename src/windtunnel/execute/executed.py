"""Executed: bodies run in the place of modelled tries."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from windtunnel.engine.plans import Plan
from windtunnel.engine.world import World
from windtunnel.execute.calls import Call, Kept, entrance
from windtunnel.execute.clock import SimulatedClock
from windtunnel.execute.console import Console
from windtunnel.execute.context import Stores
from windtunnel.execute.strands import Strand
from windtunnel.execute.xcoms import (
    RETURN_VALUE,
    XComRefusedError,
    XComs,
    XComTooLargeError,
)
from windtunnel.loaders.standin.exceptions import AirflowTaskTimeout
from windtunnel.loaders.standin.operators import operator_class_of
from windtunnel.loaders.standin.values import tasks_run
from windtunnel.model import Empty, ExternalTaskSensor, LatestOnly, TriggerDagRun
from windtunnel.model.body import Body
from windtunnel.trace.trace import Output

RETURNS_NOTHING = (Empty, ExternalTaskSensor, LatestOnly, TriggerDagRun)
"""Kinds of tasks of which it is known what they push without running them."""


class Executed:
    """Runs the callables of one simulation. Use it in a ``with`` block.

    Args:
        bodies: what each task runs, by (dag_id, task_id).
        show: called with each piece of output, while the simulation goes on.
    """

    def __init__(
        self,
        bodies: Mapping[tuple[str, str], Body],
        show: Callable[[Output], None] | None = None,
    ) -> None:
        self._bodies = bodies
        self._show = show
        self._strands: dict[int, Strand] = {}
        """Callables that sleep, by task instance."""
        self._clock: SimulatedClock | None = None
        self._console: Console | None = None
        self._kept: Kept | None = None
        self._tasks_run = tasks_run()

    def __enter__(self) -> Self:
        self._tell = self._tasks_run.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        for strand in self._strands.values():
            assert self._console is not None
            with self._console.watching(strand):
                strand.give_up()
        if self._clock is not None:
            self._clock.end()
        if self._console is not None:
            self._console.close()
        self._tasks_run.__exit__(None, None, None)

    # -- what the engine asks -----------------------------------------------------------------

    def run(self, world: World, ti: int) -> Plan | None:
        """Begin what a task instance runs; None if that can't run here."""
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        task_id = run.dag.ids[task]
        body = self._bodies.get((run.dag.dag_id, task_id))
        kept = self._ready(world)
        xcoms = kept.xcoms
        xcoms.clear(ti)
        if body is None or body.kind == "none":
            returns = getattr(body and body.task, "do_xcom_push", True)
            if returns and not isinstance(run.dag.kind[task], RETURNS_NOTHING):
                xcoms.unknown.add((run.index, task_id))
            return None
        function = body.function or entrance(operator_class_of(body.task))
        if function is not None and self._clock is not None:
            self._clock.reach(function)
        call = Call(kept, self._bodies, world, ti)
        plan = self._step(world, ti, Strand(call.work), None)
        return None if body.kind == "trigger" and plan.error is None else plan

    def go_on(self, world: World, ti: int, *, timed_out: bool) -> Plan:
        """A sleep is over, or ``execution_timeout`` cuts it short."""
        error = AirflowTaskTimeout("execution_timeout passed") if timed_out else None
        return self._step(world, ti, self._strands.pop(ti), error)

    def drop(self, world: World, ti: int) -> None:
        """The try of a callable that sleeps was ended from outside."""
        strand = self._strands.pop(ti, None)
        if strand is not None:
            assert self._console is not None
            with self._console.watching(strand) as written:
                strand.give_up()
            self._note(world, ti, written)

    def declare(self, world: World, ti: int, result: Any) -> str | None:
        """A modelled try returns this; gives the reason if that can't be."""
        xcoms = self._ready(world).xcoms
        run = world.runs[world.ti_run[ti]]
        xcoms.unknown.discard((run.index, run.dag.ids[world.ti_task[ti]]))
        xcoms.clear(ti)
        try:
            xcoms.push(ti, RETURN_VALUE, result)
        except (XComRefusedError, XComTooLargeError) as error:
            return str(error)
        return None

    # -- running ------------------------------------------------------------------------------

    def _ready(self, world: World) -> Kept:
        if self._kept is None:
            len(self._bodies)  # DAG files are executed now, while the clock is the real one
            self._kept = Kept(XComs(world), Stores())
            self._console = Console()
            self._clock = SimulatedClock(world.datetime_at(world.now), self._tell)
            self._clock.begin()
        return self._kept

    def _step(self, world: World, ti: int, strand: Strand, error: BaseException | None) -> Plan:
        """Let a callable run until it sleeps or ends."""
        clock, console = self._clock, self._console
        assert clock is not None
        assert console is not None
        with console.watching(strand) as written, _drawing(strand, world, ti):
            clock.run(strand, world.datetime_at(world.now), error)
        self._note(world, ti, written)
        if strand.asleep_us is not None:
            self._strands[ti] = strand
            return Plan(strand.ahead_us + strand.asleep_us, live=True, sleeping=True)
        if strand.error is not None:
            raise strand.error
        plan: Plan = strand.result
        plan.duration = strand.ahead_us
        return plan

    def _note(self, world: World, ti: int, written: list[str]) -> None:
        for text in written:
            dag_id, _, task_id, map_index = world.name_of(ti)
            run = world.runs[world.ti_run[ti]].name
            number = world.tries[ti]
            output = Output(world.now, dag_id, run, task_id, map_index, number, text)
            world.trace.output.append(output)
            if self._show is not None:
                self._show(output)


@contextlib.contextmanager
def _drawing(strand: Strand, world: World, ti: int) -> Iterator[None]:
    """Inside the ``with`` block random numbers are the try's own: the same in every simulation."""
    kept = random.getstate()
    if strand.chance is None:
        key = (world.scenario.seed, *world.name_of(ti), world.tries[ti])
        random.seed("|".join(map(str, key)))
    else:
        random.setstate(strand.chance)
    try:
        yield
    finally:
        strand.chance = random.getstate()
        random.setstate(kept)
