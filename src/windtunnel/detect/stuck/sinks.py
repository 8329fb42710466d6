"""Sinks: stuck work that waits for nobody who is stuck; what blocks all that waits for it.

Whatever is stuck waits in a circle, or behind one, or in the end behind one of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from windtunnel.detect.finding import Party
from windtunnel.detect.stuck.cores import WaitGraph
from windtunnel.detect.stuck.graph import leads_to
from windtunnel.detect.stuck.reduction import reduce
from windtunnel.detect.stuck.words import party
from windtunnel.trace import Actor, Snapshot, Trace, Wish

OF_SLOTS = ("pool", "worker slots", "parallelism", "resource")
"""Limits that work of several DAGs shares."""


def sinks(graph: WaitGraph) -> list[Actor]:
    """The sinks of a snapshot."""
    return [graph.snapshot.actors[i] for i in graph.stuck.actors if not graph.edges[i]]


def is_in_vain(wish: Wish) -> bool:
    """Whether a wish for the work of another run can't come true any more."""
    if wish.over is None:
        return not wish.may_come
    return wish.run is None or (bool(wish.task_ids) and not wish.actors)


def too_small(graph: WaitGraph, actor: Actor) -> list[int]:
    """The capacities that are smaller than what an actor needs of them, whoever holds any."""
    needs = dict((*graph.snapshot.runs[actor.run].needs, *actor.needs))
    totals = {c: graph.snapshot.capacities[c].total for c in needs}
    return [c for c, total in totals.items() if total is not None and total < needs[c]]


def numbers(graph: WaitGraph, actors: Iterable[Actor]) -> list[int]:
    """Where these actors stand in the snapshot."""
    wanted = {id(actor) for actor in actors}
    return [i for i, actor in enumerate(graph.snapshot.actors) if id(actor) in wanted]


def behind(
    trace: Trace, graph: WaitGraph, roots: Collection[int], until_us: int | None
) -> tuple[Party, ...]:
    """All that can't go on because of these, directly or not, until these are ended by force; not
    what goes on earlier because a timeout ends something between."""
    snapshot = graph.snapshot
    waiting = leads_to(roots, graph.edges) - set(roots)
    others = [i for i in graph.stuck.actors if i not in roots]
    timed = [i for i in others if _ends_before(snapshot, i, until_us)]
    if timed:
        waiting &= {*reduce(snapshot, ended=timed).actors}
    found = []
    for i in sorted(waiting):
        actor = snapshot.actors[i]
        limits = [snapshot.capacities[c].name for c in graph.limits_of(actor)]
        names = sorted({snapshot.actors[j].name for j in graph.edges[i]})
        found.append(party(trace, actor, (), tuple(limits or names[:3])))
    return tuple(found)


def _ends_before(snapshot: Snapshot, i: int, until_us: int | None) -> bool:
    actor = snapshot.actors[i]
    ends = (actor.gives_up_us, snapshot.runs[actor.run].gives_up_us)
    return any(at is not None and (until_us is None or at < until_us) for at in ends)


def held(graph: WaitGraph, actor: Actor) -> tuple[str, ...]:
    """The shared slots that an actor keeps while it waits, in words, with how many of them don't
    come back."""
    found = []
    for c, count in () if actor.lets_go else actor.holds:
        limit, lost = graph.snapshot.capacities[c], graph.held(c)
        if limit.kind in OF_SLOTS and limit.total is not None:
            found.append(f"{count} of {limit.name}" + (f" ({lost}/{limit.total})" if lost else ""))
    return tuple(found)


def cannot_go_on(count: int) -> str:
    """The end of a summary."""
    return f" {count} more task{'' if count == 1 else 's'} cannot go on." if count else ""
