"""Picture: one moment in which nothing moves, as propositions about runs and task instances.

At such a moment no timer runs, so a dag run has not come to be, is held back or lost
(catchup=False), queued, or has started; and a task instance has not begun, is in one of its phases,
or is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from windtunnel.slices.certificate.phases import (
    Phase,
    StrayPlace,
    bodies,
    phases_of,
    stray_places,
)
from windtunnel.slices.certificate.terms import (
    FALSE,
    TRUE,
    Formula,
    Term,
    both,
    count,
    either,
    implies,
    no,
)
from windtunnel.slices.certificate.unfolding import Unfolding
from windtunnel.slices.fleet import OVER_BEFORE, Dag, Slice, Step, Task, Wait


class Run(NamedTuple):
    """A dag run that there can be."""

    dag: str
    k: int

    def __str__(self) -> str:
        return f"{self.dag}#{self.k}"


class Instance(NamedTuple):
    """A task instance that there can be."""

    run: Run
    task: Task

    def __str__(self) -> str:
        return f"{self.run}.{self.task.name}"


class Picture:
    """The propositions, by what they are about."""

    def __init__(self, of: Slice, unfolding: Unfolding) -> None:
        self.of = of
        self.unfolding = unfolding
        self.loose = unfolding.loose
        self.formula = Formula()
        self.dags: dict[str, Dag] = {dag.name: dag for dag in of.dags}
        self._tasks = {dag.name: {task.name: task for task in dag.tasks} for dag in of.dags}
        self._exists: dict[Run, Term] = {}
        self._queued: dict[Run, Term] = {}
        self._held: dict[Run, Term] = {}
        self._lost: dict[Run, Term] = {}
        self._phase: dict[tuple[Run, str], dict[str, Term]] = {}
        self.failed_tries: dict[Instance, Term] = {}
        """How many tries ended without success; 0 where it can't happen."""
        self.strikes: dict[Instance, Term] = {}
        """How many faults struck it."""
        self.strays: dict[Instance, dict[StrayPlace, Term]] = {}
        """How many of its processes stay there, given up by the scheduler."""
        self._declare()

    # -- declaration ------------------------------------------------------------------------------

    def _declare(self) -> None:
        formula = self.formula
        for run in self.runs():
            scheduled = run.k < self.unfolding.scheduled(run.dag)
            self._exists[run] = TRUE if scheduled else formula.boolean(f"{run} exists")
            self._queued[run] = formula.boolean(f"{run} queued")
            can_be_lost = scheduled and self.unfolding.can_be_lost(run.dag)
            self._held[run] = formula.boolean(f"{run} held back") if can_be_lost else FALSE
            self._lost[run] = formula.boolean(f"{run} lost") if can_be_lost else FALSE
        for one in self.instances():
            names = ["not begun", "success", "failed", *(p.name for p in self.phases(one))]
            terms = {name: formula.boolean(f"{one} {name}") for name in names}
            self._phase[one.run, one.task.name] = terms
            self._exactly_one(list(terms.values()))
            self._declare_failures(one)

    def _exactly_one(self, terms: list[Term]) -> None:
        self.formula.add(either(*terms))
        for number, term in enumerate(terms):
            for other in terms[number + 1 :]:
                self.formula.add(f"(not (and {term} {other}))")

    def _declare_failures(self, one: Instance) -> None:
        formula, unfolding = self.formula, self.unfolding
        dag, task = one.run.dag, one.task
        self.failed_tries[one] = "0"
        self.strikes[one] = "0"
        self.strays[one] = {}
        if unfolding.tries_fail(dag, task):
            tries = unfolding.tries(dag, task)
            self.failed_tries[one] = formula.integer(f"{one} failed tries", 0, tries)
        if unfolding.is_struck(task):
            most = self.of.max_faults
            self.strikes[one] = formula.integer(f"{one} strikes", 0, most)
            for place in stray_places(task, unfolding.tries(dag, task)):
                self.strays[one][place] = formula.integer(f"{one} {place.name}", 0, most)

    # -- who there is -----------------------------------------------------------------------------

    def runs(self, dag: str | None = None) -> Iterator[Run]:
        """All dag runs, or those of one DAG."""
        for name in self.dags if dag is None else (dag,):
            for k in range(self.unfolding.runs(name)):
                yield Run(name, k)

    def instances(self, run: Run | None = None) -> Iterator[Instance]:
        """All task instances, or those of one run."""
        for one in self.runs() if run is None else (run,):
            for task in self.dags[one.dag].tasks:
                yield Instance(one, task)

    def instance(self, run: Run, task: str) -> Instance:
        """The one of this name."""
        return Instance(run, self._tasks[run.dag][task])

    def find(self, run: Run, task: str) -> Instance | None:
        """The one of this name, if there can be one."""
        if run.dag not in self.dags or not 0 <= run.k < self.unfolding.runs(run.dag):
            return None
        return self.instance(run, task) if task in self._tasks[run.dag] else None

    def upstream(self, one: Instance) -> list[Instance]:
        """The task instances directly before it."""
        return [self.instance(one.run, name) for name in one.task.after]

    @cached_property
    def _phases(self) -> dict[tuple[str, str], tuple[Phase, ...]]:
        has_workers = self.of.worker_slots is not None
        return {
            (dag.name, task.name): phases_of(
                task, self.unfolding.tries(dag.name, task), has_workers
            )
            for dag in self.of.dags
            for task in dag.tasks
        }

    def phases(self, one: Instance) -> tuple[Phase, ...]:
        """Where it can stay after it has begun and before it is over."""
        return self._phases[one.run.dag, one.task.name]

    def bodies(self, one: Instance) -> tuple[tuple[Step, ...], ...]:
        """What its tries do."""
        return bodies(one.task, self.unfolding.tries(one.run.dag, one.task))

    # -- task instances ---------------------------------------------------------------------------

    def at(self, one: Instance, phase: Phase) -> Term:
        """It is there."""
        return self._phase[one.run, one.task.name][phase.name]

    def not_begun(self, one: Instance) -> Term:
        """It has not begun, or was cleared since."""
        return self._phase[one.run, one.task.name]["not begun"]

    def success(self, one: Instance) -> Term:
        """It succeeded; nothing changes that any more."""
        return self._phase[one.run, one.task.name]["success"]

    def failed(self, one: Instance) -> Term:
        """It is failed or upstream_failed."""
        return self._phase[one.run, one.task.name]["failed"]

    def over(self, one: Instance) -> Term:
        """It is over."""
        return either(self.success(one), self.failed(one))

    def underway(self, one: Instance) -> Term:
        """It has begun, and is not over."""
        return either(*(self.at(one, phase) for phase in self.phases(one)))

    def passed(self, one: Instance, body: int, step: int) -> Term:
        """The try that is under way is past this step of this body."""
        return either(
            *(
                self.at(one, phase)
                for phase in self.phases(one)
                if phase.body == body and phase.passed > step
            )
        )

    # -- dag runs ---------------------------------------------------------------------------------

    def exists(self, run: Run) -> Term:
        """It has come to be, or its interval is over at least."""
        return self._exists[run]

    def queued(self, run: Run) -> Term:
        """It is queued."""
        return self._queued[run]

    def held(self, run: Run) -> Term:
        """It is not created as long as max_active_runs are active."""
        return self._held[run]

    def lost(self, run: Run) -> Term:
        """It never comes to be."""
        return self._lost[run]

    def started(self, run: Run) -> Term:
        """It is running or over."""
        return both(
            self._exists[run], no(self._queued[run]), no(self._held[run]), no(self._lost[run])
        )

    def all_over(self, run: Run) -> Term:
        """All of its task instances are over."""
        return both(*(self.over(one) for one in self.instances(run)))

    def running(self, run: Run) -> Term:
        """It is running."""
        return both(self.started(run), no(self.all_over(run)))

    def finished(self, run: Run) -> Term:
        """It is over."""
        return both(self.started(run), self.all_over(run))

    def succeeded(self, run: Run) -> Term:
        """It succeeded; nothing changes that any more."""
        return both(self.started(run), *(self.success(one) for one in self.instances(run)))

    def how_many_run(self, dag: str) -> Term:
        """How many runs of a DAG are running."""
        return count((self.running(run), 1) for run in self.runs(dag))

    # -- conditions -------------------------------------------------------------------------------

    def met(self, one: Instance, wait: Wait) -> Term:
        """What it waits for has come true; it stays true."""
        k = one.run.k + wait.offset if wait.run is None else wait.run
        if wait.runs:
            wanted = wait.runs[one.run.k] if one.run.k < len(wait.runs) else None
            if wanted is None or wanted == OVER_BEFORE:
                return FALSE if wanted is None else TRUE
            k = wanted
        run = Run(wait.dag, k)
        if wait.dag not in self.dags or not 0 <= k < self.unfolding.runs(wait.dag):
            return FALSE
        if wait.task is None:
            return self.succeeded(run)
        target = self.find(run, wait.task)
        return FALSE if target is None else self.success(target)

    def past_met(self, one: Instance) -> Term:
        """depends_on_past and wait_for_downstream let it go."""
        if not one.task.depends_on_past:
            return TRUE
        run = one.run
        if run.dag in self.loose.pasts:
            ordered = self.unfolding.start_in_order(run.dag)
            others = [other for other in self.runs(run.dag) if other.k < run.k or not ordered]
            return both(
                *(either(no(self.exists(o)), self._is_past(one, o)) for o in others if o != run)
            )
        return TRUE if run.k == 0 else self._is_past(one, Run(run.dag, run.k - 1))

    def _is_past(self, one: Instance, before: Run) -> Term:
        """The run before lets it go, if it is this one."""
        needed = [self.success(self.instance(before, one.task.name))]
        if one.task.wait_for_downstream:
            needed += [
                self.success(other)
                for other in self.instances(before)
                if one.task.name in other.task.after
            ]
        return either(self.lost(before), both(*needed))

    def past_is_told(self, one: Instance) -> bool:
        """Whether it follows from its start that the past was met: what was skipped is met, too."""
        dag = self.dags[one.run.dag]
        if dag.name in self.loose.pasts:
            return False
        looked = [one.task.name]
        if one.task.wait_for_downstream:
            looked += [task.name for task in dag.tasks if one.task.name in task.after]
        return not any((dag.name, name) in self.loose.ends for name in looked)

    def require(self, condition: Term, term: Term) -> None:
        """Where the one is so, so is the other."""
        self.formula.add(implies(condition, term))
