"""Scene: who takes part in a finding, and the wait graph among them at each instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property

from windtunnel.detect import Finding, Limit, Party
from windtunnel.detect.stuck.graph import knots
from windtunnel.explain import Stay
from windtunnel.model import ExternalTaskSensor, Sensor
from windtunnel.result.path.causes import Causes
from windtunnel.result.record import Record
from windtunnel.result.wait_graph import Edge, Node, Step, WaitSteps
from windtunnel.search.shrinking.timeline import SEVERAL, VERBS
from windtunnel.trace import RunState, TaskState

PARTIES = 12
"""Task instances in a graph, those that hold something first."""
STEPS = 60
"""Steps of a finding, the last ones before it began, and those after."""
LOOKED_AT = 400
"""Instants that may be steps, the last ones before it began and the first ones after."""
NAMED = 3
"""Task instances that one line names; it counts the others."""
MORE_VERBS = {
    "none": "is cleared",
    "scheduled": "is ready",
    "queued": "is queued",
    "removed": "is removed",
}
US = timedelta(microseconds=1)


def wait_steps(record: Record, finding: Finding) -> WaitSteps | None:
    """The steps of a finding in a simulation that shows it; None if nobody of this simulation takes
    part, or only one that waits for nobody."""
    seen = _Scene(record, finding)
    if len(seen.tis) + len(seen.limits) < 2:
        return None
    steps = seen.steps()
    return WaitSteps(finding, seen.nodes, steps, seen.left_out) if steps else None


class _Scene:
    """Who takes part in one finding."""

    def __init__(self, record: Record, finding: Finding) -> None:
        self._record = record
        self._causes = Causes(record)
        self._finding = finding
        found = list(self._found((*finding.holding, *finding.waiting)))
        self.tis = found[:PARTIES]
        self.left_out = len(found) - len(self.tis)
        self.limits = finding.limits
        self.nodes = (*map(self._task, self.tis), *map(self._limit, finding.limits))
        self._place = {ti: place for place, ti in enumerate(self.tis)}

    def _found(self, parties: tuple[Party, ...]) -> Iterator[int]:
        numbers = {(one.name, one.run): one.index for one in self._record.instances}
        known: set[int] = set()
        for party in parties:
            ti = numbers.get((party.name, party.run))
            if ti is not None and ti not in known:
                known.add(ti)
                yield ti

    def _task(self, ti: int) -> Node:
        one = self._record.instances[ti]
        return Node(one.name, one.run)

    def _limit(self, limit: Limit) -> Node:
        stays = self._stays.get(limit.name)
        return Node(limit.name, size=None if stays is None else self._size(limit))

    def _size(self, limit: Limit) -> int | None:
        cluster = self._record.scenario.cluster
        if limit.kind == "pool":
            pool = cluster.pool(limit.subject)
            return None if pool is None or pool.slots < 0 else pool.slots
        if limit.kind == "max_active_runs":
            return self._record.max_active_runs(limit.subject) or None
        if limit.kind == "resource" and limit.subject in self._record.scenario.resources:
            return self._record.scenario.resources[limit.subject].slots
        return cluster.parallelism if limit.kind == "parallelism" else None

    @cached_property
    def _stays(self) -> dict[str, list[Stay]]:
        """By limit: who had it when, as far as somebody who takes part can wait for it."""
        found: dict[str, list[Stay]] = {}
        for limit in self._finding.limits:
            asks = [ti for ti in self.tis if self._concerns(limit, ti)]
            if asks:
                found[limit.name] = self._record.holders.stays(_as_wait(limit), asks[0])
        return found

    def _concerns(self, limit: Limit, ti: int) -> bool:
        one = self._record.instances[ti]
        if limit.kind in ("max_active_runs", "max_active_tasks"):
            return one.dag_id == limit.subject
        if limit.kind.startswith("max_active_tis"):
            return f"{one.dag_id}.{one.task_id}" == limit.subject
        task = self._record.task_of(ti)
        if limit.kind == "pool":
            return task is None or task.pool == limit.subject
        return True

    # -- steps --------------------------------------------------------------------------------

    def steps(self) -> tuple[Step, ...]:
        """At most so many, those around when it began."""
        found: list[Step] = []
        for at_us in self._instants():
            what = tuple(self._happened(at_us))
            states = (*(self._state(ti, at_us) for ti in self.tis), *self._used(at_us))
            edges = self._edges(at_us)
            if what or (found and edges != found[-1].edges):
                found.append(Step(self._record.trace.at(at_us), what, states, edges))
        since = self._finding.since
        before = [step for step in found if since is None or step.at <= since]
        after = found[len(before) :][: STEPS // 3]
        return (*before[-(STEPS - len(after)) :], *after)

    def _instants(self) -> list[int]:
        record, found = self._record, set[int]()
        runs = {record.trace.ti_run[ti] for ti in self.tis}
        for who in (*self.tis, *(~run for run in runs)):
            found.update(at for _, at, _ in record.changes.get(who, ()))
        for ti in self.tis:
            found.update(w.from_us for w in record.waits.of(ti))
            found.update(w.to_us for w in record.waits.of(ti))
        for stays in self._stays.values():
            for stay in stays if len(stays) < LOOKED_AT else ():
                found.update((stay.since_us, stay.until_us))
        times = sorted(at for at in found if at <= self._until_us)
        since, trace = self._finding.since, record.trace
        begins = trace.end_us if since is None else (since - trace.start) // US
        at = bisect_right(times, begins)
        return [*times[max(at - LOOKED_AT, 0) : at], *times[at : at + LOOKED_AT // 4]]

    @property
    def _until_us(self) -> int:
        """A little after something ended it, or the end."""
        trace, until = self._record.trace, self._finding.until
        if until is None:
            return trace.end_us
        return min(trace.end_us, (until - trace.start) // US)

    def _happened(self, at_us: int) -> Iterator[str]:
        record = self._record
        verbs: dict[str, list[str]] = {}
        for ti in self.tis:
            states = [new for _, at, new in record.changes.get(ti, ()) if at == at_us]
            if states and not self._only_pokes(ti, at_us):
                label = TaskState(states[-1]).label
                verb = VERBS.get(label) or MORE_VERBS[label]
                verbs.setdefault(verb, []).append(record.instances[ti].name)
        yield from (_said(names, verb) for verb, names in verbs.items())
        yield from self._of_runs(at_us)

    def _of_runs(self, at_us: int) -> Iterator[str]:
        trace, verbs = self._record.trace, dict[str, list[str]]()
        for run in dict.fromkeys(trace.ti_run[ti] for ti in self.tis):
            made = trace.runs[run]
            dag_id = trace.dag_ids[made.dag]
            if made.created_us == at_us:
                verbs.setdefault(f"has a run ({made.run_type})", []).append(dag_id)
            for _, at, new in self._record.changes.get(~run, ()):
                if at == at_us and new >= RunState.SUCCESS:
                    yield f"{dag_id} {made.name} ends: {RunState(new).label}"
        for verb, names in verbs.items():
            yield _said(list(dict.fromkeys(names)), verb)

    def _only_pokes(self, ti: int, at_us: int) -> bool:
        """Whether it is a sensor that has looked before, and looks again and again."""
        task = self._record.task_of(ti)
        kind = None if task is None else task.kind
        if not isinstance(kind, Sensor | ExternalTaskSensor) or kind.mode != "reschedule":
            return False
        begun = [at for _, at, new in self._record.changes[ti] if new == TaskState.RUNNING]
        return bool(begun) and begun[0] < at_us and self._causes.over(ti, at_us) is None

    def _state(self, ti: int, at_us: int) -> str:
        if self._only_pokes(ti, at_us):
            return "up_for_reschedule"
        made = self._record.trace.runs[self._record.trace.ti_run[ti]]
        if made.created_us > at_us:
            return "not there yet"
        state = int(TaskState.NONE)
        for _, at, new in self._record.changes.get(ti, ()):
            if at <= at_us:
                state = new
        return TaskState(state).label

    def _used(self, at_us: int) -> Iterator[str]:
        for limit in self.limits:
            stays = self._stays.get(limit.name, ())
            held = sum(one.since_us <= at_us < one.until_us for one in stays)
            yield f"held by {held}"

    # -- edges --------------------------------------------------------------------------------

    def _edges(self, at_us: int) -> tuple[Edge, ...]:
        found: dict[tuple[int, int, str], None] = {}
        for place, ti in enumerate(self.tis):
            for other in self._waits_for(ti, at_us):
                found[place, other, "waits"] = None
            for number in self._wants(ti, at_us):
                found[place, len(self.tis) + number, "wants"] = None
        for number, limit in enumerate(self.limits):
            for place in self._have(limit, at_us):
                found[len(self.tis) + number, place, "held"] = None
        closed = self._closed(found, at_us)
        return tuple(sorted(Edge(a, b, kind, {a, b} <= closed) for a, b, kind in found))

    def _closed(self, edges: dict[tuple[int, int, str], None], at_us: int) -> set[int]:
        """The nodes of circles, from when it is known that nothing breaks them."""
        since = self._finding.since
        if since is None or self._record.trace.at(at_us) < since or not self._finding.cycle:
            return set()
        targets: dict[int, list[int]] = {n: [] for n in range(len(self.nodes))}
        for source, target, _ in edges:
            targets[source].append(target)
        circles = knots({node: tuple(others) for node, others in targets.items()})
        return {node for circle in circles for node in circle}

    def _waits_for(self, ti: int, at_us: int) -> Iterator[int]:
        state = self._state(ti, at_us)
        causes = self._causes
        if state == "none":
            asked = [*causes.above(ti), *causes.before(ti)]
        elif state in ("running", "deferred", "up_for_reschedule"):
            asked = causes.awaited(ti)
        else:
            return
        for who in asked:
            if causes.over(who, at_us) is not None:
                continue
            yield from (self._place[other] for other in self._of(who, at_us) if other != ti)

    def _of(self, who: int, at_us: int) -> Iterator[int]:
        """The task instances in the graph that a task instance, or a run, stands for."""
        if who >= 0:
            yield from [who] if who in self._place else []
            return
        for ti in self.tis:
            if self._record.trace.ti_run[ti] == ~who and self._causes.over(ti, at_us) is None:
                yield ti

    def _wants(self, ti: int, at_us: int) -> Iterator[int]:
        wanted = {
            wait.limit
            for wait in self._record.waits.of(ti)
            if wait.from_us <= at_us and (at_us < wait.to_us or self._is_last(ti, wait.to_us))
        }
        if self._is_queued_again(ti, at_us):
            wanted.add("max_active_runs")
        for number, limit in enumerate(self.limits):
            if _as_wait(limit) in wanted and self._concerns(limit, ti):
                yield number

    def _is_queued_again(self, ti: int, at_us: int) -> bool:
        """Whether its run was cleared, and has to come to run once more."""
        changes = self._record.changes.get(~self._record.trace.ti_run[ti], ())
        states = [new for _, at, new in changes if at <= at_us]
        over = self._causes.over(ti, at_us) is not None
        return len(states) > 1 and states[-1] == RunState.QUEUED and not over

    def _is_last(self, ti: int, to_us: int) -> bool:
        """Whether a wait goes on when the window ends."""
        end = self._record.trace.end_us
        return to_us == end and self._causes.over(ti, end) is None

    def _have(self, limit: Limit, at_us: int) -> Iterator[int]:
        for one in self._stays.get(limit.name, ()):
            if not one.since_us <= at_us < one.until_us:
                continue
            if one.who >= 0:
                yield from [self._place[one.who]] if one.who in self._place else []
            else:
                yield from (self._place[ti] for ti in self._of(one.who, at_us))


def _said(names: list[str], verb: str) -> str:
    """``a.b and c.d start``."""
    if len(names) == 1:
        return f"{names[0]} {verb}"
    plural = SEVERAL.get(verb, verb.replace("is ", "are ", 1).replace("has a", "have a", 1))
    shown = names if len(names) <= NAMED + 1 else names[:NAMED]
    rest = f" and {len(names) - NAMED} more" if shown != names else ""
    listed = ", ".join(shown) if rest else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{listed}{rest} {plural}"


def _as_wait(limit: Limit) -> str:
    """How waits call a limit (``Wait.limit``)."""
    return limit.name if limit.kind in ("pool", "resource") else limit.kind
