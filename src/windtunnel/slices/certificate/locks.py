"""What holds of locks while nothing moves: who holds them, what has leaked, who can't get them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from windtunnel.slices.certificate.phases import bodies, held_before
from windtunnel.slices.certificate.picture import Instance, Picture, Run
from windtunnel.slices.certificate.terms import (
    Term,
    at_most,
    both,
    count,
    either,
    implies,
    less,
    no,
    number,
    plus,
    times,
)
from windtunnel.slices.fleet import Acquire, Dag, Release, Task


def describe_locks(picture: Picture) -> None:
    """No more is held than there is, and who waits for a lock finds too little free."""
    formula = picture.formula
    for lock, of in sorted(picture.of.locks.items()):
        asking = list(_asking(picture, lock))
        if not asking:
            continue
        held = plus(*_held_by_tries(picture, lock), *_held_by_runs(picture, lock))
        held = formula.sum_of(f"held of lock {lock}", plus(held, _leaked(picture, lock)))
        setting = f"units of lock {lock}"
        most = formula.fact(setting, "at most", of.capacity)
        formula.add(implies(most, at_most(held, number(of.capacity))))
        least = formula.fact(setting, "at least", of.capacity)
        for there, units in asking:
            fits = at_most(plus(held, number(units)), number(of.capacity))
            picture.require(there, no(both(least, fits)))


def _asking(picture: Picture, lock: str) -> Iterator[tuple[Term, int]]:
    """Who stays at a step that takes it, and how much of it."""
    for one in picture.instances():
        steps = picture.bodies(one)
        for phase in picture.phases(one):
            if phase.kind == "blocked" and phase.step is not None:
                step = steps[phase.body][phase.step]
                if isinstance(step, Acquire) and step.lock == lock:
                    yield picture.at(one, phase), step.units
        for place, number_of in picture.strays[one].items():
            step = steps[place.body][place.step]
            if isinstance(step, Acquire) and step.lock == lock:
                yield less("0", number_of), step.units


def _held_by_tries(picture: Picture, lock: str) -> Iterator[Term]:
    for one in picture.instances():
        for phase in picture.phases(one):
            yield count([(picture.at(one, phase), dict(phase.holds).get(lock, 0))])
        for place, number_of in picture.strays[one].items():
            units = dict(place.holds).get(lock, 0)
            if units:
                yield times(number_of, units)


# -- what dag runs hold ---------------------------------------------------------------------------


def _held_by_runs(picture: Picture, lock: str) -> Iterator[Term]:
    for dag in picture.of.dags:
        users = [task for task in dag.tasks if _uses_by_run(task, lock)]
        if not users:
            continue
        certain = _is_certain(picture, dag, users, lock)
        for run in picture.runs(dag.name):
            yield _held_by_run(picture, run, users, lock, certain)


def _uses_by_run(task: Task, lock: str) -> bool:
    return any(
        isinstance(step, Acquire | Release) and step.by_run and step.lock == lock
        for step in (*task.steps, *task.retry_steps)
    )


def _is_certain(picture: Picture, dag: Dag, users: list[Task], lock: str) -> bool:
    """Whether a run holds no more than what its tasks, from where they are, have not given back:
    each has one try, and gives back only what surely was taken before."""
    unfolding = picture.unfolding
    if any(unfolding.tries_fail(dag.name, task) for task in users):
        return False
    if all(_is_balanced(task, lock) for task in users):
        return True
    # What was taken before a clear is not held any more, and can't be given back.
    return not unfolding.clears(dag.name) and _takes_first(dag, users, lock)


def _is_balanced(task: Task, lock: str) -> bool:
    """It gives back no more than it took itself."""
    held = 0
    for step in task.steps:
        if isinstance(step, Acquire | Release) and step.by_run and step.lock == lock:
            held += step.units if isinstance(step, Acquire) else -step.units
        if held < 0:
            return False
    return True


def _takes_first(dag: Dag, users: list[Task], lock: str) -> bool:
    """Every step that takes comes before every step that gives back."""
    taking: list[tuple[str, int]] = []
    giving: list[tuple[str, int]] = []
    for task in users:
        for at, step in enumerate(task.steps):
            if isinstance(step, Acquire | Release) and step.by_run and step.lock == lock:
                (taking if isinstance(step, Acquire) else giving).append((task.name, at))
    before = _ancestors(dag)
    return all(
        (taker == giver and first < second) or taker in before[giver]
        for (taker, first), (giver, second) in product(taking, giving)
    )


def _ancestors(dag: Dag) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {task.name: frozenset(task.after) for task in dag.tasks}
    while True:
        more = {
            name: names.union(*(found[other] for other in names)) for name, names in found.items()
        }
        if more == found:
            return found
        found = more


def _held_by_run(picture: Picture, run: Run, users: list[Task], lock: str, certain: bool) -> Term:
    formula = picture.formula
    held = formula.integer(f"{lock} held by {run}", 0)
    taken: list[Term] = []
    given: list[Term] = []
    for task in users:
        one = picture.instance(run, task.name)
        for body, steps in enumerate(picture.bodies(one)):
            for at, step in enumerate(steps):
                if isinstance(step, Acquire | Release) and step.by_run and step.lock == lock:
                    passed = either(picture.passed(one, body, at), picture.success(one))
                    term = count([(passed, step.units)])
                    (taken if isinstance(step, Acquire) else given).append(term)
                    again = picture.failed_tries[one]
                    if isinstance(step, Acquire) and again != "0":
                        taken.append(times(again, step.units))
    total = plus(*taken)
    rest = plus(total, times(plus(*given), -1)) if certain else total
    formula.add(at_most(held, f"(ite {less(rest, '0')} 0 {rest})"))
    over = picture.all_over(run)
    if certain and not picture.unfolding.clears(run.dag):
        picture.require(no(over), at_most(rest, held))
    if not any(_can_outlive_the_run(task) for task in users):
        picture.require(over, at_most(held, "0"))
    return held


def _can_outlive_the_run(task: Task) -> bool:
    return any(kind == "part" for kind, _ in task.faults)


# -- what nobody gives back -----------------------------------------------------------------------


def _leaked(picture: Picture, lock: str) -> Term:
    formula = picture.formula
    capacity = picture.of.locks[lock].capacity
    if any(_leaks_by_timeout(picture, dag, lock) for dag in picture.of.dags):
        return formula.integer(f"{lock} leaked", 0, capacity)
    ways: list[Term] = []
    if picture.of.locks[lock].leaks:
        for one in picture.instances():
            ways += _leaked_by_crashes(picture, one, lock)
    if not ways:
        return "0"
    leaked = formula.integer(f"{lock} leaked", 0, capacity)
    formula.add(at_most(leaked, plus(*ways)))
    return leaked


def _leaked_by_crashes(picture: Picture, one: Instance, lock: str) -> Iterator[Term]:
    """A process that dies takes along what it holds."""
    if not picture.unfolding.is_struck(one.task):
        return
    most = max(
        (
            held_before(steps, at).get(lock, 0)
            for kind, at in one.task.faults
            if kind == "crash"
            for steps in picture.bodies(one)
        ),
        default=0,
    )
    if not most:
        return
    formula = picture.formula
    crashes = formula.integer(f"{one} crashes with {lock}", 0, picture.of.max_faults)
    strays = plus(*picture.strays[one].values())
    formula.add(at_most(plus(crashes, strays), picture.strikes[one]))
    yield times(crashes, most)


def _leaks_by_timeout(picture: Picture, dag: Dag, lock: str) -> bool:
    """A run that times out gives nothing back, and neither does a deferred task of it."""
    if dag.dagrun_timeout is None:
        return False
    for task in dag.tasks:
        if _uses_by_run(task, lock):
            return True
        tries = picture.unfolding.tries(dag.name, task)
        if task.mode == "defer" and any(
            held_before(steps, at).get(lock, 0)
            for steps in bodies(task, tries)
            for at in range(len(steps))
        ):
            return True
    return False
