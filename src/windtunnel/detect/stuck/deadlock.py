"""Deadlock: work that waits in a circle for what others of the circle hold (WT101).

Most real ones are bounded: a sensor's timeout or task_queued_timeout ends them by force. The
verdict is about the wait itself, and says until when it lasts and what ends it.
"""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.detect.finding import Finding, Limit, Party
from windtunnel.detect.stuck.cores import Core, WaitGraph, cores
from windtunnel.detect.stuck.ends import end
from windtunnel.detect.stuck.graph import leads_to, reached_from, shortest_cycle
from windtunnel.detect.stuck.later import changes_again
from windtunnel.detect.stuck.words import Words, caveats, party, place
from windtunnel.model import Scenario
from windtunnel.trace import Trace

CODE = "WT101"


def find_deadlocks(scenario: Scenario, trace: Trace, graphs: Iterable[WaitGraph]) -> list[Finding]:
    """Every deadlock that a snapshot of the trace shows, each once, the earliest sight of it."""
    findings: list[Finding] = []
    known: set[tuple[str, str]] = set()
    for graph in graphs:
        circles, snapshot = _Circles(scenario, trace, graph), graph.snapshot
        for core in cores(graph):
            actors = [snapshot.actors[i] for i in core.members]
            names = {(actor.name, actor.run_name) for actor in actors}
            if not names & known:
                findings.append(circles.finding(core))
            known |= names
    return findings


class _Circles:
    """Makes the findings of one snapshot."""

    def __init__(self, scenario: Scenario, trace: Trace, graph: WaitGraph) -> None:
        self._scenario = scenario
        self._trace = trace
        self._snapshot = graph.snapshot
        self._graph = graph

    def finding(self, core: Core) -> Finding:
        """One circle: who is in it, who stands behind it, since when and until when."""
        snapshot = self._snapshot
        holding = self._holding(core)
        behind = leads_to({*core.members, *holding}, self._graph.edges)
        waiting = sorted(behind - set(holding))
        inside = [i for i in holding if i in core.members]
        cycle = shortest_cycle(inside or core.members, core.edges)
        first = snapshot.actors[cycle[0]]
        waited_for = reached_from({*core.members, *holding}, self._graph.edges)
        until, ended_by = self._end(core, waited_for)
        file, line = place(self._scenario, first.dag_id, first.task_id)
        words = Words(self._graph, core, holding, waiting)
        return Finding(
            code=CODE,
            title=words.title(),
            summary=words.summary(),
            dag_id=first.dag_id,
            file=file,
            line=line,
            since=self._trace.at(self._since(core)),
            until=None if until is None else self._trace.at(until),
            ended_by=ended_by,
            holding=tuple(self._party(i, words) for i in holding),
            waiting=tuple(self._party(i, words) for i in waiting),
            limits=self._limits(core),
            cycle=words.cycle(cycle),
            notes=caveats(self._scenario, snapshot, holding),
        )

    def _holding(self, core: Core) -> list[int]:
        """Those that hold the limits of the circle, or, where none takes part, those of the circle
        that wait for work of others."""
        actors = self._snapshot.actors
        stuck = self._graph.stuck
        found = {
            i
            for i in stuck.actors
            if i not in stuck.let_go and any(c in core.limits for c, _ in actors[i].holds)
        }
        in_runs = [
            i
            for i in core.members
            if any(c in core.limits for c, _ in self._snapshot.runs[actors[i].run].holds)
        ]
        found.update([i for i in in_runs if actors[i].wish is not None] or in_runs)
        return (
            sorted(found)
            or [i for i in core.members if actors[i].wish is not None]
            or [*core.members]
        )

    def _since(self, core: Core) -> int:
        """When the last member began to wait. Tasks behind others wait since their run began."""
        actors = [self._snapshot.actors[i] for i in core.members]
        begun = [actor.since_us for actor in actors if actor.state != "none"]
        return max(begun or [actor.since_us for actor in actors])

    def _end(self, core: Core, parts: set[int]) -> tuple[int | None, str]:
        """The first timeout, or the fault that gives one of its limits another size before."""
        until, ended_by = end(self._graph, parts)
        at_us = self._snapshot.at_us
        limits = [(limit.kind, limit.subject) for limit in self._limits(core)]
        changed = changes_again(self._scenario, at_us, limits)
        if changed is None or (until is not None and until <= changed[0]):
            return until, ended_by
        return changed[0], f"another size of {changed[1]} (a fault of the scenario)"

    def _limits(self, core: Core) -> tuple[Limit, ...]:
        capacities = [self._snapshot.capacities[c] for c in core.limits]
        names = sorted({(c.kind, c.subject) for c in capacities})
        return tuple(Limit(kind=kind, subject=subject) for kind, subject in names)

    def _party(self, i: int, words: Words) -> Party:
        actor = self._snapshot.actors[i]
        return party(self._trace, actor, words.holds(actor), words.waits_for(actor))
