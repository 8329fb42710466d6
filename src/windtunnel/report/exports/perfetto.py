"""A simulation as a trace for Perfetto (https://ui.perfetto.dev) and chrome://tracing.

Each DAG is a process, with its task instances in lanes, and in each what it did and waited for;
beside them the slots in use.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Any

from windtunnel.capacity import every_limit
from windtunnel.report.exports.lives import TRIES, Life, lives, said
from windtunnel.result import Result

Event = dict[str, Any]

COLOURS = {"running": "good", "failed try": "terrible", "poke": "grey"}
"""Names that both viewers know."""
WAITS = "bad"
UPSTREAM = "generic_work"
LIMITS = 0
"""The process of the counters; DAGs are numbered from 1."""


def perfetto(result: Result) -> str:
    """JSON in the Trace Event Format; times are microseconds since the scenario's start, which is
    in ``otherData``."""
    trace = result.trace
    events = [*_named(trace.dag_ids), *_slots(result)]
    by_dag: dict[int, list[Life]] = {}
    for life in lives(trace):
        by_dag.setdefault(trace.runs[life.run].dag, []).append(life)
    for dag in sorted(by_dag):
        events += _dag(dag + 1, by_dag[dag], [trace.runs[one.run].name for one in by_dag[dag]])
    document = {
        "displayTimeUnit": "ms",
        "otherData": {"start": trace.start.isoformat(), "made_by": "windtunnel"},
        "traceEvents": events,
    }
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"))


def _named(dag_ids: Iterable[str]) -> Iterator[Event]:
    yield _meta("process_name", LIMITS, name="slots in use")
    yield _meta("process_sort_index", LIMITS, sort_index=-1)
    for number, dag_id in enumerate(dag_ids, 1):
        yield _meta("process_name", number, name=dag_id)


def _meta(kind: str, process: int, **values: Any) -> Event:
    return {"ph": "M", "name": kind, "pid": process, "tid": 0, "args": values}


def _slots(result: Result) -> Iterator[Event]:
    for line in every_limit(result.scenario, result.trace):
        for at, used in line.steps:
            yield {
                "ph": "C",
                "name": line.limit,
                "pid": LIMITS,
                "ts": at,
                "args": {"slots": used},
            }


def _dag(process: int, found: list[Life], runs: list[str]) -> Iterator[Event]:
    """Its task instances, each in the first lane that is free."""
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    lanes = 0
    ordered = sorted(zip(found, runs, strict=True), key=lambda one: one[0].since_us)
    for life, run in ordered:
        while busy and busy[0][0] <= life.since_us:
            heappush(free, heappop(busy)[1])
        if not free:
            lanes += 1
            heappush(free, lanes)
        lane = heappop(free)
        heappush(busy, (life.until_us, lane))
        yield from _life(process, lane, life, run)
    for lane in range(1, lanes + 1):
        yield {**_meta("thread_name", process, name=f"lane {lane}"), "tid": lane}


def _life(process: int, lane: int, life: Life, run: str) -> Iterator[Event]:
    instance = life.instance
    told = {"run": run, "state": instance.state, "try_number": instance.try_number}
    place = {"ph": "X", "pid": process, "tid": lane}
    whole = (life.since_us, life.until_us - life.since_us)
    name = instance.name.removeprefix(f"{instance.dag_id}.")
    yield {**place, "name": name, "cat": "task", "ts": whole[0], "dur": whole[1], "args": told}
    for kind, since, until in life.segments:
        yield {
            **place,
            "name": said(kind),
            "cat": "try" if kind in TRIES else "wait",
            "ts": since,
            "dur": until - since,
            "cname": COLOURS.get(kind, UPSTREAM if kind == "upstream" else WAITS),
        }
