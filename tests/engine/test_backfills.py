"""Backfills: which runs are made, in which order they start, and beside whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel import InvalidInput, api
from windtunnel.engine import simulate
from windtunnel.model import (
    Backfill,
    Behavior,
    Cluster,
    Cron,
    Dag,
    Fleet,
    Rule,
    Scenario,
    SchedulerLoop,
    Task,
    When,
)
from windtunnel.trace import DagRun, Trace

START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 9, tzinfo=UTC)
DAILY = Cron(expression="@daily", timetable="trigger")


def day(number: int) -> datetime:
    """A day of February."""
    return datetime(2026, 2, number, tzinfo=UTC)


def etl(**options: Any) -> Dag:
    given = {"schedule": DAILY, "tasks": (Task(task_id="t"),), **options}
    return Dag(dag_id="etl", start_date=datetime(2026, 1, 1, tzinfo=UTC), **given)


def filled(first: int = 1, last: int = 5, **options: Any) -> Backfill:
    return Backfill(dag_id="etl", from_date=day(first), to_date=day(last), **options)


def flown(
    *backfills: Backfill,
    dag: Dag | None = None,
    seconds: float = 600,
    rules: Iterable[Rule] = (),
    others: Iterable[Dag] = (),
    for_s: float = 20 * 3600,
    **cluster: Any,
) -> Trace:
    return simulate(
        Scenario(
            fleet=Fleet(dags=(dag or etl(), *others)),
            cluster=Cluster(**cluster),
            behavior=Behavior(default_duration_s=seconds, rules=tuple(rules)),
            start=START + timedelta(hours=1),
            duration_s=for_s,
            backfills=backfills,
        )
    )


def runs(trace: Trace, kind: str = "backfill") -> list[DagRun]:
    return [run for run in trace.dag_runs() if run.run_type == kind]


def days(trace: Trace) -> list[int]:
    """Days of the backfill's runs, in the order of their start."""
    started = sorted(runs(trace), key=lambda run: run.started_us or 0)
    return [run.logical_date.day for run in started if run.logical_date]


def most_at_once(found: list[DagRun]) -> int:
    ends = [(run.started_us, 1) for run in found if run.started_us is not None]
    ends += [(run.ended_us, -1) for run in found if run.ended_us is not None]
    now, most = 0, 0
    for _, change in sorted(ends):
        now += change
        most = max(most, now)
    return most


def test_all_runs_are_queued_at_once_and_run_under_a_limit_of_their_own() -> None:
    trace = flown(filled(max_active_runs=2, at_s=60), dag=etl(max_active_runs=1))

    assert [run.queued_us for run in runs(trace)] == [60_000_000] * 5
    assert days(trace) == [1, 2, 3, 4, 5]
    assert most_at_once(runs(trace)) == 2
    assert {run.state for run in runs(trace)} == {"success"}


def test_backwards_begins_with_the_last_date() -> None:
    assert days(flown(filled(max_active_runs=1, run_backwards=True))) == [5, 4, 3, 2, 1]


def test_it_runs_beside_the_schedule_and_does_not_count_for_it() -> None:
    hourly = etl(schedule=Cron(expression="@hourly", timetable="trigger"), max_active_runs=1)
    trace = flown(filled(1, 2, max_active_runs=3), dag=hourly, seconds=1800, for_s=3 * 3600)

    assert most_at_once(runs(trace)) == 3
    assert [run.queued_us for run in runs(trace, "scheduled")] == [0, 3600_000_000, 7200_000_000]


def test_only_what_is_over_is_filled() -> None:
    future = Backfill(dag_id="etl", from_date=day(27), to_date=datetime(2026, 3, 9, tzinfo=UTC))

    assert days(flown(future)) == [27, 28, 1]


@pytest.mark.parametrize(
    ("behavior", "again"), [("none", []), ("failed", [2]), ("completed", [1, 2])]
)
def test_runs_that_exist_are_run_again_as_it_says(behavior: Any, again: list[int]) -> None:
    first = filled(1, 2)
    second = filled(1, 3, at_s=7200, reprocess_behavior=behavior)
    trace = flown(
        first,
        second,
        rules=[Rule(tasks="etl.t", when=When(logical_date=day(2), try_number=1), outcome="fail")],
    )
    tries = {ti.run: ti.try_number for ti in trace.task_instances() if ti.run.startswith("back")}

    assert [d for d in (1, 2) if tries[f"backfill@{day(d).isoformat()}"] == 2] == again
    assert tries[f"backfill@{day(3).isoformat()}"] == 1
    assert len(runs(trace)) == 3


def test_a_second_one_of_the_same_dag_is_refused_until_the_first_is_swept() -> None:
    trace = flown(filled(1, 2), filled(3, 4, at_s=300), filled(4, 5, at_s=700))

    assert [at for at, _ in trace.refused] == [300_000_000]
    assert days(trace) == [1, 2, 4, 5]


def test_the_first_run_does_not_look_at_the_past_and_the_others_do() -> None:
    past = etl(tasks=(Task(task_id="t", depends_on_past=True),))
    trace = flown(filled(2, 4, reprocess_behavior="completed"), dag=past, seconds=100)

    assert [run.ended_us for run in runs(trace)] == [100e6, 200e6, 300e6]


def test_twenty_other_runs_starve_a_backfill_under_loop_timing() -> None:
    others = [
        Dag(
            dag_id=f"d{i:02}",
            schedule=Cron(expression="0 1 * * *", timetable="trigger"),
            start_date=START,
            tasks=(Task(task_id="t"),),
        )
        for i in range(20)
    ]
    busy = flown(filled(at_s=60), others=others, seconds=7200, loop=SchedulerLoop(), for_s=3600)
    one_less = flown(
        filled(at_s=60), others=others[1:], seconds=7200, loop=SchedulerLoop(), for_s=3600
    )

    def begun(trace: Trace) -> int:
        tis = trace.task_instances()
        return sum(ti.dag_id == "etl" and "back" in ti.run and ti.state != "none" for ti in tis)

    assert (begun(busy), begun(one_less)) == (0, 1)


def test_the_command_of_2_x_works_in_waves_of_the_dags_limit() -> None:
    slow = Rule(tasks="etl.t", when=When(logical_date=day(1)), duration_s=3600)
    trace = flown(
        filled(1, 6),
        dag=etl(max_active_runs=2, catchup=False),
        rules=[slow],
        profile="airflow-2.11",
    )

    assert [run.started_us for run in runs(trace)] == [
        0, 0, 3601_000_000, 3601_000_000, 4202_000_000, 4202_000_000,
    ]  # fmt: skip


def test_a_scheduled_run_of_2_x_starts_when_a_run_of_a_backfill_leaves_room_for_it() -> None:
    """Both count against max_active_runs, so they take turns until the backfill is complete."""
    hourly = etl(schedule=Cron(expression="@hourly"), max_active_runs=1, catchup=False)
    trace = flown(
        Backfill(dag_id="etl", from_date=day(10), to_date=day(10) + timedelta(hours=4), at_s=1800),
        dag=hourly,
        seconds=900,
        for_s=12 * 3600,
        profile="airflow-2.11",
    )

    assert [run.state for run in runs(trace)] == ["success"] * 5
    assert {run.state for run in runs(trace, "scheduled")} == {"success"}
    waits = [run.started_us - run.queued_us for run in runs(trace, "scheduled")]
    assert max(waits) < 900_000_000, "for no more than the run before it"
    assert most_at_once(trace.dag_runs()) == 1


def test_the_command_of_2_x_gives_up_after_a_wave_with_a_failure() -> None:
    fails = Rule(tasks="etl.t", when=When(logical_date=day(1)), outcome="fail")
    trace = flown(
        filled(1, 6),
        dag=etl(max_active_runs=2, catchup=False),
        rules=[fails],
        profile="airflow-2.11",
    )

    assert days(trace) == [1, 2]


@pytest.mark.parametrize(
    ("dag", "backfill", "why"),
    [
        (etl(schedule=None), filled(), "no ticks"),
        (etl(), filled().model_copy(update={"dag_id": "elt"}), "the fleet has: etl"),
        (
            etl(),
            Backfill(
                dag_id="etl",
                from_date=START + timedelta(days=9),
                to_date=START + timedelta(days=10),
            ),
            "not over",
        ),
        (etl(tasks=(Task(task_id="t", depends_on_past=True),)), filled(), "depends_on_past"),
        (
            etl(tasks=(Task(task_id="t", depends_on_past=True),)),
            filled(run_backwards=True, reprocess_behavior="failed"),
            "backwards",
        ),
    ],
)
def test_what_airflow_refuses_is_refused_with_a_reason(
    dag: Dag, backfill: Backfill, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        api.simulate(Fleet(dags=(dag,)), start=START, backfills=[backfill])


def test_it_can_be_said_in_words() -> None:
    words = "etl from 2026-02-01 to 2026-02-03 max 1 backwards reprocess failed at +1h"
    result = api.simulate(Fleet(dags=(etl(),)), start=START, window="1d", backfills=words)

    assert result.scenario.backfills == (
        filled(1, 3, max_active_runs=1, run_backwards=True, reprocess_behavior="failed", at_s=3600),
    )
    assert days(result.trace) == [3, 2, 1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("etl from 2026-02-01", "'to' is missing"),
        ("etl from yesterday to 2026-02-01", "yesterday"),
        ("etl from 2026-02-03 to 2026-02-01", "from_date is after to_date"),
        ("etl from 2026-02-01 to 2026-02-03 slowly", "'slowly' can't be read"),
        ("etl from 2026-02-01 to 2026-02-03 reprocess some", "reprocess_behavior"),
    ],
)
def test_words_that_can_t_be_read_are_told_with_an_example(words: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as caught:
        api.simulate(Fleet(dags=(etl(),)), start=START, backfills=words)

    assert "It is said like: etl from" in str(caught.value)


@examples(100)
@given(
    limit=st.integers(1, 6),
    own=st.integers(1, 4),
    count=st.integers(1, 12),
    backwards=st.booleans(),
    seconds=st.sampled_from([0, 7, 600, 5000]),
    loop=st.sampled_from([None, SchedulerLoop()]),
    profile=st.sampled_from(["airflow-3.3", "airflow-2.11"]),
)
def test_never_more_than_the_limit_each_date_once_and_all_of_them(
    *, limit: int, own: int, count: int, backwards: bool, seconds: float, loop: Any, profile: Any
) -> None:
    trace = flown(
        filled(1, count, max_active_runs=limit, run_backwards=backwards),
        dag=etl(max_active_runs=own, catchup=False),
        seconds=seconds,
        loop=loop,
        profile=profile,
    )
    dates = sorted(days(trace), reverse=backwards)

    assert most_at_once(runs(trace)) <= (limit if profile == "airflow-3.3" else own)
    assert dates == sorted(range(1, count + 1), reverse=backwards)
    assert {run.state for run in runs(trace)} == {"success"}
