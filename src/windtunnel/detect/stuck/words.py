"""A deadlock in words: what is held, what is waited for, the circle, what one can't count on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from windtunnel.detect.finding import Party
from windtunnel.detect.stuck.cores import Core, WaitGraph
from windtunnel.model import Scenario, TriggerDagRun
from windtunnel.trace import Actor, Snapshot, Trace

TITLES = {
    "worker slots": "Worker slot",
    "pool": "Pool",
    "parallelism": "Parallelism",
    "resource": "Resource",
}
NAMED = 5
"""DAGs or tasks that a sentence names; it counts the others."""


class Words:
    """What is said about one circle."""

    def __init__(
        self, graph: WaitGraph, core: Core, holding: Sequence[int], waiting: Sequence[int]
    ) -> None:
        self._graph = graph
        self._snapshot = graph.snapshot
        self._core = core
        self._holding = [self._snapshot.actors[i] for i in holding]
        self._waiting = [self._snapshot.actors[i] for i in waiting]

    def title(self) -> str:
        """The kind of deadlock, after its limits."""
        kinds = sorted({self._snapshot.capacities[c].kind for c in self._core.limits})
        if len(kinds) == 1 and kinds[0] in TITLES:
            return f"{TITLES[kinds[0]]} deadlock"
        if kinds:
            return f"Deadlock over {_and(kinds)}"
        dags = {self._snapshot.actors[i].dag_id for i in self._core.members}
        return "Deadlock between DAGs" if len(dags) > 1 else "Deadlock within one DAG"

    def summary(self) -> str:
        """Who blocks whom, in one or two sentences."""
        count = len(self._holding)
        tasks, s = f"{count} task{_s(count)}", "" if count > 1 else "s"
        if self._core.limits:
            text = f"{tasks} hold{s} {self._taken()} while waiting for work that needs the same"
        elif count > 1:
            text = f"{tasks} wait in a circle, each for work that comes only after another of them"
        else:
            text = f"{tasks} waits for work that comes only after itself"
        return f"{text}; {self._behind()}" if self._waiting else f"{text}."

    def _behind(self) -> str:
        count = len(self._waiting)
        own = {actor.dag_id for actor in self._holding}
        dags = sorted({actor.dag_id for actor in self._waiting} - own)
        text = f"{count} more task{_s(count)} cannot go on"
        if not dags:
            return f"{text}."
        return f"{text} (also of DAG{_s(len(dags))} {_some(dags)})."

    def _taken(self) -> str:
        """What does not come back: all of a limit, or so much that the rest is too little."""
        full, parts = [], []
        for c in self._core.limits:
            limit, held = self._snapshot.capacities[c], self._graph.held(c)
            if held == limit.total:
                full.append(self._usage(c))
            else:
                parts.append(f"{self._usage(c)}, where {self._least(c)} are needed at once,")
        return _and(
            [f"all of {_and(full)}"] * bool(full) + [f"too much of {_and(parts)}"] * bool(parts)
        )

    def _least(self, capacity: int) -> int:
        """The fewest slots that a member needs of a limit and doesn't get."""
        members = [self._snapshot.actors[i] for i in self._core.members]
        return min((n for a in members for c, n in a.needs if c == capacity), default=1)

    def _usage(self, capacity: int) -> str:
        limit = self._snapshot.capacities[capacity]
        return f"{limit.name} ({self._graph.held(capacity)}/{limit.total})"

    def holds(self, actor: Actor) -> tuple[str, ...]:
        """What an actor holds of the limits of this circle."""
        limits = self._core.limits
        own = [f"{n} of {self._usage(c)}" for c, n in actor.holds if c in limits]
        run = self._snapshot.runs[actor.run]
        return (
            *own,
            *(f"its run's place in {self._usage(c)}" for c, _ in run.holds if c in limits),
        )

    def waits_for(self, actor: Actor) -> tuple[str, ...]:
        """What an actor waits for: work of others first; limits where it waits for no work."""
        if actor.never:
            return (actor.never,)
        words = [] if actor.wish is None else [self._wish(actor)]
        stuck = self._graph.members
        upstream = {self._snapshot.actors[u].name for u in actor.upstream if u in stuck}
        words.extend(sorted(upstream)[:3])
        past = [self._snapshot.actors[p] for p in actor.past if p in stuck]
        words.extend(_of_past(actor, p) for p in past[:1])
        if words:
            return tuple(words)
        needs = dict((*self._snapshot.runs[actor.run].needs, *actor.needs))
        return tuple(
            f"{needs[c]} of {self._usage(c)}" if needs.get(c, 1) > 1 else self._usage(c)
            for c in dict.fromkeys(self._graph.limits_of(actor))
        )

    def _wish(self, actor: Actor) -> str:
        wish = actor.wish
        assert wish is not None
        if not wish.task_ids:
            what = f"its run of {wish.dag_id} to end"
        else:
            what = ", ".join(f"{wish.dag_id}.{task}" for task in wish.task_ids)
        if wish.run is None:
            return f"{what} (that run is not created yet)"
        run = self._snapshot.runs[wish.run]
        return f"{what} ({run.name})" if wish.dag_id == actor.dag_id else what

    def cycle(self, nodes: Sequence[int]) -> tuple[str, ...]:
        """Actors and, between them, the limit that one waits for and the next one holds."""
        actors = [self._snapshot.actors[i] for i in nodes]
        times = Counter(actor.name for actor in actors)
        words: list[str] = []
        for here, there in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
            actor = self._snapshot.actors[here]
            several = times[actor.name] > 1
            words.append(f"{actor.name} ({actor.run_name})" if several else actor.name)
            limit = self._between(here, there)
            if limit is not None:
                words.append(self._snapshot.capacities[limit].name)
            elif here == there:
                words.append("the end of its own run")
        return (*words, words[0])

    def _between(self, here: int, there: int) -> int | None:
        actor = self._snapshot.actors[here]
        for c in self._graph.limits_of(actor):
            if c in self._core.limits and there in self._graph.holders(c):
                return c
        return None


def _of_past(actor: Actor, before: Actor) -> str:
    """What of the run before is waited for."""
    if before.task_id == actor.task_id:
        return f"its instance in {before.run_name} (depends_on_past)"
    return f"{before.name} in {before.run_name} (wait_for_downstream)"


def caveats(scenario: Scenario, snapshot: Snapshot, holding: Sequence[int]) -> tuple[str, ...]:
    """What one might count on and can't, and what one should know about these, a sentence each."""
    actors = [snapshot.actors[i] for i in holding]
    found = (_unbounded(scenario, actors), _catching_up(scenario, snapshot, actors))
    return tuple(note for note in found if note)


def _unbounded(scenario: Scenario, holding: Sequence[Actor]) -> str:
    if scenario.cluster.airflow.execution_timeout_bounds_triggered_wait:
        return ""
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    names = set()
    for actor in holding:
        task = dags[actor.dag_id].find(actor.task_id) if actor.dag_id in dags else None
        if task and task.execution_timeout_s is not None and isinstance(task.kind, TriggerDagRun):
            names.add(f"{actor.dag_id}.{actor.task_id}")
    if not names:
        return ""
    return (
        f"The execution_timeout of {_some(sorted(names))} does not end this: Airflow 3 does not "
        "apply it while TriggerDagRunOperator waits for its run."
    )


def _catching_up(scenario: Scenario, snapshot: Snapshot, holding: Sequence[Actor]) -> str:
    """A backlog that starts all at once fills limits that daily work does not."""
    late = {actor.run for actor in holding if snapshot.runs[actor.run].run_after_us < 0}
    if not late:
        return ""
    dags = _some(sorted({snapshot.runs[run].dag_id for run in late}))
    return (
        f"{len(late)} catch-up run{_s(len(late))} of {dags} take part, due before "
        f"{scenario.start:%Y-%m-%d %H:%M} and started together: it happens when the DAGs are first "
        "switched on, or after a long pause, and may not happen day by day."
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def place(scenario: Scenario, dag_id: str, task_id: str) -> tuple[str | None, int | None]:
    """File and line of a task; no line for one that only another version of its DAG has."""
    dag = next((dag for dag in scenario.fleet.dags if dag.dag_id == dag_id), None)
    if dag is None:
        return None, None
    return dag.file, dag.line_of(task_id)


def party(trace: Trace, actor: Actor, holds: tuple[str, ...], waits_for: tuple[str, ...]) -> Party:
    """Somebody who takes part in a finding, with what it holds and waits for in words."""
    return Party(
        name=actor.name,
        dag_id=actor.dag_id,
        task_id=actor.task_id,
        run=actor.run_name,
        operator=actor.operator,
        state=actor.state,
        holds=holds,
        waits_for=waits_for,
        since=trace.at(actor.since_us),
    )
