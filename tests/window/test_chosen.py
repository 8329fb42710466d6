"""A window that nobody asked for: long enough for every schedule, the same on every day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel.model import (
    Cluster,
    Cron,
    Dag,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Once,
    OtherSchedule,
    Scenario,
    Task,
    TriggerDagRun,
)
from windtunnel.window import chosen, triggered

START = datetime(2026, 1, 1, tzinfo=UTC)


def dag(dag_id: str, schedule: object = None, **options: object) -> Dag:
    if isinstance(schedule, str):
        schedule = Cron(expression=schedule)
    tasks = options.pop("tasks", (Task(task_id="t"),))
    return Dag(dag_id=dag_id, schedule=schedule, tasks=tasks, **options)


def caller(dag_id: str, *called: str, **options: object) -> Dag:
    tasks = tuple(Task(task_id=name, kind=TriggerDagRun(trigger_dag_id=name)) for name in called)
    return dag(dag_id, tasks=tasks, **options)


def scenario(*dags: Dag, **cluster: object) -> Scenario:
    return Scenario(fleet=Fleet(dags=dags), start=START, cluster=Cluster(**cluster))


def days(*dags: Dag, **cluster: object) -> float:
    return chosen(scenario(*dags, **cluster), start=True, length=True).duration_s / 86400


def said(changed: Scenario) -> str:
    return " ".join(f"{one.subject}: {one.assumed}" for one in changed.fleet.assumptions)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/5 * * * *", 1),
        ("@hourly", 1),
        ("@daily", 3),
        ("30 6 * * *", 4),
        (Every(seconds=86400 * 2), 5),
        ("0 0 * * 0", 18),
        (Once(), 1),
    ],
)
def test_a_schedule_is_due_three_times(schedule: object, expected: int) -> None:
    assert days(dag("d", schedule)) == expected


def test_the_rarest_schedule_decides() -> None:
    assert days(dag("often", "@hourly"), dag("rare", "@daily")) == 3


@pytest.mark.parametrize("rare", ["@yearly", "@monthly", "0 0 29 2 *"])
def test_a_schedule_that_is_due_too_rarely_is_not_waited_for_and_named(rare: str) -> None:
    changed = chosen(scenario(dag("rare", rare), dag("d", "@daily")), start=True, length=True)

    assert changed.duration_s == 3 * 86400
    assert "due less than 3 times in it: rare" in said(changed)


def test_a_release_that_runs_at_the_end_of_an_interval_gets_its_three_runs_too() -> None:
    daily = dag("d", "@daily", start_date=START)

    assert days(daily) == 3
    assert days(daily, profile="airflow-2.11") == 4


def test_a_long_window_of_a_busy_fleet_is_kept_short() -> None:
    tasks = tuple(Task(task_id=f"t{n}") for n in range(40))

    assert days(dag("rare", "@weekly"), dag("busy", "* * * * *", tasks=tasks)) == 1


def test_the_window_starts_when_the_last_dag_starts() -> None:
    late = dag("late", "@daily", start_date=datetime(2026, 6, 1, 12, tzinfo=UTC))

    changed = chosen(scenario(dag("d", "@daily"), late), start=True, length=True)

    assert changed.start == datetime(2026, 6, 1, tzinfo=UTC)
    assert "from 2026-06-01 00:00 UTC, when the last DAG starts (late)" in said(changed)


def looks_at(other: str, **kind: float) -> tuple[Task, ...]:
    return (Task(task_id="wait", kind=ExternalTaskSensor(external_dag_id=other, **kind)),)


NEW = datetime(2026, 6, 1, tzinfo=UTC)


def start_of(*dags: Dag, **cluster: object) -> datetime:
    return chosen(scenario(*dags, **cluster), start=True, length=True).start


@pytest.mark.parametrize(
    ("delta_s", "by_interval", "by_tick"),
    [(0.0, 1, 0), (-20 * 3600.0, 1, 0), (2 * 86400.0, 3, 2), (3600.0, 2, 1)],
)
def test_no_sensor_looks_back_beyond_the_start_of_a_new_dag(
    delta_s: float, by_interval: int, by_tick: int
) -> None:
    """Else the first runs wait in vain: true on the day on which a DAG comes, and never again."""
    new = dag("new", "@daily", start_date=NEW)
    mart = dag("mart", "@daily", tasks=looks_at("new", execution_delta_s=delta_s))

    assert start_of(new, mart, profile="airflow-2.11") == NEW + timedelta(days=by_interval)
    assert start_of(new, mart, profile="airflow-3.3") == NEW + timedelta(days=by_tick)


def test_a_dag_that_starts_with_the_scenario_is_as_new_as_one_that_starts_later() -> None:
    """2026-01-01, where simulated time starts if nobody chooses, is a common start_date, too."""
    start = scenario(dag("any", "@daily")).start
    new = dag("new", "@daily", start_date=start)
    mart = dag("mart", "@daily", tasks=looks_at("new", execution_delta_s=86400.0))

    assert start_of(new, mart) == start + timedelta(days=1)


def test_a_new_dag_that_no_sensor_looks_at_starts_the_window() -> None:
    old = dag("old", "@daily", start_date=datetime(2020, 1, 1, tzinfo=UTC))
    mart = dag("mart", "@daily", tasks=looks_at("old", execution_delta_s=86400.0))

    assert start_of(dag("new", "@daily", start_date=NEW), old, mart) == NEW


def test_a_look_back_over_years_is_not_waited_for() -> None:
    new = dag("new", "@daily", start_date=NEW)
    mart = dag("mart", "@daily", tasks=looks_at("new", execution_delta_s=900 * 86400.0))

    assert start_of(new, mart) == NEW + timedelta(days=31)


@pytest.mark.parametrize(
    "off",
    [
        dag("off", "@daily", start_date=datetime(2099, 1, 1, tzinfo=UTC)),
        dag("off", "@daily", start_date=datetime(2027, 1, 1, tzinfo=UTC), is_paused=True),
        dag("off", None, start_date=datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_dag_that_is_switched_off_moves_nothing(off: Dag) -> None:
    assert chosen(scenario(dag("d", "@daily"), off), start=True, length=True).start == START


def test_what_was_asked_for_is_left_alone() -> None:
    asked = scenario(dag("d", "@daily", start_date=START + timedelta(days=9)))

    assert chosen(asked, start=False, length=False) == asked
    assert chosen(asked, start=False, length=True).start == START
    assert chosen(asked, start=True, length=False).duration_s == asked.duration_s


# -- runs that nobody asked for -----------------------------------------------------------------


def runs(*dags: Dag) -> list[str]:
    return [run.dag_id for run in triggered(scenario(*dags)).manual_runs]


def test_what_has_no_schedule_runs_once_beside_what_has_one() -> None:
    assert runs(dag("daily", "@daily"), dag("by_hand"), dag("also")) == ["by_hand", "also"]


def test_a_schedule_that_makes_no_runs_in_the_simulation_is_none() -> None:
    assert runs(dag("fed", OtherSchedule(description="assets"))) == ["fed"]


def test_what_a_running_dag_triggers_is_left_to_it() -> None:
    assert runs(caller("parent", "child"), dag("child")) == ["parent"]
    assert runs(caller("p", "child", schedule=Once()), dag("child")) == []


def test_what_only_a_paused_dag_triggers_runs_once() -> None:
    assert runs(caller("parent", "child", is_paused=True), dag("child")) == ["child"]


def test_of_dags_that_trigger_each_other_one_begins() -> None:
    assert runs(caller("a", "b"), caller("b", "a"), caller("alone", "alone")) == ["alone", "a"]


def test_runs_that_were_asked_for_are_the_only_ones() -> None:
    asked = scenario(dag("a"), dag("b")).model_copy(
        update={"manual_runs": (ManualRun(dag_id="b"),)}
    )

    assert triggered(asked) == asked
