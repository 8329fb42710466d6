"""Readers and writers of the same data at once, as one simulation shows them (WT202).

Told by the ``read``, ``write`` and ``append`` steps of rules. Outlets and inlets say that a task
has to do with an asset, not when, nor with which part of it, so they are no evidence. Two that
add, or one that adds and one that reads, are left alone: that is how such data are used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from windtunnel.detect.attempts import Attempts
from windtunnel.detect.finding import Finding
from windtunnel.model import Scenario
from windtunnel.trace import Access, Trace, told_accesses

CODE = "WT202"
SHOWN = 3
"""Other data sets and pairs that a finding names; it counts the rest."""
PAIRS = 5
"""Pairs of tasks that are told of one data set."""
DOES = {"read": "reads", "write": "writes", "append": "adds to"}

Key = tuple[tuple[int, int], tuple[int, int]]
"""Two tasks, each a DAG and a task by number, the lesser one first."""


@dataclass(slots=True)
class Pair:
    """Two tasks that were at the same data at once."""

    first: Access
    """The one that was there already, when it happened first."""
    second: Access
    times: int = 1
    datasets: dict[str, None] = field(default_factory=dict)


def conflict(one: str, other: str) -> bool:
    """Whether two that do this at once may spoil what one of them gets."""
    return "write" in (one, other)


def find_overlaps(scenario: Scenario, trace: Trace) -> list[Finding]:
    """One finding for each pair of tasks, at the first time, in order of time."""
    if not trace.touches:
        return []
    attempts = Attempts(scenario, trace)
    pairs = sorted(_pairs(trace, attempts).values(), key=lambda pair: pair.second.from_us)
    told: dict[str, int] = {}
    found = []
    for pair in pairs:
        dataset = pair.second.dataset
        told[dataset] = told.get(dataset, 0) + 1
        if told[dataset] <= PAIRS:
            found.append(_finding(scenario, trace, attempts, pair))
    return found


def _pairs(trace: Trace, attempts: Attempts) -> dict[Key, Pair]:
    """Whoever comes to data while another one is there. Of each task only the access that lasts
    longest is kept: if that is over, so are all others."""
    lasting: dict[str, dict[tuple[tuple[int, int], bool], Access]] = {}
    pairs: dict[Key, Pair] = {}
    for access in sorted(told_accesses(trace), key=lambda one: one.from_us):
        own, writes = attempts.key(access.ti), access.verb == "write"
        there = lasting.setdefault(access.dataset, {})
        met = {
            key: other
            for (key, _), other in there.items()
            if _at_once(other, access) and conflict(other.verb, access.verb)
        }
        for key, other in met.items():
            both = (min(key, own), max(key, own))
            pair = pairs.get(both)
            if pair is None:
                pairs[both] = pair = Pair(other, access, times=0)
            pair.times += 1
            pair.datasets[access.dataset] = None
        longest = there.get((own, writes))
        if longest is None or access.to_us > longest.to_us:
            there[own, writes] = access
    return pairs


def _at_once(first: Access, second: Access) -> bool:
    """Whether the second, which begins no earlier, falls into the first. What takes no time falls
    into nothing that begins in that instant."""
    takes_time = second.to_us > second.from_us
    return first.to_us > second.from_us and (takes_time or first.from_us < second.from_us)


def _finding(scenario: Scenario, trace: Trace, attempts: Attempts, pair: Pair) -> Finding:
    first, second = pair.first, pair.second
    until = min(first.to_us, second.to_us)
    left = first if first.to_us == until else second
    file, line = attempts.place(second.ti)
    open_end = until >= trace.end_us and not left.done
    return Finding(
        code=CODE,
        title="Readers and writers at once" if _reads(pair) else "Two writers at once",
        summary=_summary(attempts, pair),
        dag_id=attempts.dag_id(second.ti),
        file=file,
        line=line,
        since=trace.at(second.from_us),
        until=None if open_end else trace.at(until),
        ended_by="the window ends" if open_end else f"{attempts.name(left.ti)} leaves it",
        holding=tuple(
            attempts.party(
                one.ti,
                f"{DOES[one.verb]} {one.dataset} in try {one.try_number}",
                one.from_us,
                "given up"
                if attempts.is_astray(one.ti, one.try_number, second.from_us)
                else "running",
            )
            for one in (first, second)
        ),
        notes=(*_causes(scenario, attempts, pair), *_others(pair)),
    )


def _reads(pair: Pair) -> bool:
    return "read" in (pair.first.verb, pair.second.verb)


def _summary(attempts: Attempts, pair: Pair) -> str:
    first, second = pair.first, pair.second
    comes = f"{attempts.name(second.ti)} ({_of(attempts, second, first)}) {DOES[second.verb]}"
    is_there = f"{attempts.name(first.ti)} ({_of(attempts, first, second)}) {DOES[first.verb]} it"
    follows = "What is read may be half of the old and half of the new."
    if not _reads(pair):
        follows = "What is there in the end may be of one, of the other, or mixed."
    return f"{comes} {second.dataset} while {is_there}. {follows}"


def _of(attempts: Attempts, one: Access, other: Access) -> str:
    """Which of several it is: the run, and the try where the run alone doesn't tell."""
    run = attempts.run(one.ti)
    return f"{run}, try {one.try_number}" if one.ti == other.ti else run


def _causes(scenario: Scenario, attempts: Attempts, pair: Pair) -> list[str]:
    """Why nothing kept them apart, and what would."""
    first, second = pair.first, pair.second
    for one in (first, second):
        stray = attempts.stray(one.ti, one.try_number)
        if stray is not None and stray.since_us <= second.from_us:
            return [
                f"Try {one.try_number} of {attempts.name(one.ti)} was given up ({stray.why}), and "
                "its process goes on: no limit of Airflow's counts it.",
                "A lock that the process itself holds, or another place to write for each try, "
                "keeps them apart.",
            ]
    if attempts.dag_id(first.ti) != attempts.dag_id(second.ti):
        return [
            "Nothing orders the two DAGs: a sensor or an asset would, and a lock, or a pool of one "
            "slot for both tasks, would let only one of them in."
        ]
    if attempts.run(first.ti) == attempts.run(second.ti):
        same = attempts.key(first.ti) == attempts.key(second.ti)
        cure = "max_active_tis_per_dagrun=1" if same else "An order of the two tasks in the DAG"
        return [f"Both are of one run. {cure} keeps them apart, and so does a lock."]
    if attempts.is_backfill(first.ti) != attempts.is_backfill(second.ti) and (
        scenario.cluster.airflow.backfills_in_scheduler
    ):
        return [
            "max_active_runs of a DAG doesn't count the runs of a backfill, which has a limit of "
            "its own; max_active_tis_per_dag counts both."
        ]
    return [
        "Both are of one DAG, in different runs: max_active_runs=1 keeps these apart, or data of "
        "its own for each run."
    ]


def _others(pair: Pair) -> list[str]:
    more = list(pair.datasets)[1:]
    if not more:
        return [] if pair.times == 1 else [f"It happens {pair.times} times in this simulation."]
    shown = ", ".join(more[:SHOWN]) + (f" and {len(more) - SHOWN} more" * (len(more) > SHOWN))
    return [f"It happens {pair.times} times in this simulation; also at {shown}."]
