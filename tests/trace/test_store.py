"""The file form of a trace: complete, plain JSON lines, and errors that name the line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from deciding import even
from windtunnel.engine import simulate
from windtunnel.errors import InvalidInput
from windtunnel.model import Cluster, Dag, Every, Fleet, ManualRun, Scenario, Task
from windtunnel.trace import AssetEvent, LostRun, NotCarried, Output, Stray, Touch, store

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def trace():
    """Scheduled and manual runs, a mapped task, waits, decisions, reasons."""
    tasks = (
        Task(task_id="list"),
        Task(task_id="load", upstream=("list",), expand=(3,)),
    )
    dags = tuple(
        Dag(dag_id=f"etl-ü{i}", tasks=tasks, schedule=Every(seconds=3600, timetable=family))
        for i, family in enumerate(("interval", "trigger"))
    )
    scenario = Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(parallelism=2),
        start=START,
        duration_s=7200,
        manual_runs=(
            ManualRun(dag_id="etl-ü0", at_s=5, logical_date=None, run_id="mine"),
            ManualRun(dag_id="etl-ü0", at_s=5),
            ManualRun(dag_id="etl-ü1", at_s=5),
        ),
    )
    trace = simulate(scenario, even(1))
    trace.refused.append((3, "backfill of etl: another one is not complete yet"))
    trace.asset_events.append(AssetEvent(4, "s3://orders", 0))
    trace.consumed[0] = (0,)
    trace.output.append(Output(5, "etl", "r", "load", -1, 1, "printed\nlines"))
    trace.executor_events.append((7, 0, "redelivered"))
    trace.strays.append(Stray(0, 1, 8, None, "no heartbeat"))
    trace.struck.append(2)
    trace.not_carried.append(NotCarried(6, "etl", "r", "load", -1, "return_value", "m.C", None))
    trace.pauses.append((0, "warehouse", 5, 9))
    trace.touches.log(7, 0, 1, Touch.WRITE_BEGINS, "table.a")
    trace.holds.log(7, 0, 1, "lock:a", 1)
    trace.triggered_by[1] = 0
    trace.lost_runs.append(LostRun(8, 0, "skipped", 1, due=START))
    trace.lost_runs.append(LostRun(9, 0, "exists", 1, ti=0))
    return trace


@pytest.fixture
def lines(trace):
    return list(store.dump(trace))


def test_a_trace_comes_back_as_it_was(trace, lines):
    back = store.parse(lines)
    assert list(store.dump(back)) == lines
    assert list(back.events()) == list(trace.events())
    assert back.dag_runs() == trace.dag_runs()
    assert back.runs == trace.runs
    assert (back.end_us, back.complete) == (trace.end_us, trace.complete)
    assert back.decisions == trace.decisions
    assert (back.reasons, back.output) == (trace.reasons, trace.output)
    assert back.not_carried == trace.not_carried
    assert back.refused == trace.refused
    assert (back.asset_events, back.consumed) == (trace.asset_events, trace.consumed)
    assert back.executor_events == trace.executor_events
    assert (back.pauses, back.touches) == (trace.pauses, trace.touches)
    assert (back.holds, back.triggered_by) == (trace.holds, trace.triggered_by)
    assert back.lost_runs == trace.lost_runs
    assert (back.start, back.pools, back.bindings) == (trace.start, trace.pools, trace.bindings)


def test_there_is_something_of_everything_in_it(trace):
    assert trace.decisions
    assert trace.bindings
    assert trace.reasons
    assert set(trace.ti_map) > {0, 1, 2}
    assert {record.logical_date is None for record in trace.runs} == {True, False}


def test_each_line_is_json_in_ascii_and_says_what_it_is(lines):
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds[0] == "trace"
    assert set(kinds) == set(store.KINDS)
    assert all(line.isascii() and "\n" not in line for line in lines)
    assert json.loads(lines[0])["format"] == "windtunnel.trace/1"


def test_a_broken_line_is_named_by_its_number(lines):
    lines[6] = '{"kind": "event", "at_us": 5'
    with pytest.raises(InvalidInput, match=r"^line 7 is no line of a windtunnel\.trace/1 file"):
        store.parse(lines)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"kind":"dance"}', "unknown kind 'dance'; there are: trace, run"),
        ('{"kind":"event","at_us":5,"who":0}', "'state'"),
        ('{"kind":"event","at_us":"soon","who":0,"state":1}', "line 9"),
        ('{"kind":"task_instance","run":0,"task":0,"map_index":null,"weight":1}', "line 9"),
        ('{"no":"kind"}', "'kind'"),
        ("[1, 2]", "line 9"),
        ("", "line 9"),
    ],
)
def test_what_is_wrong_with_a_line_is_told(lines, line, why):
    lines[8] = line
    with pytest.raises(InvalidInput) as caught:
        store.parse(lines)
    assert "line 9" in str(caught.value)
    assert why in str(caught.value)


def test_a_line_is_shown_but_not_all_of_it(lines):
    lines[3] = "x" * 5000
    with pytest.raises(InvalidInput) as caught:
        store.parse(lines)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("version", ["windtunnel.trace/2", "something/1"])
def test_another_format_is_refused_on_the_first_line(lines, version):
    lines[0] = lines[0].replace("windtunnel.trace/1", version)
    with pytest.raises(InvalidInput, match=r"line 1 .*must say format windtunnel\.trace/1"):
        store.parse(lines)


def test_a_file_without_its_header_is_refused(lines):
    with pytest.raises(InvalidInput, match="line 1 "):
        store.parse(lines[1:])


def test_an_empty_file_says_what_it_should_begin_with():
    with pytest.raises(InvalidInput, match=r"empty; .* begins with a header line"):
        store.parse([])
