"""Backfill sheets: makespans that can be worked out by hand, and whom a backfill makes late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from windtunnel.capacity import BackfillSheet, backfill_sheet
from windtunnel.errors import InvalidInput
from windtunnel.model import (
    Backfill,
    Behavior,
    Cluster,
    Cron,
    Dag,
    Fleet,
    LogNormal,
    Rule,
    Scenario,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def dag(dag_id: str, cron: str, tasks: int, **options: Any) -> Dag:
    return Dag(
        dag_id=dag_id,
        tasks=tuple(Task(task_id=f"t{number}") for number in range(tasks)),
        schedule=Cron(expression=cron),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        **options,
    )


def sheet(*dags: Dag, takes: Any = 600.0, slots: int = 4, **given: Any) -> BackfillSheet:
    """Eight dates of ``etl`` are filled from 00:00 on; all tasks of ``etl`` take ten minutes."""
    named = {name: given.pop(name) for name in ("executor", "profile") if name in given}
    cluster = Cluster(parallelism=slots, **named)
    rules = (Rule(tasks="etl.*", duration_s=takes), Rule(tasks="*", duration_s=300))
    scenario = Scenario(
        fleet=Fleet(dags=(dag("etl", "0 12 * * *", 1), *dags)),
        cluster=cluster,
        behavior=Behavior(rules=rules),
        start=START,
    )
    asked = Backfill(
        dag_id="etl",
        from_date=datetime(2026, 2, 1, tzinfo=UTC),
        to_date=given.pop("to", datetime(2026, 2, 9, tzinfo=UTC)),
    )
    return backfill_sheet(scenario, asked, **given)


def test_makespans_are_those_that_can_be_worked_out() -> None:
    found = sheet()
    assert (found.runs, found.days) == (8, 1)
    assert {one.max_active_runs: one.makespan_s.value for one in found.filled} == {
        1: 4800,
        2: 2400,
        4: 1200,
        8: 1200,  # there are four slots
    }
    assert [one.peak_slots for one in found.filled] == [1, 2, 4, 4]
    assert [one.mean_slots for one in found.filled] == pytest.approx([1, 2, 4, 4])
    assert found.best is not None
    assert found.best.max_active_runs == 4


def test_what_waits_inside_of_the_executor_holds_no_slot() -> None:
    # LocalExecutor of 3.x is handed more than it has slots, as it counts only what runs.
    found = sheet(executor="LocalExecutor", slots=2)
    assert [one.peak_slots for one in found.filled] == [1, 2, 2, 2]
    assert found.filled[-1].mean_slots == pytest.approx(2)


def test_what_others_wait_for_slots_is_told_and_not_allowed() -> None:
    found = sheet(dag("report", "*/10 * * * *", 2))
    mild = found.filled[1]
    assert mild.max_active_runs == 2
    assert mild.worst_s == 0
    hard = found.filled[2]
    (late,) = [one for one in hard.later if one.dag_id == "report"]
    assert late.later > 0
    assert late.worst_s > 300
    assert found.best is mild
    assert found.most_later_s == 300


def test_its_own_scheduled_runs_count_as_others() -> None:
    found = sheet(values=(8,), slots=1)
    assert {one.dag_id for one in found.filled[0].later} == {"etl"}


def test_where_none_is_mild_enough_there_is_no_best() -> None:
    found = sheet(dag("report", "*/10 * * * *", 4), values=(2, 4), most_later_s=0)
    assert found.best is None


def test_days_that_are_drawn_give_an_interval() -> None:
    found = sheet(takes=LogNormal(median_s=600, sigma=0.5), days=6, values=(2,))
    (one,) = found.filled
    assert found.days == 6
    assert one.makespan_s.low < one.makespan_s.value < one.makespan_s.high
    again = sheet(takes=LogNormal(median_s=600, sigma=0.5), days=6, values=(2,))
    assert again == found


def test_in_airflow_2_the_limit_of_the_dag_is_varied() -> None:
    found = sheet(profile="airflow-2.11", values=(1, 4))
    assert found.in_waves
    slow, quick = (one.makespan_s.value for one in found.filled)
    assert slow > 4 * 600
    assert quick < slow / 2


def test_a_backfill_longer_than_a_month_is_not_waited_for() -> None:
    found = sheet(takes=5 * 86400.0, values=(1,))
    assert found.filled[0].makespan_s.value == float("inf")
    assert found.best is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dag_id": "nobody"}, "the fleet has: etl"),
        ({"from_date": datetime(2026, 4, 1, tzinfo=UTC)}, "is after to_date|not over"),
        ({"from_date": datetime(2026, 2, 8, 13, tzinfo=UTC)}, "no run of it is due"),
    ],
)
def test_what_airflow_would_not_fill_is_told(change, said) -> None:
    asked = Backfill(
        dag_id="etl",
        from_date=datetime(2026, 2, 1, tzinfo=UTC),
        to_date=datetime(2026, 2, 9, tzinfo=UTC),
    ).model_copy(update=change)
    scenario = Scenario(fleet=Fleet(dags=(dag("etl", "0 12 * * *", 1),)), start=START)
    with pytest.raises(InvalidInput, match=said):
        backfill_sheet(scenario, asked)


@pytest.mark.parametrize(
    ("profile", "runs", "not_over"), [("airflow-3.3", 28, 9), ("airflow-2.11", 36, 0)]
)
def test_dates_that_are_not_over_are_passed_over_and_counted(profile, runs, not_over) -> None:
    """Noons from 1 February to 9 March, asked for at midnight before 1 March. The command of 2.x
    passes over one that the schedule makes itself meanwhile."""
    found = sheet(profile=profile, to=datetime(2026, 3, 10, tzinfo=UTC), values=[4])

    assert (found.runs, found.not_over, found.asked_for) == (runs, not_over, START)
