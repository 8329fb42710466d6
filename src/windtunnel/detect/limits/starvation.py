"""Starvation: a task that is ready, and that work which came later passes again and again (WT104).

Airflow hands out slots by weight, then by date, to whatever fits, and keeps none back. So a stream
of heavier or smaller tasks can keep one out for as long as it flows. A queue is no starvation,
however long: what was there before, or came in a run that was there before, and goes first is not
counted, nor is what a limit kept waiting for less than half of the window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sized
from dataclasses import dataclass
from datetime import datetime

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding, Limit
from windtunnel.model import DagPaused, PoolResized, Scenario
from windtunnel.trace import TaskState, Trace, Wait, Waits

CODE = "WT104"
LONG = 0.5
"""Share of the window for which the limit must have kept it waiting."""
LOOKED_AT = 8
"""Waits for one limit that are looked at, the longest first."""
NAMED, SHOWN = 3, 10
"""Tasks that the summary names of those that went first, and that are listed."""


def find_starvation(
    scenario: Scenario,
    trace: Trace,
    known: Collection[Finding] = (),
    *,
    bound: int | None = None,
) -> list[Finding]:
    """One finding for each limit at which a task was passed over too often.

    Args:
        scenario: What was simulated.
        trace: What happened.
        known: Findings that tell already why tasks wait.
        bound: How often a task may be passed over; None: twice the size of the limit, and once for
            each that is its equal in weight and date.
    """
    limits = _full_for_long(trace)
    waits = _long_waits(scenario, trace) if limits else []
    if not waits:
        return []
    told = {(p.dag_id, p.task_id, p.run) for f in known for p in (*f.holding, *f.waiting)}
    stretches = Waits(trace)
    by_limit: dict[str, list[_Starved]] = {}
    for ti, since, until in waits:
        if _place(trace, ti) in told:
            continue
        kept: dict[str, list[Wait]] = {}
        for wait in stretches.of(ti):
            if wait.from_us >= since and wait.limit in limits:
                kept.setdefault(wait.limit, []).append(wait)
        for limit, spans in kept.items():
            if sum(span.to_us - span.from_us for span in spans) < LONG * trace.end_us:
                continue
            by_limit.setdefault(limit, []).append(_Starved(ti, since, until, tuple(spans)))
    if not by_limit:
        return []
    streams = _Streams(scenario, trace, bound)
    found = (streams.finding(*one) for one in sorted(by_limit.items()))
    return [finding for finding in found if finding is not None]


def _full_for_long(trace: Trace) -> set[str]:
    """Limits that the scheduler hands out to work of several DAGs, and that kept something waiting
    for long enough."""
    lengths: dict[str, int] = {}
    for limit, begin, over in trace.bindings:
        if limit == "parallelism" or limit.startswith("pool "):
            lengths[limit] = lengths.get(limit, 0) + over - begin
    return {limit for limit, length in lengths.items() if length >= LONG * trace.end_us}


@dataclass(frozen=True, slots=True)
class _Starved:
    """A task instance that waited long."""

    ti: int
    since_us: int
    until_us: int | None
    """When it was queued, if it was."""
    spans: tuple[Wait, ...]
    """When the limit was what kept it waiting."""


def _long_waits(scenario: Scenario, trace: Trace) -> list[tuple[int, int, int | None]]:
    """(task instance, since when scheduled, when queued) of waits of half of the window, the
    longest first; of DAGs that nobody paused."""
    long = LONG * trace.end_us
    since: dict[int, int] = {}
    found: list[tuple[int, int, int | None]] = []
    scheduled = TaskState.SCHEDULED
    for at, who, state in trace.history:
        if state == scheduled and who >= 0:
            since.setdefault(who, at)
        elif who in since:
            began = since.pop(who)
            if state == TaskState.QUEUED and at - began >= long:
                found.append((who, began, at))
    found.extend((who, at, None) for who, at in since.items() if trace.end_us - at >= long)
    if any(isinstance(fault, DagPaused) for fault in scenario.faults):
        return []
    paused = {dag.dag_id for dag in scenario.fleet.dags if dag.is_paused}
    left = [one for one in found if _place(trace, one[0])[0] not in paused]
    return sorted(left, key=lambda one: (one[1] - (one[2] or trace.end_us), one[0]))


def _place(trace: Trace, ti: int) -> tuple[str, str, str]:
    """DAG, task, run."""
    run = trace.runs[trace.ti_run[ti]]
    return trace.dag_ids[run.dag], trace.task_ids[run.dag][trace.ti_task[ti]], run.name


class _Streams:
    """Who was queued when, and whom it passed."""

    def __init__(self, scenario: Scenario, trace: Trace, bound: int | None) -> None:
        self._scenario = scenario
        self._trace = trace
        self._bound = bound
        self._attempts = Attempts(scenario, trace)
        self._admissions: dict[str, list[tuple[int, int, int]]] = {"parallelism": []}
        """By limit: (when queued, task instance, since when ready)."""
        self._state: dict[int, int] = {}
        ready: dict[int, int] = {}
        for at, who, state in trace.history:
            if who < 0:
                continue
            self._state[who] = state
            if state == TaskState.SCHEDULED:
                ready.setdefault(who, at)
            elif who in ready:
                since = ready.pop(who)
                if state == TaskState.QUEUED:
                    admission = (at, who, since)
                    self._admissions["parallelism"].append(admission)
                    self._admissions.setdefault(self._pool_of(who), []).append(admission)

    def _pool_of(self, ti: int) -> str:
        dag = self._trace.runs[self._trace.ti_run[ti]].dag
        return f"pool {self._trace.pools[dag][self._trace.ti_task[ti]]}"

    def finding(self, limit: str, starved: list[_Starved]) -> Finding | None:
        """The finding, if somebody was passed over too often at this limit."""
        passed = []
        for one in starved[:LOOKED_AT]:
            first = list(self._passing(limit, one))
            if len(first) > self._allowed(limit, one):
                passed.append((one, first))
        return self._made(limit, passed) if passed else None

    def _passing(self, limit: str, one: _Starved) -> Iterator[tuple[int, int]]:
        """(when, who) of each that came later and went first: in a run that was not there yet when
        this one was ready, or again, having gone first before."""
        trace = self._trace
        until = trace.end_us if one.until_us is None else one.until_us
        spans = iter(one.spans)
        span = next(spans, None)
        before: set[int] = set()
        for at, who, since in self._admissions.get(limit, ()):
            if at >= until:
                return
            while span is not None and span.to_us < at:
                span = next(spans, None)
            if span is None:
                return
            if at < span.from_us or since <= one.since_us or who == one.ti:
                continue
            if trace.runs[trace.ti_run[who]].created_us > one.since_us or who in before:
                yield at, who
            before.add(who)

    def _allowed(self, limit: str, one: _Starved) -> int:
        if self._bound is not None:
            return self._bound
        trace = self._trace
        key = self._key(one.ti)
        uses = (ti for ti, weight in enumerate(trace.ti_weight) if weight == key[0])
        equals = sum(
            self._key(ti) == key and limit in ("parallelism", self._pool_of(ti)) for ti in uses
        )
        return 2 * self._size(limit) + equals - 1

    def _key(self, ti: int) -> tuple[object, ...]:
        """What decides who is next: weight and date."""
        return self._trace.ti_weight[ti], self._date(ti)

    def _date(self, ti: int) -> datetime:
        run = self._trace.runs[self._trace.ti_run[ti]]
        return run.logical_date or run.run_after

    def _size(self, limit: str) -> int:
        cluster = self._scenario.cluster
        if limit == "parallelism":
            return cluster.executor_slots
        name = limit.removeprefix("pool ")
        pool = cluster.pool(name)
        sizes = [f.slots for f in self._scenario.faults if isinstance(f, PoolResized)]
        return max(0 if pool is None else pool.slots, *sizes, 0)

    # -- words --------------------------------------------------------------------------------

    def _made(self, limit: str, passed: list[tuple[_Starved, list[tuple[int, int]]]]) -> Finding:
        trace = self._trace
        one, first = max(passed, key=lambda found: len(found[1]))
        attempts = self._attempts
        streams = Counter(attempts.name(who) for _, who in first)
        last = {attempts.name(who): (at, who) for at, who in first}
        named = ", ".join(f"{name} ({n} times)" for name, n in streams.most_common(NAMED))
        more = f" and {len(streams) - NAMED} more" if len(streams) > NAMED else ""
        ran = "" if one.until_us is not None else " It has not run in this window."
        kind, _, subject = limit.partition(" ")
        file, line = attempts.place(one.ti)
        return Finding(
            code=CODE,
            title="Starvation",
            summary=f"{attempts.name(one.ti)} of {attempts.run(one.ti)} is ready, and was passed "
            f"over {len(first)} times at {limit} by work that came later: {named}{more}.{ran}",
            dag_id=attempts.dag_id(one.ti),
            file=file,
            line=line,
            since=trace.at(one.since_us),
            until=None if one.until_us is None else trace.at(one.until_us),
            ended_by="a moment in which none of these is ready",
            holding=tuple(
                attempts.party(
                    last[name][1], _often(times), last[name][0], self._now(last[name][1])
                )
                for name, times in streams.most_common(SHOWN)
            ),
            waiting=tuple(
                attempts.party(s.ti, "", s.since_us, self._now(s.ti)).model_copy(
                    update={"waits_for": (limit,)}
                )
                for s, _ in passed
            ),
            limits=(Limit(kind=kind, subject=subject),),
            notes=tuple(self._why(one, limit, [who for _, who in first])),
        )

    def _why(self, one: _Starved, limit: str, first: list[int]) -> Iterator[str]:
        """Why these went first."""
        weights, own = self._trace.ti_weight, self._trace.ti_weight[one.ti]
        slots, date = self._slots(one.ti), self._date(one.ti)
        smaller = [n for who in first if (n := self._slots(who)) < slots]
        heavier = [weights[who] for who in first if weights[who] > own]
        older = [who for who in first if weights[who] == own and self._date(who) < date]

        def these(some: Sized) -> str:
            return "They" if len(some) == len(first) else f"{len(some)} of them"

        if limit != "parallelism" and smaller:
            yield (
                f"It needs {slots} slots at once. {these(smaller)} need {min(smaller)}: Airflow "
                "keeps none back for it while they come free one by one."
            )
        if heavier:
            yield (
                f"{these(heavier)} weigh more than it ({min(heavier)} and more against {own}): who "
                "weighs more is first, however long others have waited."
            )
        if older:
            yield f"{these(older)} have earlier dates: among equals of weight the oldest is first."

    def _slots(self, ti: int) -> int:
        task = self._attempts.task(ti)
        return 1 if task is None else task.pool_slots

    def _now(self, ti: int) -> str:
        """The state of a task instance when the window ends."""
        return TaskState(self._state[ti]).label


def _often(times: int) -> str:
    return "went first once" if times == 1 else f"went first {times} times"
