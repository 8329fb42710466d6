"""What a try is going to do: its duration and outcome, from the behavior, or from the real
callable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from windtunnel.engine.program import DagProgram, micros
from windtunnel.engine.resources.course import Course
from windtunnel.engine.resources.steps import OWN, course_of, has_course
from windtunnel.engine.tries.decided import decides_by_chance, followed_by, is_true, length_of
from windtunnel.engine.tries.durations import longest_us
from windtunnel.engine.tries.handover import hand_over
from windtunnel.engine.tries.slowness import Slowness
from windtunnel.engine.world import Run, World
from windtunnel.model import (
    Deferrable,
    Distribution,
    ExecutorConfig,
    ExternalTaskSensor,
    History,
    Odds,
    Rule,
    Sample,
    Sensor,
    TriggerDagRun,
    When,
)


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
    course: Course | None = None
    """What it takes and does, if that is more than to work for a while."""

    def lasting(self, duration: int) -> Plan:
        """The same, taking so long."""
        return Plan(
            duration,
            self.outcome,
            self.follow,
            self.condition,
            self.length,
            self.true_at,
            self.fire_at,
            self.fire_after,
            self.resume,
        )

    def slowed(self, factor: float) -> Plan:
        """The same, taking so many times as long."""
        course = None if self.course is None else self.course.slowed(factor)
        duration, resume = round(self.duration * factor), round(self.resume * factor)
        return replace(self, duration=duration, resume=resume, course=course)


WAITS = Sensor, ExternalTaskSensor, TriggerDagRun, Deferrable
"""Kinds whose time on the worker is not what they take as a whole."""

FAILS = ("fail", "fail_no_retry")
UNSAID = Rule()
"""What holds for a task of which nothing is said; making one takes a while."""
ALWAYS = When()
Fixed = tuple[Plan, Distribution | None]
One = TypeVar("One")


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
        self._slowness = Slowness(world) if behavior.slowdowns else None
        self._measured = _samples(behavior.history)
        self._histories: dict[int, dict[tuple[str, str], Sample]] = {}
        """Samples of a rule's own history, by the id of that history."""
        self._steady: dict[int, list[int] | None] = {}
        self._recipes: dict[int, list[int | Distribution | None]] = {}
        self._fixed: dict[DagProgram, list[Fixed | None]] = {}

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
        return [self._recipe(dag, task, rules[task]) for task in range(dag.size)]

    def _recipe(
        self, dag: DagProgram, task: int, rules: tuple[Rule, ...]
    ) -> int | Distribution | None:
        rule, own = rules[0] if rules else UNSAID, dag.tasks[task]
        if self._bodies is not None or not _is_plain(rule):
            return None
        if self._slowness is not None and self._slowness.strikes(dag, task):
            return None
        said = self._said(rule, dag.dag_id, own.task_id)
        if isinstance(said, tuple):
            return None
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

    def _said(
        self, rule: Rule | None, dag_id: str, task_id: str
    ) -> float | Distribution | tuple[float | Distribution, ...] | None:
        """How long a task takes: what its rule says, else what was measured."""
        said = None if rule is None else rule.duration_s
        if isinstance(said, History):
            samples = self._histories.get(id(said))
            if samples is None:
                samples = self._histories[id(said)] = _samples(said)
            return samples.get((dag_id, task_id))
        return self._measured.get((dag_id, task_id)) if said is None else said

    def plan(self, ti: int) -> Plan:
        """The plan of the try that a task instance now begins."""
        world = self._world
        if self.durations is not None:
            return Plan(self.durations[ti])
        run = world.runs[world.ti_run[ti]]
        task = world.ti_task[ti]
        fixed = self._fixed.get(run.dag)
        if fixed is None:
            fixed = self._fixed[run.dag] = [
                self._find_fixed(run.dag, i) for i in range(run.dag.size)
            ]
        always = fixed[task]
        if always is not None:
            plan, given = always
            return plan if given is None else plan.lasting(self._drawn(given, ti))
        rules = world.program.rules[run.dag.number][task]
        kind = run.dag.kind[task]
        rule = next((rule for rule in rules if self._matches(rule, ti)), None)
        if self._bodies is not None:
            executed = self._executed(self._bodies, rule, ti)
            if executed is not None:
                return executed
        plan = self._modelled(rule, ti, kind)
        asked = run.dag.tasks[task].executor_config
        if asked is not None:
            plan = _as_asked(plan, rule or UNSAID, asked)
        if self._slowness is not None and (factor := self._slowness.factor(ti)) != 1:
            return plan.slowed(factor)
        return plan

    def _find_fixed(self, dag: DagProgram, task: int) -> Fixed | None:
        """The plan of every try of a task, if they are all alike but for how long they take, and
        what that is drawn from, if it is."""
        if self._bodies is not None or self._slowness is not None or self._measured:
            return None
        if dag.tasks[task].executor_config is not None:
            return None
        rules = self._world.program.rules[dag.number][task]
        if not rules:
            return self._without_rule(dag.kind[task]), None
        return self._from_fixed(rules[0], dag.kind[task]) if _is_fixed(rules[0]) else None

    def _from_fixed(self, rule: Rule, kind: object) -> Fixed:
        said, outcome = rule.duration_s, rule.outcome
        work = self._poke if isinstance(kind, WAITS) else self._work
        assert isinstance(outcome, str)
        assert not isinstance(said, tuple | History)
        about = "", "", "", -1  # nothing of it is drawn
        plan = Plan(
            micros(said) if isinstance(said, float | int) else work,
            outcome,
            followed_by(self._world, rule, about),
            is_true(self._world, rule, about),
            length_of(self._world, rule, about),
            None if rule.true_at_s is None else micros(rule.true_at_s),
            None if rule.fire_at_s is None else micros(rule.fire_at_s),
            None if rule.fire_after_s is None else _fixed_us(rule.fire_after_s),
            _fixed_us(rule.resume_duration_s),
        )
        return plan, (None if said is None or isinstance(said, float | int) else said)

    def _modelled(self, rule: Rule | None, ti: int, kind: object) -> Plan:
        if rule is not None:
            return self._from_rule(rule, ti, kind)
        if self._measured and not isinstance(kind, WAITS):
            return Plan(self._duration(None, ti, kind))
        return self._without_rule(kind)

    def _without_rule(self, kind: object) -> Plan:
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
            and (when.asset_run is None or when.asset_run == run.record.number)
            and (when.logical_date is None or when.logical_date == run.logical)
        )

    def _from_rule(self, rule: Rule, ti: int, kind: object) -> Plan:
        world, about, outcome = self._world, self._world.name_of(ti), self._outcome(rule, ti)
        luck, fires = world.luck, rule.fire_after_s
        plan = Plan(
            self._until(rule, ti, kind, outcome),
            outcome,
            followed_by(world, rule, about),
            is_true(world, rule, about),
            length_of(world, rule, about),
            self._true_at(rule, ti),
            None if rule.fire_at_s is None else micros(rule.fire_at_s),
            None if fires is None else luck.length_us(fires, "fire", self._try(ti)),
            luck.length_us(rule.resume_duration_s, "resume", self._try(ti)),
            memory=self._memory(rule, ti),
            course=course_of(world, rule, ti, kind),
        )
        if rule.result_bytes and plan.outcome == "success":
            self._hand_over(plan, rule.result_bytes, ti)
        return plan

    def _until(self, rule: Rule, ti: int, kind: object, outcome: str) -> int:
        """Microseconds until a try ends so."""
        if rule.fails_after_s is not None and outcome in FAILS:
            return self._world.luck.length_us(rule.fails_after_s, "fails", self._try(ti))
        return self._duration(rule, ti, kind)

    def _hand_over(self, plan: Plan, size: int, ti: int) -> None:
        """The try pushes a result of so many bytes at its end."""
        takes, why = hand_over(self._world, ti, size)
        plan.duration += takes
        if why is not None:
            plan.outcome, plan.error = "fail", why

    def _duration(self, rule: Rule | None, ti: int, kind: object) -> int:
        waits = isinstance(kind, WAITS)
        said = None if rule is None else rule.duration_s
        if waits and said is None:
            return self._poke
        if said is None or isinstance(said, History):
            dag_id, _, task_id, _ = self._world.name_of(ti)
            said = self._said(rule, dag_id, task_id)
        if said is None:
            return self._poke if waits else self._work
        one = self._of_try(said, ti) if isinstance(said, tuple) else said
        return self._world.luck.length_us(one, "duration", self._try(ti))

    def _outcome(self, rule: Rule, ti: int) -> str:
        if rule.outcomes is not None:
            odds = rule.outcomes
            return self._by_odds(odds if isinstance(odds, Odds) else self._of_try(odds, ti), ti)
        if self._fails(rule, ti):
            return "fail"
        said = rule.outcome
        return said if isinstance(said, str) else self._of_try(said, ti)

    def _by_odds(self, odds: Odds, ti: int) -> str:
        return self._world.luck.ending(odds, self._try(ti))

    def _of_try(self, several: tuple[One, ...], ti: int) -> One:
        """What is said of this try; the last is for all that follow."""
        return several[min(max(self._world.tries[ti], 1), len(several)) - 1]

    def _true_at(self, rule: Rule, ti: int) -> int | None:
        """When a sensor's condition comes true; drawn once for each task instance."""
        world = self._world
        if rule.true_after_s is None:
            return None if rule.true_at_s is None else micros(rule.true_at_s)
        run = world.runs[world.ti_run[ti]]
        since = {"run_after": run.run_after_us, "run_start": run.begun_us}.get(rule.true_since)
        if since is None:
            since = run.run_after_us if run.logical is None else run.logical_us
        about = world.name_of(ti)
        return since + world.luck.length_us(rule.true_after_s, "true", about, since)

    def _drawn(self, given: Distribution, ti: int) -> int:
        return self._world.luck.length_us(given, "duration", self._try(ti))

    def _fails(self, rule: Rule, ti: int) -> bool:
        share = rule.fail_share
        return share > 0 and self._world.luck.happens(share, self._try(ti), "outcome")

    def _memory(self, rule: Rule, ti: int) -> float:
        given = rule.memory_mb
        return self._world.luck.amount(given, self._try(ti), "memory") if given else 0.0

    def _try(self, ti: int) -> tuple[object, ...]:
        return (*self._world.name_of(ti), self._world.tries[ti])


def _as_asked(plan: Plan, rule: Rule, asked: ExecutorConfig) -> Plan:
    """A try needs what its executor_config requests, where no rule says what it needs."""
    if rule.memory_mb is None and asked.request_memory_mb is not None:
        plan = replace(plan, memory=asked.request_memory_mb)
    if rule.cpus is None and asked.request_cpus is not None:
        course = plan.course or Course((), OWN)
        plan = replace(plan, course=replace(course, cpus=round(asked.request_cpus * 1000)))
    return plan


def _is_plain(rule: Rule) -> bool:
    """Whether all tries under a rule only work for a while and succeed."""
    ends_well = rule.outcome == "success" and rule.outcomes is None and not rule.fail_share
    needs_nothing = not rule.memory_mb and not rule.result_bytes and not has_course(rule)
    return rule.when == ALWAYS and ends_well and needs_nothing


def _is_fixed(rule: Rule) -> bool:
    """Whether all tries under a rule are alike, but for a duration that is drawn."""
    alike = rule.when == When() and isinstance(rule.outcome, str) and rule.outcomes is None
    sure = not rule.fail_share and rule.true_after_s is None and not decides_by_chance(rule)
    steady = not isinstance(rule.duration_s, tuple | History) and rule.fails_after_s is None
    steady = steady and all(
        given is None or isinstance(given, float | int)
        for given in (rule.fire_after_s, rule.resume_duration_s)
    )
    needs_nothing = not rule.memory_mb and not rule.result_bytes and not has_course(rule)
    return alike and sure and steady and needs_nothing


def _fixed_us(given: float | Distribution) -> int:
    assert isinstance(given, float | int)
    return micros(given)


def _samples(history: History | None) -> dict[tuple[str, str], Sample]:
    if history is None:
        return {}
    return {(m.dag_id, m.task_id): Sample(values_s=m.values_s) for m in history.measured}
