"""The counted wait-for reduction: which unfinished work can never go on, whatever happens next.

Every actor is taken to be lucky: it gets what is free, its upstreams end as it needs, all it holds
comes back. What is still waiting when nobody can move any more never will, timeouts aside. It is
sound (what it reports never finishes by itself) because real runs only have less luck; a cycle
alone would not be, because a limit with one slot that still turns breaks it.

It also answers what would be if: if some limits were wider, if some actors had ended.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from windtunnel.trace import Actor, Snapshot


@dataclass(frozen=True, slots=True)
class Stuck:
    """What the reduction leaves: actors and runs that can never go on, and the slots that are
    free."""

    actors: tuple[int, ...]
    runs: frozenset[int]
    free: tuple[int | None, ...]
    """By capacity, after everything that can end has ended; None is unlimited."""
    let_go: frozenset[int]
    """Of these actors, those that gave back what they held although they still wait."""


def reduce(
    snapshot: Snapshot, *, unlimited: Collection[int] = (), ended: Collection[int] = ()
) -> Stuck:
    """Let everything finish that can, in rounds, until nothing more does.

    Args:
        snapshot: Who holds and needs what.
        unlimited: Capacities to take for unlimited.
        ended: Actors to take for finished, with all they hold given back.
    """
    return _Reduction(snapshot, unlimited, ended).run()


class _Reduction:
    def __init__(
        self, snapshot: Snapshot, unlimited: Collection[int], ended: Collection[int]
    ) -> None:
        self._snapshot = snapshot
        self._done = [False] * len(snapshot.actors)
        self._let_go: set[int] = set()
        self._run_done = [False] * len(snapshot.runs)
        self._free: list[int | None] = [
            None if i in unlimited else c.total for i, c in enumerate(snapshot.capacities)
        ]
        self._room = [run.state == "running" for run in snapshot.runs]
        """Whether the run is running, or will be."""
        self._creation = {
            c.subject: i for i, c in enumerate(snapshot.capacities) if c.kind == "max_active_runs"
        }
        for actor in snapshot.actors:
            self._give(actor.holds, -1)
        for run in snapshot.runs:
            self._give(run.holds, -1)
        for i in ended:
            self._end(i)
        self._left = [i for i, done in enumerate(self._done) if not done]

    def run(self) -> Stuck:
        while self._round():
            self._left = [i for i in self._left if not self._done[i]]
        runs = frozenset(i for i, done in enumerate(self._run_done) if not done)
        return Stuck(tuple(self._left), runs, tuple(self._free), frozenset(self._let_go))

    def _round(self) -> bool:
        moved = False
        for i, run in enumerate(self._snapshot.runs):
            if not self._room[i] and self._fits(run.needs):
                self._room[i] = moved = True
            if self._room[i] and not self._run_done[i] and all(self._done[a] for a in run.actors):
                self._run_done[i] = moved = True
                self._give(run.holds, 1)
        for i in self._left:
            actor = self._snapshot.actors[i]
            if self._can_finish(i, actor):
                self._end(i)
                moved = True
            elif actor.lets_go and i not in self._let_go and self._can_look(actor):
                self._let_go.add(i)
                self._give(actor.holds, 1)
                moved = True
        return moved

    def _end(self, i: int) -> None:
        self._done[i] = True
        if i not in self._let_go:
            self._give(self._snapshot.actors[i].holds, 1)

    def _can_look(self, actor: Actor) -> bool:
        return self._room[actor.run] and self._fits(actor.needs)

    def _can_finish(self, i: int, actor: Actor) -> bool:
        if actor.never or not self._can_look(actor):
            return False
        if i in self._let_go and not self._fits(actor.holds):
            return False
        if actor.upstream:
            ended = [self._done[u] for u in actor.upstream]
            if not (any(ended) if actor.any_upstream else all(ended)):
                return False
        # An upstream that fails may end it whatever became of the run before.
        settled = actor.upstream and actor.any_upstream
        if not settled and not all(self._done[a] for a in actor.past):
            return False
        return actor.wish is None or self._comes_true(actor)

    def _comes_true(self, actor: Actor) -> bool:
        wish = actor.wish
        assert wish is not None
        if wish.run is None:
            return wish.may_come and self._may_be_created(wish.dag_id)
        if wish.task_ids:
            return self._room[wish.run] and all(self._done[a] for a in wish.actors)
        return self._run_done[wish.run]

    def _may_be_created(self, dag_id: str) -> bool:
        """A run still to be created needs room under max_active_runs."""
        capacity = self._creation.get(dag_id)
        return capacity is None or self._fits(((capacity, 1),))

    def _fits(self, needs: tuple[tuple[int, int], ...]) -> bool:
        return all((free := self._free[c]) is None or free >= n for c, n in needs)

    def _give(self, slots: tuple[tuple[int, int], ...], sign: int) -> None:
        for capacity, count in slots:
            free = self._free[capacity]
            if free is not None:
                self._free[capacity] = free + sign * count
