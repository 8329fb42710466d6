"""More of a resource wanted at once than there is, because no limit of Airflow's holds it (WT211).

A resource that makes those wait who come too late limits itself. One that refuses them, or that
nobody guards (``when_full`` is ``fail`` or ``exceed``), needs a limit of Airflow's in front of it,
and those count something else: slots of one pool and not of another, task instances and not the
connections that they keep while they are deferred, and no processes that were given up. Whoever is
refused and has it at a later try is left alone: that is what retries are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding, Limit
from windtunnel.model import Resource, Scenario
from windtunnel.trace import TaskState, Trace

CODE = "WT211"
NAMED = 3
"""Users and pools that a sentence names; it counts the rest."""

Try = tuple[int, int]
"""A task instance and the number of its try."""


@dataclass(slots=True)
class Excess:
    """A resource that is too small, and the first time that it mattered."""

    name: str
    given: Resource
    at: int
    one: Try
    """Who found no room."""
    users: dict[Try, int]
    """Who had how much of it then."""
    states: dict[int, int]
    """The states that these were in."""
    times: int = 0
    until: int | None = None
    """When no more was used than there is."""

    @property
    def is_rate(self) -> bool:
        """Whether there was room, and only too little time since others had come."""
        slots = self.given.slots
        too_soon = slots is None or sum(self.users.values()) < slots
        return too_soon and self.given.per_minute is not None

    @property
    def gets_in(self) -> bool:
        """Whether who found no room got in all the same."""
        return self.given.when_full == "exceed"


def find_overcommits(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each resource, at the first time."""
    if 0 not in trace.holds.change:
        return []
    attempts = Attempts(scenario, trace)
    found = _excesses(trace, scenario.resources)
    return [_finding(scenario, trace, attempts, excess) for excess in found]


def _excesses(trace: Trace, resources: dict[str, Resource]) -> list[Excess]:
    failed = _failed(trace, {ti for _, ti, _, _, change in trace.holds if not change})
    held: dict[str, dict[Try, int]] = {}
    found: dict[str, Excess] = {}
    for at, ti, number, name, change in trace.holds:
        users, one = held.setdefault(name, {}), (ti, number)
        if change:
            users[one] = users.get(one, 0) + change
            if not users[one]:
                del users[one]
            _see_end(found.get(name), at, users)
            continue
        given = resources[name]
        if given.when_full == "exceed" or (ti, at) in failed:
            if name not in found:
                found[name] = Excess(name, given, at, one, dict(users), {})
            found[name].times += 1
    when = {ti: excess.at for excess in found.values() for ti, _ in excess.users}
    states = {who: state for at, who, state in trace.history if at <= when.get(who, -1)}
    for excess in found.values():
        excess.states = {ti: states[ti] for ti, _ in excess.users}
    return list(found.values())


def _failed(trace: Trace, refused: set[int]) -> set[tuple[int, int]]:
    """(task instance, when it was refused) of refusals by which it failed for good."""
    asked: dict[int, list[int]] = {ti: [] for ti in refused}
    for at, ti, _, _, change in trace.holds:
        if not change:
            asked[ti].append(at)
    began: dict[int, int] = {}
    found: set[tuple[int, int]] = set()
    for at, who, state in trace.history if refused else ():
        if who in asked:
            if state == TaskState.FAILED:
                found.update((who, when) for when in asked[who] if began[who] <= when <= at)
            began[who] = at
    return found


def _see_end(excess: Excess | None, at: int, users: dict[Try, int]) -> None:
    if excess is None or excess.until is not None or excess.given.slots is None:
        return
    if at > excess.at and sum(users.values()) <= excess.given.slots:
        excess.until = at


def _finding(scenario: Scenario, trace: Trace, attempts: Attempts, excess: Excess) -> Finding:
    ti, number = excess.one
    there = {} if excess.is_rate else excess.users
    file, line = attempts.place(ti)
    users = [
        attempts.party(
            who, f"uses {n} of {excess.name}", excess.at, TaskState(excess.states[who]).label
        )
        for (who, _), n in there.items()
    ]
    does = "gets in all the same" if excess.gets_in else "finds no room, and fails"
    return Finding(
        code=CODE,
        title="Limit that nothing keeps",
        summary=_summary(attempts, excess),
        dag_id=attempts.dag_id(ti),
        file=file,
        line=line,
        since=trace.at(excess.at),
        until=None if excess.until is None else trace.at(excess.until),
        ended_by=_ended_by(excess),
        holding=(*users, attempts.party(ti, f"{does} (try {number})", excess.at)),
        limits=(Limit(kind="resource", subject=excess.name),),
        notes=tuple(_notes(scenario, attempts, excess)),
    )


def _ended_by(excess: Excess) -> str:
    if excess.is_rate:
        return "time has passed"
    return "the window ends" if excess.until is None else "others leave it"


def _summary(attempts: Attempts, excess: Excess) -> str:
    given, who = excess.given, attempts.name(excess.one[0])
    used = sum(excess.users.values())
    if given.slots is None or excess.is_rate:
        return (
            f"{who} asks {excess.name} for more than {given.per_minute:g} in a minute, and fails "
            "for good; no limit of Airflow's counts by the minute."
        )
    names = list(dict.fromkeys(attempts.name(ti) for ti, _ in excess.users))
    s = "s" if len(names) == 1 else ""
    follows = "and gets in all the same" if excess.gets_in else "and fails for good"
    return (
        f"{who} comes to {excess.name}, of which there {_are(given.slots)}, while {_some(names)} "
        f"use{s} {used}, {follows}."
    )


def _notes(scenario: Scenario, attempts: Attempts, excess: Excess) -> Iterator[str]:
    """Why no limit held it, and what would."""
    tries, slots = [*excess.users, excess.one], excess.given.slots
    strays = [attempts.name(ti) for ti, n in tries if attempts.is_astray(ti, n, excess.at)]
    if strays:
        yield f"No limit of Airflow's counts processes that were given up: {_some(strays)}."
    away = [attempts.name(ti) for ti, _ in excess.users if excess.states[ti] == TaskState.DEFERRED]
    if away:
        yield (
            f"While deferred, {_some(away)} keep{'s' if len(away) == 1 else ''} it, and no slot of "
            "a pool, unless the pool has include_deferred."
        )
    if slots is not None and not excess.is_rate:
        yield from _pools(scenario, attempts, tries, slots, away=bool(away))
    if excess.times > 1:
        yield f"It happens {excess.times} times in this simulation."


def _pools(
    scenario: Scenario, attempts: Attempts, tries: Iterable[Try], slots: int, *, away: bool
) -> Iterator[str]:
    tasks = [task for ti, _ in tries if (task := attempts.task(ti)) is not None]
    sizes = {
        name: pool.slots
        for name in sorted({task.pool for task in tasks})
        if (pool := scenario.cluster.pool(name)) is not None
    }
    if away and len(sizes) == 1 and 0 <= sum(sizes.values()) <= slots:
        (name,) = sizes
        yield (
            f"They run in pool {name}, which is small enough ({sizes[name]}) but for what is "
            "deferred: with include_deferred it would make them wait."
        )
        return
    shown = _some([f"pool {name} ({'no end' if n < 0 else n})" for name, n in sizes.items()])
    yield (
        f"They run in {shown}. One pool of {slots} slot{'' if slots == 1 else 's'} for all that "
        "use it, with pool_slots as many as each takes, would make them wait."
    )


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
