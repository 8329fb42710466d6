"""Stalls: work that nothing moves any more, though nobody waits in a circle (WT102).

A failure that depends_on_past holds against all later runs, a pool without slots, workers that are
gone for good, a task that hangs, sensors whose condition never comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from windtunnel.detect.finding import Finding, Limit
from windtunnel.detect.stuck.cores import WaitGraph
from windtunnel.detect.stuck.ends import end
from windtunnel.detect.stuck.later import BY_HAND, POOLS, Later, may_be_mended
from windtunnel.detect.stuck.sinks import (
    behind,
    cannot_go_on,
    held,
    is_in_vain,
    numbers,
    sinks,
    too_small,
)
from windtunnel.detect.stuck.words import party, place
from windtunnel.model import Cluster, OfWorkers, Scenario
from windtunnel.trace import Actor, Trace

CODE = "WT102"


class Cause(NamedTuple):
    """What keeps work from going on."""

    kind: str
    """``past``, ``pool``, ``worker slots``, ``hangs`` or ``fruitless``."""
    subject: str
    """A pool, a queue, or a task."""


def find_stalls(scenario: Scenario, trace: Trace, graphs: Iterable[WaitGraph]) -> list[Finding]:
    """One finding for each cause, at the snapshot where most of its work stands still."""
    stalls = _Stalls(scenario, trace)
    sights: dict[Cause, list[tuple[WaitGraph, list[Actor]]]] = {}
    for graph in graphs:
        here: dict[Cause, list[Actor]] = {}
        for actor in sinks(graph):
            cause = stalls.cause(graph, actor)
            if cause is not None and not stalls.may_end(cause, graph):
                here.setdefault(cause, []).append(actor)
        for cause, actors in _pile_ups(graph).items():
            here.setdefault(cause, []).extend(actors)
        for cause, actors in here.items():
            sights.setdefault(cause, []).append((graph, actors))
    if not sights:
        return []
    later = Later(trace, (a for many in sights.values() for _, some in many for a in some))
    findings = []
    for cause, many in sights.items():
        left = [(g, [a for a in some if not later.went_on(a, g.snapshot)]) for g, some in many]
        graph, actors = max(left, key=lambda sight: len(sight[1]))
        if actors:
            findings.append(stalls.finding(cause, graph, actors))
    return findings


def _pile_ups(graph: WaitGraph) -> dict[Cause, list[Actor]]:
    """Sensors that look for what never comes, run after run: the next run is there before the
    timeout has ended the one before."""
    found: dict[Cause, list[Actor]] = {}
    for actor in graph.snapshot.actors:
        if actor.fruitless:
            found.setdefault(Cause("fruitless", f"{actor.dag_id}.{actor.task_id}"), []).append(
                actor
            )
    return {cause: actors for cause, actors in found.items() if len({a.run for a in actors}) > 1}


class _Stalls:
    """What stalls one scenario, and how it is told."""

    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self._scenario = scenario
        self._trace = trace
        self._dags = {dag.dag_id: dag for dag in scenario.fleet.dags}

    # -- causes -------------------------------------------------------------------------------

    def cause(self, graph: WaitGraph, actor: Actor) -> Cause | None:
        """What an actor waits for; None if another finding tells it, or if it is unknown."""
        dag = self._dags.get(actor.dag_id)
        task = None if dag is None else dag.find(actor.task_id)
        if task is None or (actor.wish is not None and is_in_vain(actor.wish)):
            return None
        for c in too_small(graph, actor):
            limit, cluster = graph.snapshot.capacities[c], self._scenario.cluster
            if limit.kind == "pool":
                pool = cluster.pool(limit.subject)
                if pool is not None and not 0 <= pool.slots < task.pool_slots:
                    return Cause("pool", limit.subject)
            elif limit.kind == "worker slots" and _are_lost(cluster, limit.subject):
                return Cause("worker slots", limit.subject)
            return None
        name = f"{actor.dag_id}.{actor.task_id}"
        if actor.never and actor.state in ("running", "deferred"):
            wants_resource = actor.state == "running" and actor.needs
            return None if actor.wish is not None or wants_resource else Cause("hangs", name)
        if actor.never and actor.state == "none" and task.depends_on_past:
            return Cause("past", actor.dag_id)
        return None

    def may_end(self, cause: Cause, graph: WaitGraph) -> bool:
        """Whether somebody may still mend it, as far as the scenario says."""
        at_us = graph.snapshot.at_us
        if cause.kind == "pool":
            return may_be_mended(self._scenario, at_us, POOLS)
        if cause.kind == "worker slots":
            struck = any(isinstance(fault, OfWorkers) for fault in self._scenario.faults)
            return not struck or may_be_mended(self._scenario, at_us, (OfWorkers,))
        return may_be_mended(self._scenario, at_us, BY_HAND)

    # -- words --------------------------------------------------------------------------------

    def finding(self, cause: Cause, graph: WaitGraph, actors: list[Actor]) -> Finding:
        """The finding at its largest sight."""
        roots = numbers(graph, actors)
        until, ended_by = end(graph, roots)
        others = () if cause.kind == "fruitless" else behind(self._trace, graph, roots, until)
        first = min(actors, key=lambda actor: actor.since_us)
        file, line = place(self._scenario, first.dag_id, first.task_id)
        title, summary, wanted = self._said(cause, first, actors)
        parties = tuple(party(self._trace, a, held(graph, a), (wanted,)) for a in actors)
        of_limit = cause.kind in ("pool", "worker slots")
        return Finding(
            code=CODE,
            title=title,
            summary=f"{summary}{cannot_go_on(len(others))}",
            about=f"{cause.kind} {cause.subject}",
            dag_id=first.dag_id,
            file=file,
            line=line,
            since=self._trace.at(first.since_us),
            until=None if until is None else self._trace.at(until),
            ended_by=ended_by,
            holding=() if of_limit else parties,
            waiting=(*parties, *others) if of_limit else others,
            limits=(Limit(kind=cause.kind, subject=cause.subject),) if of_limit else (),
            notes=tuple(self._no_more_runs(cause, graph)),
        )

    def _said(self, cause: Cause, first: Actor, actors: list[Actor]) -> tuple[str, str, str]:
        """Title, summary, and what is waited for."""
        count, subject = len(actors), cause.subject
        tasks = "1 task waits" if count == 1 else f"{count} tasks wait"
        if cause.kind == "past":
            before = self._run_before(first)
            setting, _, why = first.never.partition(": ")
            what = "its instance" if setting == "depends_on_past" else why.split(" ")[0]
            return (
                "Runs wait behind a failure",
                f"{first.name} of {first.run_name} waits for {what} in {before}, which is over and "
                f"didn't succeed: with {setting} no later run goes on until somebody clears it.",
                f"{what} in {before} ({setting})",
            )
        if cause.kind == "pool":
            return (
                "Pool without the slots that its tasks need",
                f"{tasks} for slots of a pool that was changed: {first.never}.",
                f"pool {subject}",
            )
        if cause.kind == "worker slots":
            return (
                "Queue whose workers are gone",
                f"{tasks} for a worker that serves queue {subject}: there is none any more.",
                f"worker slots {subject}",
            )
        if cause.kind == "hangs":
            return (
                "Task that hangs",
                f"{subject} does not end in {first.run_name}: {first.never}, and no timeout of "
                "its own ends it.",
                f"its own end ({first.never})",
            )
        runs = len({actor.run for actor in actors})
        return (
            "Sensors that pile up",
            f"{count} sensors of {subject} look for what never comes, in {runs} runs at once: "
            "their timeout is longer than the time between two runs, so each run adds to the slots "
            "that they keep.",
            "its condition, which never comes true",
        )

    def _run_before(self, actor: Actor) -> str:
        """The name of the run that an actor's run comes after."""
        trace = self._trace
        runs = [r for r in trace.runs if trace.dag_ids[r.dag] == actor.dag_id]
        own = next(run for run in runs if run.name == actor.run_name)
        before = [run for run in runs if run.run_after < own.run_after]
        return max(before, key=lambda run: run.run_after).name if before else "the run before"

    def _no_more_runs(self, cause: Cause, graph: WaitGraph) -> Iterator[str]:
        wanted = ("max_active_runs", cause.subject)
        for limit, free in zip(graph.snapshot.capacities, graph.stuck.free, strict=True):
            if (limit.kind, limit.subject) == wanted and free == 0:
                yield (
                    f"No further run of {cause.subject} is created: max_active_runs is "
                    f"{limit.total}, and so many are active and don't end."
                )


def _are_lost(cluster: Cluster, queue: str) -> bool:
    """Whether workers of a queue, of which none is there, don't come of themselves."""
    groups = [group for group in cluster.workers or () if queue in group.queues]
    return bool(groups) and all(group.elastic is None for group in groups)
