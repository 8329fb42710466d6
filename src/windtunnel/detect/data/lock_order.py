"""Locks that tasks take in opposite orders (WT210): each may come to hold what the other waits for.

An order alone is no deadlock. It is told only where one could come of it: the locks leave no room
for both, nothing orders the tries, no other lock or limit keeps them apart; and as something that
could be, for no simulation has shown it. Where one has, the deadlock says it (WT101).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.data.exclusion import Held, Holdings, Try, could_meet, guards
from windtunnel.detect.data.order import Order
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.model.resources import resource_named
from windtunnel.trace import Trace

CODE = "WT210"
LONGEST = 5
"""Tries in a circle of locks, at most."""
ALIKE = 3
"""Tries of one task that take the same locks in the same order, and are looked at."""
MOST = 2000
"""Ways through the locks that are looked at from each of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """A try that holds one lock and wants another one."""

    one: Try
    has: str
    wants: str
    count: int
    held: Held
    at_us: int


Circle = tuple[Step, ...]
"""Each has what the one before it wants."""


def lock_circles(scenario: Scenario, trace: Trace) -> list[Circle]:
    """Circles of tries that could hold each what another one waits for, one for each set of
    tasks."""
    if not len(trace.holds):
        return []
    attempts = Attempts(scenario, trace)
    steps = _steps(scenario, trace, attempts)
    closed = [circle for circle in _circles(steps) if _is_closed(scenario, circle)]
    if not closed:
        return []
    order = Order(scenario, trace, [step.one for circle in closed for step in circle])
    found: dict[tuple[tuple[int, int], ...], Circle] = {}
    for circle in closed:
        tasks = tuple(sorted({attempts.key(step.one[0]) for step in circle}))
        if tasks not in found and _could_meet(scenario, attempts, order, circle):
            found[tasks] = circle
    return list(found.values())


def _steps(scenario: Scenario, trace: Trace, attempts: Attempts) -> dict[str, list[Step]]:
    """By the lock that they have: those who want another one."""
    found: dict[str, list[Step]] = {}
    alike: dict[tuple[object, ...], int] = {}
    for step in (*_taken(trace), *_never_taken(trace)):
        if not (_is_lock(scenario, step.has) and _is_lock(scenario, step.wants)):
            continue
        key = (attempts.key(step.one[0]), step.has, step.wants)
        alike[key] = alike.get(key, 0) + 1
        if alike[key] <= ALIKE:
            found.setdefault(step.has, []).append(step)
    return found


def _taken(trace: Trace) -> Iterator[Step]:
    held: dict[Try, dict[str, int]] = {}
    for at, ti, number, resource, change in trace.holds:
        has = held.setdefault((ti, number), {})
        if change > 0:
            for other in has:
                if other != resource:
                    yield Step((ti, number), other, resource, change, dict(has), at)
        has[resource] = has.get(resource, 0) + change
        if not has[resource]:
            del has[resource]


def _never_taken(trace: Trace) -> Iterator[Step]:
    """Those who waited in vain: until they gave up, or the window ended."""
    taken = {(ti, name, at) for at, ti, _, name, change in trace.holds if change > 0}
    if all((ti, resource, until) in taken for ti, resource, _, until in trace.pauses):
        return
    holdings = Holdings(trace)
    tries: dict[int, list[Try]] = {}
    for one in holdings.tries():
        tries.setdefault(one[0], []).append(one)
    for ti, resource, since, until in trace.pauses:
        if (ti, resource, until) in taken:
            continue
        for one in tries.get(ti, ()):
            held = holdings.at(one, since)
            for other in held:
                if other != resource:
                    yield Step(one, other, resource, 1, held, since)


def _is_lock(scenario: Scenario, name: str) -> bool:
    """Whether whoever finds it taken waits, however long it takes."""
    given = resource_named(name, scenario.resources)
    waits = given is not None and given.when_full == "wait" and given.wait_at_most_s is None
    return waits and guards(name, scenario.resources) is not None


def _circles(steps: dict[str, list[Step]]) -> Iterator[Circle]:
    """All circles, each from its first lock by name."""
    for first in sorted(steps):
        paths: list[Circle] = [(step,) for step in steps[first]]
        for path in islice(_popped(paths), MOST):
            if path[-1].wants == first:
                yield path
            elif len(path) < LONGEST:
                seen = {step.has for step in path}
                paths.extend(
                    (*path, step)
                    for step in steps.get(path[-1].wants, ())
                    if step.has > first and step.has not in seen
                )


def _popped(paths: list[Circle]) -> Iterator[Circle]:
    while paths:
        yield paths.pop()


def _is_closed(scenario: Scenario, circle: Circle) -> bool:
    """Whether each is another task instance, and no lock has room for who wants it."""
    if len({step.one[0] for step in circle}) < len(circle):
        return False
    for step, other in zip(circle, (*circle[1:], circle[0]), strict=True):
        slots = guards(step.wants, scenario.resources)
        if slots is None or other.held[step.wants] + step.count <= slots:
            return False
    return True


def _could_meet(scenario: Scenario, attempts: Attempts, order: Order, circle: Circle) -> bool:
    if any(order.ordered(*pair) for pair in combinations([step.one for step in circle], 2)):
        return False
    held = [(step.one, step.held) for step in circle]
    return could_meet(scenario, attempts, held, max(step.at_us for step in circle))


# -- in words --------------------------------------------------------------------------------------


def noted(
    scenario: Scenario, trace: Trace, deadlocks: Sequence[Finding], circles: Iterable[Circle]
) -> tuple[tuple[Finding, ...], list[Circle]]:
    """The deadlocks, with a note where locks in opposite orders are what they come of; and the
    circles that none of them comes of."""
    told, left = list(deadlocks), []
    attempts = Attempts(scenario, trace)
    for circle in circles:
        locks = {step.has for step in circle}
        meant = [
            n
            for n, finding in enumerate(told)
            if locks <= {limit.subject for limit in finding.limits if limit.kind == "resource"}
        ]
        for n in meant:
            orders = "; ".join(_order(attempts, step) for step in circle)
            note = f"{orders}. One order for all of them makes this impossible."
            if note not in told[n].notes:
                told[n] = told[n].model_copy(update={"notes": (*told[n].notes, note)})
        if not meant:
            left.append(circle)
    return tuple(told), left


def find_lock_orders(scenario: Scenario, trace: Trace, circles: Iterable[Circle]) -> list[Finding]:
    """One finding for each circle."""
    attempts = Attempts(scenario, trace)
    return [_finding(trace, attempts, circle) for circle in circles]


def _order(attempts: Attempts, step: Step) -> str:
    return f"{attempts.name(step.one[0])} takes {step.has}, then {step.wants}"


def _finding(trace: Trace, attempts: Attempts, circle: Circle) -> Finding:
    first = circle[0]
    file, line = attempts.place(first.one[0])
    words: list[str] = []
    for step in circle:
        words += [attempts.name(step.one[0]), step.wants]
    return Finding(
        code=CODE,
        title="Locks in opposite orders",
        summary=f"{'; '.join(_order(attempts, step) for step in circle)}. Nothing orders these "
        "tasks, so each may come to hold what another one waits for, and none goes on.",
        certain=False,
        dag_id=attempts.dag_id(first.one[0]),
        file=file,
        line=line,
        since=trace.at(max(step.at_us for step in circle)),
        holding=tuple(
            attempts.party(step.one[0], f"takes {step.has}, then {step.wants}", step.at_us)
            for step in circle
        ),
        cycle=(*words, words[0]),
        notes=(
            "Take them in one order everywhere, or one lock around both, or run these tasks in a "
            "pool of one slot.",
        ),
    )
