"""What a try is going to do: its duration and outcome, from the behavior, or from the real
callable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from windtunnel.engine.durations import EVEN, drawn_us, longest_us
from windtunnel.engine.luck import draw
from windtunnel.engine.program import DagProgram, micros
from windtunnel.engine.world import Run, World
from windtunnel.model import (
    Deferrable,
    Distribution,
    ExternalTaskSensor,
    Rule,
    Sensor,
    Task,
    TriggerDagRun,
    When,
)
from windtunnel.model.xcom import xcom_name


@dataclass(slots=True)
class Plan:
    """What one try does. Times are microseconds; instants count from the scenario's start."""

    duration: int
    outcome: str = "success"
    follow: tuple[str, ...] | str | None = "all"
    condition: bool = True
    length: int | None = 1
    true_at: int | None = 0
    fire_at: int | None = None
    fire_after: int | None = 0
    resume: int = 0
    memory: float = 0.0
    """MB on the worker."""
    error: str | None = None
    """Traceback of a real callable that failed."""
    live: bool = False
    """A real sensor: each of its pokes is executed when its time has come."""
    sleeping: bool = False
    """A real callable that now sleeps, for so long; then it goes on."""


class Bodies(Protocol):
    """Real callables, run in the place of modelled tries."""

    def run(self, world: World, ti: int) -> Plan | None:
        """Begin the callable of a task instance now; None if it has none."""
        ...

    def go_on(self, world: World, ti: int, *, timed_out: bool) -> Plan:
        """Wake a callable that sleeps; if it timed out, to nothing but its end."""
        ...

    def drop(self, world: World, ti: int) -> None:
        """A try was ended from outside; if its callable sleeps, it won't go on."""
        ...

    def declare(self, world: World, ti: int, result: Any) -> str | None:
        """A modelled try returns this; gives the reason if that can't be."""
        ...


class Planner:
    """Makes the plan of each try."""

    def __init__(
        self, world: World, bodies: Bodies | None, durations: Sequence[int] | None = None
    ) -> None:
        self._world = world
        self._bodies = bodies
        self.durations = durations
        behavior = world.scenario.behavior
        self._work = micros(behavior.default_duration_s)
        self._poke = micros(behavior.default_poke_s)
        self._default = Plan(self._work)
        self._steady: dict[int, list[int] | None] = {}
        self._recipes: dict[int, list[int | Distribution | None]] = {}

    def plain_us(self, ti: int, run: Run) -> int | None:
        """Microseconds that the next try of a task instance takes, if all that its behavior says is
        how long it works; else None."""
        if self.durations is not None:
            return self.durations[ti]
        recipes = self._recipes.get(run.dag.number)
        if recipes is None:
            recipes = self._recipes[run.dag.number] = self._find_recipes(run.dag)
        recipe = recipes[self._world.ti_task[ti]]
        if recipe is None or isinstance(recipe, int):
            return recipe
        return self._drawn(recipe, ti)

    def steady(self, dag: int) -> list[int] | None:
        """Microseconds that each task of a DAG takes in every try that succeeds, whatever the run;
        None if some task may take another time, or end otherwise."""
        if dag not in self._steady:
            self._steady[dag] = self._find_steady(dag)
        return self._steady[dag]

    def _find_steady(self, dag: int) -> list[int] | None:
        if self.durations is not None:
            return None
        recipes = self._find_recipes(self._world.program.dags[dag])
        times = [recipe for recipe in recipes if isinstance(recipe, int)]
        return times if len(times) == len(recipes) else None

    def _find_recipes(self, dag: DagProgram) -> list[int | Distribution | None]:
        """For each task: microseconds, or what they are drawn from, in every try; None if its tries
        differ in anything else."""
        rules = self._world.program.rules[dag.number]
        return [self._recipe(own, each) for own, each in zip(dag.tasks, rules, strict=True)]

    def _recipe(self, own: Task, rules: tuple[Rule, ...]) -> int | Distribution | None:
        rule = rules[0] if rules else Rule()
        plain = rule.outcome == "success" and not rule.fail_share and not rule.memory_mb
        plain = plain and not rule.result_bytes
        if self._bodies is not None or rule.when != When() or not plain:
            return None
        said = rule.duration_s
        given: int | Distribution
        if said is None:
            given = self._work
        else:
            given = micros(said) if isinstance(said, float | int) else said
        limit = own.execution_timeout_s
        if limit is None:
            return given
        longest = given if isinstance(given, int) else longest_us(given)
        return given if longest is not None and longest <= micros(limit) else None

    def plan(self, ti: int) -> Plan:
        """The plan of the try that a task instance now begins."""
        world = self._world
        if self.durations is not None:
            return Plan(self.durations[ti])
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        rules = world.program.rules[run.dag.number][task]
        kind = run.dag.kind[task]
        rule = next((rule for rule in rules if self._matches(rule, ti)), None)
        if self._bodies is not None:
            executed = self._executed(self._bodies, rule, ti)
            if executed is not None:
                return executed
        if rule is not None:
            return self._from_rule(rule, ti, kind)
        if isinstance(kind, Sensor | ExternalTaskSensor | TriggerDagRun):
            return Plan(self._poke)
        if isinstance(kind, Deferrable):
            return Plan(self._poke, fire_after=self._work)
        return self._default

    def _executed(self, bodies: Bodies, rule: Rule | None, ti: int) -> Plan | None:
        """What the real callable does, unless there is none, or its result is declared."""
        if rule is None or rule.result is None:
            return bodies.run(self._world, ti)
        why = bodies.declare(self._world, ti, rule.result) if rule.outcome == "success" else None
        return None if why is None else Plan(0, "fail", error=why)

    def go_on(self, ti: int, *, timed_out: bool) -> Plan:
        """What a callable does that slept until now."""
        assert self._bodies is not None
        return self._bodies.go_on(self._world, ti, timed_out=timed_out)

    def drop(self, ti: int) -> None:
        """A try is over; its callable does nothing more."""
        if self._bodies is not None:
            self._bodies.drop(self._world, ti)

    def _matches(self, rule: Rule, ti: int) -> bool:
        world, when = self._world, rule.when
        run = world.runs[world.ti_run[ti]]
        return (
            (when.try_number is None or when.try_number == world.tries[ti])
            and (when.map_index is None or when.map_index == world.ti_map[ti])
            and (when.run_id is None or when.run_id == run.record.run_id)
            and (when.logical_date is None or when.logical_date == run.logical)
        )

    def _from_rule(self, rule: Rule, ti: int, kind: object) -> Plan:
        plan = Plan(
            self._duration(rule, ti, kind),
            "fail" if self._fails(rule, ti) else rule.outcome,
            rule.follow,
            rule.condition,
            len(rule.result) if isinstance(rule.result, list | dict) else rule.length,
            None if rule.true_at_s is None else micros(rule.true_at_s),
            None if rule.fire_at_s is None else micros(rule.fire_at_s),
            None if rule.fire_after_s is None else micros(rule.fire_after_s),
            micros(rule.resume_duration_s),
            memory=rule.memory_mb,
        )
        if rule.result_bytes and plan.outcome == "success":
            self._hand_over(plan, rule.result_bytes, ti)
        return plan

    def _hand_over(self, plan: Plan, size: int, ti: int) -> None:
        """The try pushes a result of so many bytes at its end."""
        world = self._world
        backend, column = world.cluster.xcom, world.profile.xcom_column
        if not backend.takes(size, column):
            dag_id, _, task_id, _ = world.name_of(ti)
            plan.outcome = "fail"
            plan.error = backend.refusal(xcom_name(dag_id, task_id), size, column)
            return
        if backend.goes_elsewhere(size):
            return
        pushes, patience = backend.push_s(size), world.cluster.task_instance_heartbeat_timeout_s
        plan.duration += micros(min(pushes, patience))
        if pushes > patience:
            plan.outcome, plan.error = "fail", "no heartbeat while its result is pushed"

    def _duration(self, rule: Rule, ti: int, kind: object) -> int:
        given = rule.duration_s
        if given is None:
            waits = isinstance(kind, Sensor | ExternalTaskSensor | TriggerDagRun | Deferrable)
            return self._poke if waits else self._work
        return micros(given) if isinstance(given, float | int) else self._drawn(given, ti)

    def _drawn(self, given: Distribution, ti: int) -> int:
        return drawn_us(given, self._draw("duration", ti))

    def _fails(self, rule: Rule, ti: int) -> bool:
        share = rule.fail_share
        return share > 0 and self._draw("outcome", ti) < share * EVEN

    def _draw(self, purpose: str, ti: int) -> int:
        world = self._world
        return draw(world.scenario.seed, purpose, *world.name_of(ti), world.tries[ti])
