"""Deadlock: work that waits in a circle for what others of the circle hold (WT101).

Most real ones are bounded: a sensor's timeout or task_queued_timeout ends them by force. The
verdict is about the wait itself, and says until when it lasts and what ends it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from windtunnel.detect.finding import Finding, Party
from windtunnel.detect.reduction import Stuck, reduce
from windtunnel.model import Scenario
from windtunnel.trace import Actor, Snapshot, Trace

CODE = "WT101"


def find_deadlocks(scenario: Scenario, trace: Trace) -> list[Finding]:
    """Every deadlock that a snapshot of the trace shows, each once, the earliest sight of it."""
    findings: list[Finding] = []
    known: set[tuple[str, str]] = set()
    for snapshot in trace.snapshots:
        for finding in _Circles(scenario, trace, snapshot).findings():
            names = {(party.name, party.run) for party in finding.holding}
            if not names & known:
                findings.append(finding)
            known |= names
    return findings


class _Circles:
    """The wait-for graph among what is stuck in one snapshot."""

    def __init__(self, scenario: Scenario, trace: Trace, snapshot: Snapshot) -> None:
        self._scenario = scenario
        self._trace = trace
        self._snapshot = snapshot
        self._stuck: Stuck = reduce(snapshot)
        self._members = set(self._stuck.actors)
        self._holders: dict[int, list[int]] = {}
        for i in self._stuck.actors:
            for capacity, _ in snapshot.actors[i].holds:
                self._holders.setdefault(capacity, []).append(i)

    def findings(self) -> list[Finding]:
        """One finding for each knot of stuck actors that wait for each other."""
        edges = {i: self._waits_for(i) for i in self._stuck.actors}
        knots = [knot for knot in _components(edges) if len(knot) > 1 or knot[0] in edges[knot[0]]]
        return [self._finding(sorted(knot), edges) for knot in sorted(map(sorted, knots))]

    def _waits_for(self, i: int) -> tuple[int, ...]:
        """Stuck actors that this one needs something from."""
        actor = self._snapshot.actors[i]
        found: dict[int, None] = {}
        for capacity in self._short(actor.needs):
            found.update(dict.fromkeys(self._holders.get(capacity, ())))
        found.update(dict.fromkeys(u for u in actor.upstream if u in self._members))
        found.update(dict.fromkeys(self._wished(actor)))
        run = self._snapshot.runs[actor.run]
        for capacity in self._short(run.needs):
            found.update(dict.fromkeys(self._of_runs(capacity)))
        return tuple(found)

    def _short(self, needs: Iterable[tuple[int, int]]) -> list[int]:
        """Capacities that have too little left even when all that can end has ended."""
        free = self._stuck.free
        return [c for c, n in needs if (left := free[c]) is not None and left < n]

    def _wished(self, actor: Actor) -> list[int]:
        wish = actor.wish
        if wish is None or actor.never:
            return []
        if wish.run is None:
            return self._of_runs(self._runs_capacity(wish.dag_id))
        wanted = wish.actors if wish.task_ids else self._snapshot.runs[wish.run].actors
        return [a for a in wanted if a in self._members]

    def _runs_capacity(self, dag_id: str) -> int:
        for i, capacity in enumerate(self._snapshot.capacities):
            if capacity.kind == "max_active_runs" and capacity.subject == dag_id:
                return i
        return -1

    def _of_runs(self, capacity: int) -> list[int]:
        """Stuck actors of the runs that hold this limit."""
        return [
            a
            for i, run in enumerate(self._snapshot.runs)
            if i in self._stuck.runs and any(c == capacity for c, _ in run.holds)
            for a in run.actors
            if a in self._members
        ]

    # -- the finding --------------------------------------------------------------------------

    def _finding(self, knot: list[int], edges: dict[int, tuple[int, ...]]) -> Finding:
        snapshot = self._snapshot
        contested = {c for i in knot for c in self._short(snapshot.actors[i].needs)}
        holding = [i for i in knot if any(c in contested for c, _ in snapshot.actors[i].holds)]
        if not holding:
            holding = [i for i in knot if snapshot.actors[i].wish is not None] or knot
        waiting = [i for i in self._stuck.actors if i not in holding]
        cycle = _shortest_cycle(holding, edges)
        first = snapshot.actors[cycle[0]]
        since = max(snapshot.actors[i].since_us for i in holding)
        until, ended_by = self._end(knot)
        dag = next((d for d in self._scenario.fleet.dags if d.dag_id == first.dag_id), None)
        task = dag.task(first.task_id) if dag else None
        return Finding(
            code=CODE,
            title=self._title(contested),
            summary=self._summary(holding, waiting, contested),
            dag_id=first.dag_id,
            file=dag.file if dag else None,
            line=task.line if task else None,
            since=self._trace.at(since),
            until=None if until is None else self._trace.at(until),
            ended_by=ended_by,
            holding=tuple(self._party(i, contested) for i in holding),
            waiting=tuple(self._party(i, contested) for i in waiting),
            cycle=self._cycle_in_words(cycle),
        )

    def _title(self, contested: set[int]) -> str:
        kinds = sorted({self._snapshot.capacities[c].kind for c in contested})
        names = {"worker slots": "Worker slot", "pool": "Pool", "parallelism": "Parallelism"}
        if len(kinds) == 1 and kinds[0] in names:
            return f"{names[kinds[0]]} deadlock"
        return f"Deadlock over {' and '.join(kinds)}" if kinds else "Deadlock between DAGs"

    def _summary(self, holding: list[int], waiting: list[int], contested: set[int]) -> str:
        limits = ", ".join(
            sorted(f"{self._snapshot.capacities[c].name} ({self._usage(c)})" for c in contested)
        )
        held = f"{len(holding)} task{_s(holding)} hold{'' if len(holding) > 1 else 's'}"
        what = f"all of {limits}" if limits else "what each of them waits for"
        others = sorted(
            {self._snapshot.actors[i].dag_id for i in waiting}
            - {self._snapshot.actors[i].dag_id for i in holding}
        )
        text = f"{held} {what} while waiting for work that needs the same; "
        text += f"{len(waiting)} more task{_s(waiting)} cannot go on"
        return text + (f" (also of DAG{_s(others)} {', '.join(others)})." if others else ".")

    def _usage(self, capacity: int) -> str:
        total = self._snapshot.capacities[capacity].total or 0
        held = sum(n for a in self._snapshot.actors for c, n in a.holds if c == capacity) + sum(
            n for r in self._snapshot.runs for c, n in r.holds if c == capacity
        )
        return f"{held}/{total}"

    def _end(self, knot: list[int]) -> tuple[int | None, str]:
        """The first timeout that breaks the knot: its own tasks', its runs', or what they wait
        for."""
        snapshot = self._snapshot
        ends: list[tuple[int, str]] = []
        for i in self._stuck.actors:
            actor = snapshot.actors[i]
            if actor.gives_up_us is not None and (i in knot or actor.gives_up):
                ends.append((actor.gives_up_us, f"{actor.gives_up} of {actor.name}"))
        for i in {snapshot.actors[a].run for a in knot}:
            run = snapshot.runs[i]
            if run.gives_up_us is not None:
                ends.append((run.gives_up_us, f"dagrun_timeout of {run.dag_id}"))
        if not ends:
            return None, ""
        at, what = min(ends)
        return max(at, snapshot.at_us), what.replace("its timeout of", "the sensor timeout of")

    def _party(self, i: int, contested: set[int]) -> Party:
        actor = self._snapshot.actors[i]
        holds = tuple(
            f"{n} of {self._snapshot.capacities[c].name} ({self._usage(c)})"
            for c, n in actor.holds
            if c in contested
        )
        return Party(
            name=actor.name,
            run=actor.run_name,
            operator=actor.operator,
            state=actor.state,
            holds=holds,
            waits_for=tuple(self._waits_in_words(actor)),
            since=self._trace.at(actor.since_us),
        )

    def _waits_in_words(self, actor: Actor) -> list[str]:
        snapshot = self._snapshot
        if actor.never:
            return [actor.never]
        words = [self._wish_in_words(actor)] if actor.wish is not None else []
        upstream = sorted({snapshot.actors[u].name for u in actor.upstream if u in self._members})
        words.extend(upstream[:3])
        if not words:
            run = snapshot.runs[actor.run]
            short = [*self._short(run.needs), *self._short(actor.needs)]
            words = [f"{snapshot.capacities[c].name} ({self._usage(c)})" for c in short]
        return words

    def _wish_in_words(self, actor: Actor) -> str:
        wish = actor.wish
        assert wish is not None
        if wish.task_ids:
            return ", ".join(f"{wish.dag_id}.{task}" for task in wish.task_ids)
        return f"its run of {wish.dag_id} to end"

    def _cycle_in_words(self, cycle: list[int]) -> tuple[str, ...]:
        """Actors and, between them, the limit that one waits for and the next one holds."""
        snapshot = self._snapshot
        words: list[str] = []
        for here, there in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            words.append(snapshot.actors[here].name)
            shared = [
                c
                for c in self._short(snapshot.actors[here].needs)
                if any(held == c for held, _ in snapshot.actors[there].holds)
            ]
            if shared:
                words.append(snapshot.capacities[shared[0]].name)
        return (*words, words[0])


def _s(things: Iterable[object]) -> str:
    return "" if len(list(things)) == 1 else "s"


def _shortest_cycle(candidates: list[int], edges: dict[int, tuple[int, ...]]) -> list[int]:
    """A shortest cycle through one of the candidates (in their order), as its nodes in turn."""
    best: list[int] = []
    for start in candidates:
        path = _way_back(start, edges)
        if path and (not best or len(path) < len(best)):
            best = path
    return best or candidates[:1]


def _way_back(start: int, edges: dict[int, tuple[int, ...]]) -> list[int]:
    before: dict[int, int] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in edges.get(node, ()):
            if target == start:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if target not in before:
                before[target] = node
                queue.append(target)
    return []


def _components(edges: dict[int, tuple[int, ...]]) -> list[list[int]]:
    """Strongly connected components (Tarjan's, without recursion), in order of discovery."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[list[int]] = []
    for root in edges:
        if root in number:
            continue
        work: list[tuple[int, int]] = [(root, 0)]
        while work:
            node, step = work.pop()
            if step == 0:
                number[node] = low[node] = len(number)
                stack.append(node)
                on_stack.add(node)
            targets = [t for t in edges[node] if t in edges]
            if step > 0:
                low[node] = min(low[node], low[targets[step - 1]])
            for later in range(step, len(targets)):
                target = targets[later]
                if target not in number:
                    work.append((node, later + 1))
                    work.append((target, 0))
                    break
                if target in on_stack:
                    low[node] = min(low[node], number[target])
            else:
                if low[node] == number[node]:
                    at = stack.index(node)
                    found.append(stack[at:])
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
    return found
