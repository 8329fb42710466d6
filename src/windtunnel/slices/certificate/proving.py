"""prove: is there any moment, consistent with what always holds, in which nothing can move on?

Every deadlock ends in a moment in which nothing moves, and something is not over. So the moments in
which nothing moves are described by what holds of all of them: capacities, precedence, who holds
what, how many faults there can be. If no moment of this kind has anything unfinished, no schedule
ends in a deadlock, whatever durations, arrivals, priorities and ties are: that is a proof. If there
is one, it may or may not be reached: a candidate, to be looked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

from windtunnel.slices.certificate.children import describe_children
from windtunnel.slices.certificate.instances import describe_instances
from windtunnel.slices.certificate.limits import describe_limits
from windtunnel.slices.certificate.locks import describe_locks
from windtunnel.slices.certificate.loose import TIGHT, Loose
from windtunnel.slices.certificate.picture import Instance, Picture
from windtunnel.slices.certificate.reasons import broken, is_too_large, reasons
from windtunnel.slices.certificate.runs import describe_runs
from windtunnel.slices.certificate.solving import Solver, has_solver
from windtunnel.slices.certificate.terms import FALSE, Fact, Term, both, either, implies, no
from windtunnel.slices.certificate.unfolding import Unfolding
from windtunnel.slices.explore import Exploration
from windtunnel.slices.fleet import Slice


@dataclass(frozen=True)
class Certificate:
    """No schedule of the slice ends in a deadlock."""

    rests_on: tuple[Fact, ...]
    """Settings that can't be left out; others may change without touching the proof."""
    assumptions: tuple[str, ...]
    script: str = field(repr=False)
    """The question, in SMT-LIB 2, to be checked again by any solver: it answers unsat."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the script."""
        return hashlib.sha256(self.script.encode()).hexdigest()


@dataclass(frozen=True)
class Stuck:
    """Where a task instance is stuck in a candidate."""

    dag: str
    k: int
    """Number of its dag run."""
    task: str
    phase: str


@dataclass(frozen=True)
class Candidate:
    """Nothing that was looked at excludes that these are stuck; it may still never happen."""

    stuck: tuple[Stuck, ...]


@dataclass(frozen=True)
class NotCovered:
    """Nothing is said, and why."""

    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Exhausted:
    """All states were looked at, whatever takes how long, and none is a deadlock."""

    states: int
    assumptions: tuple[str, ...]


Proof = Certificate | Exhausted | Candidate | NotCovered

EFFORT = 10_000_000
"""Steps of z3."""
MOST_STATES = 20_000


class Question:
    """What always holds in a slice, to be asked about some of its DAGs or all of them."""

    def __init__(self, of: Slice, loose: Loose = TIGHT, effort: int = EFFORT) -> None:
        """
        Args:
            of: The slice.
            loose: Where less is known than it says.
            effort: How much the solver may think about one question; `EFFORT` takes some ten
                seconds at most.

        Raises:
            InvalidInput: z3 is not installed.
        """
        self._of = of
        self._effort = effort
        self._solver: Solver | None = None
        self._goals: dict[str, Term] = {}
        self._why = broken(of)
        if not self._why:
            unfolding = Unfolding(of, loose)
            self._why = reasons(of, unfolding)
            if not is_too_large(unfolding):
                self._picture = self._describe(unfolding)

    def _describe(self, unfolding: Unfolding) -> Picture:
        picture = Picture(self._of, unfolding)
        describe_runs(picture)
        describe_instances(picture)
        describe_limits(picture)
        describe_locks(picture)
        describe_children(picture)
        for dag in picture.dags:
            goal = picture.formula.boolean(f"{dag} is unfinished")
            unfinished = (
                both(picture.exists(one.run), no(picture.lost(one.run)), no(picture.over(one)))
                for run in picture.runs(dag)
                for one in picture.instances(run)
            )
            picture.formula.add(implies(goal, either(*unfinished)))
            self._goals[dag] = goal
        picture.formula.add(either(*self._goals.values()))
        self._solver = Solver(picture.formula, self._effort)
        return picture

    def ask(self, dag: str | None = None) -> Proof:
        """Whether a deadlock can be excluded: of this DAG, or of the whole slice."""
        if self._solver is None:
            return NotCovered(tuple(self._why))
        solver, facts = self._solver, self._picture.formula.facts
        goal = () if dag is None else (self._goals[dag],)
        answer = solver.ask((*facts, *goal))
        if answer == "unknown":
            return NotCovered((*self._why, "z3 gave up: there are too many ways"))
        if answer == "sat":
            return Candidate(_stuck(self._picture, solver))
        if self._why:
            return NotCovered(tuple(self._why))
        rests_on = tuple(sorted(facts[term] for term in solver.core(goal)))
        script = self._picture.formula.script(goal)
        return Certificate(rests_on, _assumptions(self._of), script)


def prove(of: Slice, loose: Loose = TIGHT, *, effort: int = EFFORT) -> Proof:
    """Whether a deadlock of the slice can be excluded.

    Without z3 all states of the slice are walked, if it is as `TIGHT` as it says and small.

    Args:
        of: The slice.
        loose: Where less is known than it says.
        effort: How much the solver may think about it.
    """
    if has_solver():
        return Question(of, loose, effort).ask()
    wrong = broken(of)
    if wrong or loose != TIGHT:
        return NotCovered((*wrong, "z3 is not installed: pip install 'windtunnel[prove]'"))
    return _walked(of)


def _walked(of: Slice) -> Proof:
    """Without a solver: all states, in any order of what is due."""
    walk = Exploration(of, untimed=True, most=MOST_STATES)
    for number, verdicts in enumerate(walk.verdicts):
        if "deadlock" in verdicts:
            doomed = sorted(walk.doomed_in(number))
            actors = (of.actors[ti] for ti in doomed)
            return Candidate(tuple(Stuck(dag, k, task, "stuck") for dag, k, task in actors))
    if not walk.complete or "runaway" in walk.found:
        return NotCovered(("it has too many states to be walked, and z3 is not installed",))
    return Exhausted(len(walk.states), _assumptions(of))


def _stuck(picture: Picture, solver: Solver) -> tuple[Stuck, ...]:
    places: list[tuple[Instance, str, Term]] = []
    for one in picture.instances():
        run = one.run
        there = [(p.name, picture.at(one, p)) for p in picture.phases(one)]
        idle = picture.not_begun(one)
        there.append(("not begun", both(idle, picture.started(run))))
        there.append(("its dag run is queued", both(idle, picture.queued(run))))
        there.append(("its dag run is held back", both(idle, picture.held(run))))
        places += [(one, name, term) for name, term in there if term != FALSE]
    holding = solver.holding([term for _, _, term in places])
    return tuple(
        Stuck(one.run.dag, one.run.k, one.task.name, name)
        for (one, name, _), holds in zip(places, holding, strict=True)
        if holds
    )


def _assumptions(of: Slice) -> tuple[str, ...]:
    faults = "no fault happens" if not of.max_faults else f"at most {of.max_faults} faults happen"
    return (
        "every step that is no wait ends some time",
        "whoever is ready and fits is queued some time",
        "locks, waits and limits are those that are modelled",
        "rescheduled sensors that wait in vain are stuck; that they only keep others from ever"
        " getting a slot is not looked at",
        "timeouts are not counted on: what only a timeout ends is stuck",
        faults,
    )
