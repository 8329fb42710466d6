"""Cores: the circles among what is stuck, each with no more limits than it takes to close it.

Where a limit is full of stuck work, much waits for it that has nothing to do with the cause. So
limits are taken away one after the other, as long as some circle stays: what is left is the cause.
Then its members are taken for ended, and what still can't go on has another cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from windtunnel.detect.stuck import graph
from windtunnel.detect.stuck.reduction import Stuck, reduce
from windtunnel.trace import Actor, Snapshot

FIRST_TAKEN_AWAY = (
    "max_active_tasks",
    "max_active_tis_per_dagrun",
    "max_active_tis_per_dag",
    "parallelism",
    "max_active_runs",
    "resource",
    "pool",
    "worker slots",
)
"""Kinds of limits in the order in which one tries to do without them."""


@dataclass(frozen=True, slots=True)
class Core:
    """One circle of stuck actors."""

    members: tuple[int, ...]
    limits: tuple[int, ...]
    """The capacities that keep it closed; without any it is closed by its waits alone."""
    edges: graph.Edges
    """Who waits for whom, through these limits only."""


class WaitGraph:
    """Who waits for whom among what is stuck."""

    def __init__(
        self,
        snapshot: Snapshot,
        unlimited: Collection[int] = (),
        ended: Collection[int] = (),
    ) -> None:
        self.snapshot = snapshot
        self.stuck: Stuck = reduce(snapshot, unlimited=unlimited, ended=ended)
        self.members = set(self.stuck.actors)
        self._runs_limit = {
            c.subject: i for i, c in enumerate(snapshot.capacities) if c.kind == "max_active_runs"
        }
        self._holders: dict[int, list[int]] = {}
        for i in self.stuck.actors:
            if i not in self.stuck.let_go:
                for capacity, _ in snapshot.actors[i].holds:
                    self._holders.setdefault(capacity, []).append(i)
        for number in sorted(self.stuck.runs):
            run = snapshot.runs[number]
            for capacity, _ in run.holds:
                inside = [a for a in run.actors if a in self.members]
                self._holders.setdefault(capacity, []).extend(inside)
        self.edges: dict[int, tuple[int, ...]] = {
            i: self._waits_for(snapshot.actors[i]) for i in self.stuck.actors
        }

    def short(self, needs: Iterable[tuple[int, int]]) -> list[int]:
        """Capacities that have too little left even when all that can end has ended."""
        free = self.stuck.free
        return [c for c, n in needs if (left := free[c]) is not None and left < n]

    def limits_of(self, actor: Actor) -> list[int]:
        """The limits that keep an actor, or its run, or the run it wishes for, from going on."""
        found = [*self.short(actor.needs), *self.short(self.snapshot.runs[actor.run].needs)]
        if actor.wish is not None and actor.wish.run is None:
            limit = self._runs_limit.get(actor.wish.dag_id)
            found.extend(self.short(() if limit is None else ((limit, 1),)))
        return found

    def held(self, capacity: int) -> int:
        """Slots of a limited capacity that do not come back."""
        total, free = self.snapshot.capacities[capacity].total, self.stuck.free[capacity]
        return 0 if total is None or free is None else total - free

    def holders(self, capacity: int) -> list[int]:
        """Stuck actors that hold this limit, or whose run does."""
        return self._holders.get(capacity, [])

    def _waits_for(self, actor: Actor) -> tuple[int, ...]:
        """Stuck actors that this one needs something from; nobody, if nothing could help it."""
        if actor.never:
            return ()
        found: dict[int, None] = {}
        for capacity in self.limits_of(actor):
            found.update(dict.fromkeys(self.holders(capacity)))
        for others in (actor.upstream, actor.past, self._wished(actor)):
            found.update(dict.fromkeys(a for a in others if a in self.members))
        return tuple(found)

    def _wished(self, actor: Actor) -> tuple[int, ...]:
        wish = actor.wish
        if wish is None or wish.run is None:
            return ()
        return wish.actors if wish.task_ids else self.snapshot.runs[wish.run].actors


def cores(whole: WaitGraph) -> list[Core]:
    """The circles among what is stuck in a snapshot, one for each cause."""
    found: list[Core] = []
    ended: set[int] = set()
    snapshot = whole.snapshot
    while True:
        knots = graph.knots(whole.edges)
        if not knots:
            return found
        for knot in knots:
            for core in _Causes(snapshot, knot, frozenset(ended)).cores():
                found.append(core)
                ended.update(core.members)
        whole = WaitGraph(snapshot, ended=ended)


class _Causes:
    """The circles inside one knot that need the fewest limits."""

    def __init__(self, snapshot: Snapshot, knot: list[int], ended: Collection[int]) -> None:
        self._snapshot = snapshot
        self._knot = set(knot)
        self._ended = ended
        whole = WaitGraph(snapshot, ended=ended)
        actors = [snapshot.actors[i] for i in knot]
        self._limits = {c for actor in actors for c in whole.limits_of(actor)}

    def cores(self) -> list[Core]:
        """These circles, with the limits that each needs."""
        away = self._dispensable()
        rest = WaitGraph(self._snapshot, away, self._ended)
        found = []
        for knot in self._closed(away):
            limits = {c for i in knot for c in rest.limits_of(self._snapshot.actors[i])}
            if limits:
                members, limits = knot, limits | self._enough_alone(away, set(knot))
            else:  # any circle of it is one by itself: the shortest is the cause
                members = sorted(graph.shortest_cycle(knot, rest.edges))
            found.append(Core(tuple(members), tuple(sorted(limits)), rest.edges))
        return found

    def _closed(self, unlimited: Collection[int]) -> list[list[int]]:
        """What stays of the knot without these limits."""
        edges = WaitGraph(self._snapshot, unlimited, self._ended).edges
        return [other for other in graph.knots(edges) if self._knot & set(other)]

    def _dispensable(self) -> set[int]:
        away: set[int] = set()
        for group in self._by_kind(self._limits):
            parts = [group] if self._closed(away | group) else [{c} for c in sorted(group)]
            for part in parts:
                if self._closed(away | part):
                    away |= part
        return away

    def _enough_alone(self, away: set[int], members: set[int]) -> set[int]:
        """Limits that were taken away, but that would close the circle as well: it takes both to
        be wider."""
        found: set[int] = set()
        for group in self._by_kind(away):
            only = WaitGraph(self._snapshot, self._limits - group, self._ended)
            for other in graph.knots(only.edges):
                if members & set(other):
                    found.update(c for i in other for c in only.limits_of(self._snapshot.actors[i]))
        return found

    def _by_kind(self, limits: Collection[int]) -> list[set[int]]:
        groups: dict[str, set[int]] = {kind: set() for kind in FIRST_TAKEN_AWAY}
        for c in limits:
            groups[self._snapshot.capacities[c].kind].add(c)
        return [group for group in groups.values() if group]
