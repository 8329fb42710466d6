"""Spans: a dag run as a trace, its task instances as spans of it, and what each did and waited for
as spans of that. All ids come from names, so that the same simulation has the same ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from windtunnel.report.exports.lives import TRIES, Life, lives, said
from windtunnel.report.html.segments import FAILED
from windtunnel.result import Result
from windtunnel.trace import RunState, TaskState, Trace

TRACE_BYTES, SPAN_BYTES = 16, 8
FAILED_STATES = frozenset({"failed", "upstream_failed"})
EPOCH_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """One span, as OpenTelemetry has it."""

    service: str
    """The DAG: what Jaeger and Tempo group by."""
    name: str
    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    parent_id: str | None
    start_ns: int
    """Simulated time, since 1970."""
    end_ns: int
    ok: bool | None
    """Whether it went well; None: it had not ended when the window did."""
    attributes: Mapping[str, str | int]
    links: tuple[tuple[str, str], ...] = field(default=())
    """(trace_id, span_id) of what triggered it."""


def spans(result: Result) -> Iterator[Span]:
    """Of each dag run the run itself, then its task instances with what they did."""
    trace, seed = result.trace, result.scenario.seed
    ids = _Ids(trace, seed)
    of_run: dict[int, list[Life]] = {}
    for life in lives(trace):
        of_run.setdefault(life.run, []).append(life)
    for run in trace.dag_runs():
        own = of_run.get(run.index, [])
        end = trace.end_us if run.ended_us is None else run.ended_us
        by = trace.triggered_by.get(run.index)
        yield Span(
            run.dag_id,
            f"{run.dag_id} {run.run}",
            ids.trace_of(run.index),
            ids.run(run.index),
            None,
            ids.ns(run.queued_us),
            ids.ns(max([end, *(life.until_us for life in own)])),
            _ok(run.state, RunState),
            {
                "airflow.dag_id": run.dag_id,
                "airflow.run_id": run.run_id,
                "airflow.state": run.state,
            },
            () if by is None else ((ids.trace_of(trace.ti_run[by]), ids.instance(by)),),
        )
        for life in own:
            yield from _life(life, ids)


def _life(life: Life, ids: _Ids) -> Iterator[Span]:
    one = life.instance
    trace_id, own_id = ids.trace_of(life.run), ids.instance(one.index)
    ok = _ok(one.state, TaskState)
    open_at = life.until_us if ok is None else None
    yield Span(
        one.dag_id,
        one.name.removeprefix(f"{one.dag_id}."),
        trace_id,
        own_id,
        ids.run(life.run),
        ids.ns(life.since_us),
        ids.ns(life.until_us),
        ok,
        {
            "airflow.dag_id": one.dag_id,
            "airflow.task_id": one.task_id,
            "airflow.map_index": one.map_index,
            "airflow.try_number": one.try_number,
            "airflow.state": one.state,
        },
    )
    for number, (kind, since, until) in enumerate(life.segments):
        limit = {} if kind in TRIES else {"windtunnel.limit": kind}
        yield Span(
            one.dag_id,
            said(kind),
            trace_id,
            ids.piece(one.index, number),
            own_id,
            ids.ns(since),
            ids.ns(until),
            None if until == open_at else kind != FAILED,
            limit,
        )


def _ok(state: str, states: type[RunState | TaskState]) -> bool | None:
    return state not in FAILED_STATES if states[state.upper()].finished else None


class _Ids:
    def __init__(self, trace: Trace, seed: int) -> None:
        self._trace = trace
        self._seed = seed
        self._start_us = _micros(trace.start)

    def ns(self, at_us: int) -> int:
        return (self._start_us + at_us) * 1_000

    def trace_of(self, run: int) -> str:
        return self._made(TRACE_BYTES, *self._name(run))

    def run(self, run: int) -> str:
        return self._made(SPAN_BYTES, *self._name(run))

    def instance(self, ti: int) -> str:
        return self._made(SPAN_BYTES, *self._instance(ti))

    def piece(self, ti: int, number: int) -> str:
        return self._made(SPAN_BYTES, *self._instance(ti), number)

    def _instance(self, ti: int) -> tuple[str | int, ...]:
        trace = self._trace
        run = trace.ti_run[ti]
        task = trace.task_ids[trace.runs[run].dag][trace.ti_task[ti]]
        return (*self._name(run), task, trace.ti_map[ti])

    def _name(self, run: int) -> tuple[str | int, ...]:
        record = self._trace.runs[run]
        return (self._seed, self._trace.dag_ids[record.dag], record.run_id)

    def _made(self, size: int, *of: str | int) -> str:
        return blake2b(repr(of).encode(), digest_size=size).hexdigest()


def _micros(at: datetime) -> int:
    """Since 1970, without a float between."""
    since = at - datetime(1970, 1, 1, tzinfo=at.tzinfo)
    offset = at.utcoffset()
    assert offset is not None
    since -= offset
    return (since.days * 86_400 + since.seconds) * EPOCH_US + since.microseconds
