"""Questions asked of a trace that is written by hand: states, tries, times, reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.trace import RunRecord, RunState, TaskState, Trace, waits_of

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000


@pytest.fixture
def trace():
    """One run of one task; ``write`` adds (second, state) of the task."""
    trace = Trace(start=START, dag_ids=("etl",), task_ids=(("load",),), pools=(("db",),))
    trace.runs.append(RunRecord(0, "manual__1", "manual", START, START, 0))
    for column, value in ((trace.ti_run, 0), (trace.ti_task, 0), (trace.ti_map, -1)):
        column.append(value)
    trace.ti_weight.append(1)
    trace.history.log(0, ~0, RunState.RUNNING)
    trace.end_us = 1000 * S
    return trace


def write(trace, *changes):
    for second, state in changes:
        trace.history.log(second * S, 0, TaskState[state.upper()])


def tries(trace):
    return [event.try_number for event in trace.events() if event.task_id]


def test_a_try_begins_when_the_task_is_scheduled(trace):
    write(trace, (0, "scheduled"), (1, "queued"), (2, "running"), (9, "success"))
    assert tries(trace) == [1, 1, 1, 1]


def test_a_retry_is_another_try(trace):
    write(trace, (0, "scheduled"), (0, "queued"), (0, "running"), (9, "up_for_retry"))
    write(trace, (20, "scheduled"), (20, "queued"), (20, "running"), (30, "failed"))
    assert tries(trace) == [1, 1, 1, 1, 2, 2, 2, 2]
    (ti,) = trace.task_instances()
    assert (ti.try_number, ti.started_us, ti.ended_us) == (2, 20 * S, 30 * S)


@pytest.mark.parametrize("pause", ["up_for_reschedule", "deferred", "queued"])
def test_coming_back_from_a_pause_is_the_same_try(trace, pause):
    write(trace, (0, "scheduled"), (0, "queued"), (0, "running"), (1, pause))
    write(trace, (9, "scheduled"), (9, "queued"), (9, "running"), (10, "success"))
    assert set(tries(trace)) == {1}


def test_an_empty_operator_succeeds_in_its_first_try(trace):
    write(trace, (3, "success"))
    assert tries(trace) == [1]


def test_a_skipped_task_was_never_tried(trace):
    write(trace, (3, "skipped"))
    (ti,) = trace.task_instances()
    assert (ti.state, ti.try_number, ti.started_us, ti.ended_us) == ("skipped", 0, None, 3 * S)


def test_a_running_task_has_begun_and_not_ended(trace):
    write(trace, (0, "scheduled"), (0, "queued"), (5, "running"))
    (ti,) = trace.task_instances()
    assert (ti.state, ti.started_us, ti.ended_us) == ("running", 5 * S, None)


def test_events_speak_airflows_words(trace):
    write(trace, (0, "scheduled"), (0, "queued"))
    trace.reasons[0] = "started"
    first, second, third = trace.events()
    assert (first.dag_id, first.task_id, first.state, first.reason) == (
        "etl",
        None,
        "running",
        "started",
    )
    assert [(e.task_id, e.state, e.reason) for e in (second, third)] == [
        ("load", "scheduled", None),
        ("load", "queued", None),
    ]


def test_a_mapped_instance_is_named_with_its_index(trace):
    trace.ti_map[0] = 2
    assert trace.task_instances()[0].name == "etl.load[2]"


def test_runs_tell_when_they_began_and_ended(trace):
    trace.history.log(50 * S, ~0, RunState.FAILED)
    (run,) = trace.dag_runs()
    assert (run.state, run.queued_us, run.started_us, run.ended_us) == ("failed", 0, 0, 50 * S)


def test_scheduled_runs_are_named_by_logical_date_others_by_run_id():
    scheduled = RunRecord(0, "scheduled__x", "scheduled", START, START, 0)
    assert scheduled.name == "scheduled@2026-03-01T00:00:00+00:00"
    assert RunRecord(0, "mine", "manual", START, START, 0).name == "mine"


def test_instants_are_datetimes_to_the_microsecond(trace):
    assert trace.at(90 * S + 1) == START + timedelta(seconds=90, microseconds=1)


@pytest.mark.parametrize("state", list(TaskState))
def test_finished_states_are_those_that_airflow_finishes_in(state):
    finished = {"success", "failed", "skipped", "upstream_failed", "removed"}
    assert state.finished == (state.label in finished)


def test_a_run_is_finished_when_it_succeeded_or_failed():
    assert [s.label for s in RunState if s.finished] == ["success", "failed"]


# -- waits --------------------------------------------------------------------------------------


def waits(trace):
    return [(w.limit, w.from_us // S, w.to_us // S) for w in waits_of(trace, 0)]


def test_time_in_scheduled_goes_to_the_limit_that_was_binding_then(trace):
    write(trace, (0, "scheduled"), (100, "queued"), (100, "running"))
    trace.bindings.extend([("pool db", 10 * S, 40 * S), ("parallelism", 30 * S, 100 * S)])
    assert sorted(waits(trace), key=lambda w: w[1]) == [
        ("scheduler", 0, 10),
        ("pool db", 10, 40),
        ("parallelism", 40, 100),
    ]


def test_limits_of_others_are_not_its_own(trace):
    write(trace, (0, "scheduled"), (100, "queued"), (100, "running"))
    trace.bindings.extend([("pool other", 0, 100 * S), ("max_active_tasks other", 0, 100 * S)])
    assert waits(trace) == [("scheduler", 0, 100)]


def test_waits_add_up_to_the_time_that_is_asked_about(trace):
    write(trace, (5, "scheduled"), (50, "queued"), (60, "running"))
    trace.bindings.extend([("pool db", 7 * S, 9 * S), ("pool db", 20 * S, 30 * S)])
    assert sum(end - begin for _, begin, end in waits(trace)) == 60
