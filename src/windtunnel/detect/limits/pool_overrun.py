"""More processes of a pool at work than it has slots: some were given up, and go on (WT211).

A pool that somebody made stands for something: sessions of a source, one writer at a time. Airflow
gives the slot of a try away as soon as the try is over in the database; the process may not be. The
default pool stands for nothing, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding, Party
from windtunnel.model import Scenario
from windtunnel.trace import Stray, TaskState, Trace

CODE = "WT211"
DEFAULT = "default_pool"


@dataclass(slots=True)
class Pool:
    """The processes of one pool, while its history goes by."""

    slots: int
    running: dict[int, int] = field(default_factory=dict)
    """By task instance: its slots."""
    astray: dict[int, tuple[Stray, int]] = field(default_factory=dict)
    """By number of the stray process: it, and the slots that it had."""

    @property
    def used(self) -> int:
        """Slots that all of them would take."""
        return sum(self.running.values()) + sum(slots for _, slots in self.astray.values())


def find_pool_overruns(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each pool, at the first time."""
    if not trace.strays:
        return []
    attempts = Attempts(scenario, trace)
    pools: dict[str, Pool] = {}
    for stray in trace.strays:
        task = attempts.task(stray.ti)
        known = None if task is None else scenario.cluster.pools.get(task.pool)
        if task is not None and known is not None and not known.assumed and known.slots >= 0:
            pools.setdefault(task.pool, Pool(known.slots))
    pools.pop(DEFAULT, None)
    found: dict[str, Finding] = {}
    for at, name in _changes(trace, attempts, pools) if pools else ():
        pool = pools[name]
        if name not in found and pool.astray and pool.used > pool.slots:
            found[name] = _finding(trace, attempts, name, pool, at)
    return list(found.values())


def _changes(trace: Trace, attempts: Attempts, pools: dict[str, Pool]) -> Iterator[tuple[int, str]]:
    """(when, pool): each time that another process is there, once all that ended then has gone."""
    ends = sorted(
        (stray.until_us, number)
        for number, stray in enumerate(trace.strays)
        if stray.until_us is not None
    )
    begun = ended = 0
    for at, who, state in trace.history:
        if who < 0:
            continue
        while begun < len(trace.strays) and trace.strays[begun].since_us < at:
            yield from _begin_stray(trace, attempts, pools, begun)
            begun += 1
        while ended < len(ends) and ends[ended][0] <= at:
            for pool in pools.values():
                pool.astray.pop(ends[ended][1], None)
            ended += 1
        task = attempts.task(who)
        if task is None or task.pool not in pools:
            continue
        pool = pools[task.pool]
        if state == TaskState.RUNNING:
            pool.running[who] = task.pool_slots
            yield at, task.pool
        else:
            pool.running.pop(who, None)


def _begin_stray(
    trace: Trace, attempts: Attempts, pools: dict[str, Pool], number: int
) -> Iterator[tuple[int, str]]:
    stray = trace.strays[number]
    task = attempts.task(stray.ti)
    if task is not None and task.pool in pools:
        pools[task.pool].astray[number] = (stray, task.pool_slots)
        yield stray.since_us, task.pool


def _finding(trace: Trace, attempts: Attempts, name: str, pool: Pool, at: int) -> Finding:
    strays = [stray for stray, _ in pool.astray.values()]
    first = strays[0]
    file, line = attempts.place(first.ti)
    ends = [stray.until_us for stray in strays if stray.until_us is not None]
    until = min(ends, default=None)
    s = "" if pool.slots == 1 else "s"
    return Finding(
        code=CODE,
        title="Limit that nothing keeps",
        summary=f"Pool {name} has {pool.slots} slot{s}, and processes for {pool.used} are at work "
        f"at once: try {first.try_number} of {attempts.name(first.ti)} was given up ({first.why}) "
        "and goes on, and its slot is given to others.",
        dag_id=attempts.dag_id(first.ti),
        file=file,
        line=line,
        since=trace.at(at),
        until=None if until is None else trace.at(until),
        ended_by="the window ends" if until is None else "the process that was given up is done",
        holding=(
            *(_party(attempts, stray.ti, stray.since_us, "given up", name) for stray in strays),
            *(_party(attempts, ti, at, "running", name) for ti in pool.running),
        ),
        notes=(
            "If the pool stands for something that bears no more, guard that itself: a lock that "
            "the process holds, or a limit of the other system's.",
        ),
    )


def _party(attempts: Attempts, ti: int, since: int, state: str, pool: str) -> Party:
    return attempts.party(ti, f"works in pool {pool}, {state}", since, state)
