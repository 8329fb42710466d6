"""Livelock: sensors take turns on the slots that the work they wait for would need (WT105).

Each gives its slot back and takes it again, so nobody holds anything for long, and still the slot
is never free when the producer's turn would come. Whether it is depends on the distances of the
pokes. So it is told only where it is proved: the same changes of state come again and again at the
same distances, no task ends meanwhile, all goes Airflow's usual way, and the reduction says that
none of the sensors can end before what they keep out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from windtunnel.detect.finding import Finding, Limit
from windtunnel.detect.stuck.cores import WaitGraph
from windtunnel.detect.stuck.ends import end
from windtunnel.detect.stuck.later import number_of, place_of
from windtunnel.detect.stuck.reduction import reduce
from windtunnel.detect.stuck.words import party, place
from windtunnel.model import Scenario
from windtunnel.trace import Actor, TaskState, Trace

CODE = "WT105"
SHARED = ("pool", "parallelism")
"""Limits over which tasks take turns before they are queued."""
POKES = frozenset(
    {TaskState.SCHEDULED, TaskState.QUEUED, TaskState.RUNNING, TaskState.UP_FOR_RESCHEDULE}
)
TURNS = 3
"""How often the same must have come."""
LOOKED_AT = 50_000
"""Changes of state, from the end of the trace."""

Change = tuple[int, int, int]
"""Who, which state, how long after the change before."""


def find_livelocks(scenario: Scenario, trace: Trace, graphs: Sequence[WaitGraph]) -> list[Finding]:
    """One finding for each limit over which sensors take turns until the window ends."""
    if not graphs or graphs[-1].snapshot.cause != "end":
        return []
    if scenario.behavior.slowdowns:
        return []
    graph = graphs[-1]
    pokers = {i: None for i, actor in enumerate(graph.snapshot.actors) if actor.lets_go}
    kept_out = _kept_out(graph, pokers) if pokers else {}
    turns = (_Turns(trace, graph, pokers, limits) for limits in sorted(kept_out))
    loops = ((one, one.proved(kept_out[one.limits])) for one in turns)
    return [
        _finding(scenario, one, kept_out[one.limits], loop)
        for one, loop in loops
        if loop is not None
    ]


def _kept_out(graph: WaitGraph, pokers: Collection[int]) -> dict[tuple[int, ...], list[int]]:
    """Scheduled work that would fit without the pokers, by the limits that they take from it.

    Of a limit of which somebody else will give slots back nothing is said."""
    snapshot = graph.snapshot
    free = {c: limit.total for c, limit in enumerate(snapshot.capacities) if limit.total}
    by_pokers: dict[int, int] = {}
    moves: set[int] = set()
    for i, actor in enumerate(snapshot.actors):
        if i not in pokers:
            for c, count in actor.holds:
                free[c] = free.get(c, 0) - count
            if i not in graph.members:
                moves.update(c for c, _ in actor.holds)
        else:
            for c, count in {*actor.holds, *actor.needs}:
                by_pokers[c] = by_pokers.get(c, 0) + count
    found: dict[tuple[int, ...], list[int]] = {}
    for i, actor in enumerate(snapshot.actors):
        if actor.state != "scheduled" or actor.lets_go or i in graph.members:
            continue
        needs = [(c, n) for c, n in actor.needs if snapshot.capacities[c].total is not None]
        short = tuple(c for c, n in needs if free.get(c, 0) - by_pokers.get(c, 0) < n)
        shared = all(snapshot.capacities[c].kind in SHARED and c not in moves for c in short)
        if short and shared and all(free.get(c, 0) >= n for c, n in needs):
            found.setdefault(short, []).append(i)
    return found


@dataclass(frozen=True, slots=True)
class _Loop:
    """What comes again and again."""

    since_us: int
    """Since when nothing else has happened over these limits."""
    starts: int
    """How often a sensor began a poke since then."""
    turning: tuple[int, ...]
    """The actors that take turns."""
    behind: tuple[int, ...]
    """All others that can't end before what they keep out."""


class _Turns:
    """Sensors that may take turns over some limits."""

    def __init__(
        self, trace: Trace, graph: WaitGraph, pokers: Collection[int], limits: tuple[int, ...]
    ) -> None:
        self.trace = trace
        self.graph = graph
        self.limits = limits
        snapshot = graph.snapshot
        capacities = [snapshot.capacities[c] for c in limits]
        self._pools = {c.subject for c in capacities if c.kind == "pool"}
        self._all = any(c.kind == "parallelism" for c in capacities)
        actors = snapshot.actors
        users = [
            i for i in pokers if {c for c, _ in (*actors[i].holds, *actors[i].needs)} & {*limits}
        ]
        places = {place_of(actors[i]): i for i in users}
        self._pokers = {ti: places[one] for one, ti in number_of(trace, places).items()}
        self._busy = {ti for ti, i in self._pokers.items() if actors[i].state != "scheduled"}

    def proved(self, kept_out: Sequence[int]) -> _Loop | None:
        """What comes again and again without an end for what is kept out; None if that isn't
        proved."""
        since, changes = self._tail()
        if any(decision.at_us >= since for decision in self.trace.decisions):
            return None
        block = _repeated(changes, self._busy)
        turning = {self._pokers[who] for who, state, _ in block if state == TaskState.RUNNING}
        if not turning or len(turning) < len({who for who, *_ in block}):
            return None
        snapshot = self.graph.snapshot
        actors = [
            replace(actor, never="starved") if i in kept_out else actor
            for i, actor in enumerate(snapshot.actors)
        ]
        stuck = reduce(replace(snapshot, actors=tuple(actors))).actors
        if not turning <= {*stuck}:
            return None
        starts = sum(state == TaskState.RUNNING for _, state, _ in changes)
        behind = tuple(i for i in stuck if i not in turning)
        return _Loop(since, starts, tuple(sorted(turning)), behind)

    def _tail(self) -> tuple[int, list[Change]]:
        """What happened over these limits since anything but pokes did, the last change first; and
        since when that is."""
        history = self.trace.history
        times = list(history.times())
        found: list[tuple[int, int, int]] = []
        since = 0
        for number in range(len(times) - 1, -1, -1):
            who, state = history.who[number], history.states[number]
            if who in self._pokers and state in POKES:
                found.append((times[number], who, state))
            elif self._matters(who) or len(found) > LOOKED_AT:
                since = times[number]
                break
        changes = [(who, state, at - before) for (at, who, state), (before, *_) in pairwise(found)]
        return since, changes

    def _matters(self, who: int) -> bool:
        """Whether a change of this task instance or run may let something else in."""
        trace = self.trace
        if self._all:
            return True
        if who >= 0:
            return trace.pools[trace.runs[trace.ti_run[who]].dag][trace.ti_task[who]] in self._pools
        return not self._pools.isdisjoint(trace.pools[trace.runs[~who].dag])


def _finding(scenario: Scenario, turns: _Turns, kept_out: list[int], loop: _Loop) -> Finding:
    trace, snapshot = turns.trace, turns.graph.snapshot
    actors, limits = snapshot.actors, [snapshot.capacities[c] for c in turns.limits]
    wished = {a for i in loop.turning if (wish := actors[i].wish) for a in wish.actors}
    producers = sorted(kept_out, key=lambda i: i not in wished)
    first, producer = actors[loop.turning[0]], actors[producers[0]]
    until, ended_by = end(turns.graph, loop.turning)
    names = tuple(limit.name for limit in limits)
    count = len(loop.turning)
    who = f"{count} sensors take turns" if count > 1 else f"{first.name} comes back and back"
    wanted = producer.name + (" and others" if len(kept_out) > 1 else "")
    file, line = place(scenario, first.dag_id, first.task_id)
    return Finding(
        code=CODE,
        title="Livelock",
        summary=f"{who} on {' and '.join(names)}: each gives its slot back and has it again before "
        f"{wanted}, for which it waits, gets one. In this window they poked {loop.starts} times "
        "so, in the same order and at the same distances, and nothing ended.",
        dag_id=first.dag_id,
        file=file,
        line=line,
        since=trace.at(max(loop.since_us, producer.since_us)),
        until=None if until is None else trace.at(until),
        ended_by=ended_by,
        holding=tuple(
            party(trace, actors[i], tuple(f"{name}, in turn" for name in names), _wanted(actors[i]))
            for i in loop.turning
        ),
        waiting=tuple(
            party(trace, actors[i], (), names if i in kept_out else ()) for i in loop.behind
        ),
        limits=tuple(Limit(kind=limit.kind, subject=limit.subject) for limit in limits),
        cycle=(first.name, producer.name, names[0], first.name),
        notes=(
            "A run, task or sensor more on these slots may change whose turn it is, and so end it "
            "earlier.",
        ),
    )


def _wanted(actor: Actor) -> tuple[str, ...]:
    wish = actor.wish
    if wish is None:
        return ()
    return tuple(f"{wish.dag_id}.{task}" for task in wish.task_ids) or (f"a run of {wish.dag_id}",)


def _repeated(changes: Sequence[Change], all_of: Collection[int]) -> list[Change]:
    """The shortest block with all of these task instances with which the changes begin so many
    times; empty if there is none. By the lengths of borders of each beginning (Knuth, Morris and
    Pratt)."""
    borders = [0] * len(changes)
    refused = 0
    for last in range(1, len(changes)):
        length = borders[last - 1]
        while length and changes[last] != changes[length]:
            length = borders[length - 1]
        length += changes[last] == changes[length]
        borders[last] = length
        period = last + 1 - length
        if last + 1 >= TURNS * period and period != refused:
            block = list(changes[:period])
            if {who for who, *_ in block} >= {*all_of}:
                return block
            refused = period
    return []
