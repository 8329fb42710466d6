"""Executed: bodies run in the place of modelled tries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Self

from windtunnel.engine.tries.plans import Plan
from windtunnel.engine.world import World
from windtunnel.execute.answers import Answers
from windtunnel.execute.backend import DECLARED, PlainBackend, serde_of
from windtunnel.execute.facts import TryFacts, instance_facts, try_facts
from windtunnel.execute.questions import XComTooLargeError
from windtunnel.execute.serde import type_name
from windtunnel.execute.steps import Name, Place, Runs, Step
from windtunnel.execute.store import RETURN_VALUE
from windtunnel.execute.xcoms import XComRefusedError, XComs
from windtunnel.model import Empty, ExternalTaskSensor, LatestOnly, Sensor, TriggerDagRun
from windtunnel.trace.trace import Output

RETURNS_NOTHING = (Empty, ExternalTaskSensor, LatestOnly, TriggerDagRun)
"""Kinds of tasks of which it is known what they push without running them."""


class Executed:
    """Runs the callables of one simulation. Use it in a ``with`` block.

    Args:
        place: where they run.
        show: called with each piece of output, while the simulation goes on.
    """

    def __init__(self, place: Place, show: Callable[[Output], None] | None = None) -> None:
        self._place = place
        self._show = show
        self._bodies: dict[Name, Runs] = {}
        self._answers: Answers | None = None
        self._poked: dict[int, int] = {}
        """Number of the last try of sensors in poke mode."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._place.end()

    @property
    def ran(self) -> frozenset[Name]:
        """Tasks whose callables run for real."""
        return frozenset(name for name, body in self._bodies.items() if body.kind != "none")

    def xcoms(self) -> Iterator[tuple[int, str, int, str, str]]:
        """Run, task_id, map index, key and stored form of each XCom."""
        return iter(()) if self._answers is None else iter(self._answers.store)

    # -- what the engine asks -----------------------------------------------------------------

    def run(self, world: World, ti: int) -> Plan | None:
        """Begin what a task instance runs; None if that can't run here."""
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        task_id = run.dag.ids[task]
        store = self._ready(world).store
        body = self._bodies.get((run.dag.dag_id, task_id))
        store.clear(ti)
        if body is None or body.kind == "none":
            returns = body is None or body.pushes
            if returns and not isinstance(run.dag.kind[task], RETURNS_NOTHING):
                store.unknown.add((run.index, task_id))
            return None
        key = (world.scenario.seed, *world.name_of(ti), world.tries[ti])
        seed = "|".join(map(str, key))
        step = self._place.start(self._facts(world, ti), world.datetime_at(world.now), seed)
        plan = self._plan(world, ti, step)
        return None if body.kind == "trigger" and plan.error is None else plan

    def _facts(self, world: World, ti: int) -> TryFacts:
        facts = try_facts(world, ti)
        kind = world.runs[world.ti_run[ti]].dag.kind[world.ti_task[ti]]
        if not isinstance(kind, Sensor) or kind.mode != "poke":
            return facts
        before, self._poked[ti] = self._poked.get(ti), facts.try_number
        return facts.model_copy(update={"pokes_again": before == facts.try_number})

    def go_on(self, world: World, ti: int, *, timed_out: bool) -> Plan:
        """A sleep is over, or ``execution_timeout`` cuts it short."""
        now = world.datetime_at(world.now)
        return self._plan(world, ti, self._place.go_on(ti, now, timed_out=timed_out))

    def drop(self, world: World, ti: int) -> None:
        """The try of a callable that sleeps was ended from outside."""
        self._note(world, ti, self._place.drop(ti, world.datetime_at(world.now)))

    def declare(self, world: World, ti: int, result: Any) -> str | None:
        """A modelled try returns this; gives the reason if that can't be."""
        answers = self._ready(world)
        run = world.runs[world.ti_run[ti]]
        task_id = run.dag.ids[world.ti_task[ti]]
        answers.store.unknown.discard((run.index, task_id))
        answers.store.clear(ti)
        facts = instance_facts(world, ti)
        try:
            if world.cluster.xcom.own_class is not None:
                said = DECLARED + json.dumps(result)
                answers.push(ti, RETURN_VALUE, said, type_name(result))
            else:
                plain = PlainBackend(serde_of(world.profile, world.cluster.xcom))
                XComs(answers, plain, facts, world.profile).push(RETURN_VALUE, result)
        except (XComRefusedError, XComTooLargeError) as error:
            return str(error)
        return None

    # -- running ------------------------------------------------------------------------------

    def _ready(self, world: World) -> Answers:
        if self._answers is None:
            self._bodies = self._place.bodies()
            self._answers = Answers(world)
            self._place.begin(self._answers, world.datetime_at(world.now))
        return self._answers

    def _plan(self, world: World, ti: int, step: Step) -> Plan:
        self._note(world, ti, step.text)
        if step.asleep_us is not None:
            return Plan(step.ahead_us + step.asleep_us, live=True, sleeping=True)
        assert step.plan is not None
        step.plan.duration = step.ahead_us
        return step.plan

    def _note(self, world: World, ti: int, text: str) -> None:
        if not text:
            return
        dag_id, _, task_id, map_index = world.name_of(ti)
        run = world.runs[world.ti_run[ti]].name
        number = world.tries[ti]
        output = Output(world.now, dag_id, run, task_id, map_index, number, text)
        world.trace.output.append(output)
        if self._show is not None:
            self._show(output)
