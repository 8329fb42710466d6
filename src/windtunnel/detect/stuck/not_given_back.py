"""Resources that nobody gives back: work that waits for what a try held that is over (WT115)."""

from __future__ import annotations

from windtunnel.detect.finding import Finding, Limit
from windtunnel.detect.stuck.words import party, place
from windtunnel.model import Scenario
from windtunnel.trace import Actor, Snapshot, Trace

CODE = "WT115"


def find_not_given_back(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each resource, the earliest sight of it."""
    found: dict[str, Finding] = {}
    for snapshot in trace.snapshots:
        waiting: dict[str, list[Actor]] = {}
        for actor in snapshot.actors:
            if actor.never and actor.state == "running":
                for capacity, _ in actor.needs:
                    limit = snapshot.capacities[capacity]
                    if limit.kind == "resource":
                        waiting.setdefault(limit.subject, []).append(actor)
        for name, actors in waiting.items():
            if name not in found:
                found[name] = _finding(scenario, trace, snapshot, name, actors)
    return list(found.values())


def _finding(
    scenario: Scenario, trace: Trace, snapshot: Snapshot, name: str, actors: list[Actor]
) -> Finding:
    first = min(actors, key=lambda actor: actor.since_us)
    file, line = place(scenario, first.dag_id, first.task_id)
    ends = [(a.gives_up_us, f"{a.gives_up} of {a.name}") for a in actors if a.gives_up_us]
    until, ended_by = min(ends, default=(None, ""))
    count = len(actors)
    s, wait = ("", "waits") if count == 1 else ("s", "wait")
    return Finding(
        code=CODE,
        title="Resource that nobody gives back",
        summary=f"{count} task{s} {wait} in vain: {first.never}.",
        dag_id=first.dag_id,
        file=file,
        line=line,
        since=trace.at(first.since_us),
        until=None if until is None else trace.at(max(until, snapshot.at_us)),
        ended_by=ended_by,
        waiting=tuple(party(trace, actor, (), (f"resource {name}",)) for actor in actors),
        limits=(Limit(kind="resource", subject=name),),
        notes=(f"A lease ([resources.{name!r}] lease) would give it back after that time.",),
    )
