"""DAGs that never ran are named with the reason; a backlog is said to be one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel import api
from windtunnel.model import (
    Cluster,
    Cron,
    Dag,
    DagPaused,
    DagProcessorDown,
    DatabaseDown,
    Fault,
    Fleet,
    ManualRun,
    OtherSchedule,
    Scenario,
    SchedulerDown,
    SchedulerPaused,
    Task,
    TriggerDagRun,
)
from windtunnel.report.text import run_text

START = datetime(2026, 1, 1, tzinfo=UTC)
DAILY = Cron(expression="@daily")


def result(
    *dags: Dag,
    runs: tuple[str, ...] = (),
    backlog: str = "done",
    faults: tuple[Fault, ...] = (),
    **cluster: object,
) -> api.Result:
    scenario = Scenario(
        backlog=backlog,
        fleet=Fleet(dags=dags),
        cluster=Cluster(**cluster),
        start=START,
        manual_runs=tuple(ManualRun(dag_id=run) for run in runs),
        faults=faults,
    )
    return api.simulate(scenario)


def dag(**options: object) -> Dag:
    return Dag(dag_id="d", tasks=(Task(task_id="t"),), **options)


@pytest.mark.parametrize(
    ("idle", "why"),
    [
        (dag(schedule=DAILY, is_paused=True), "it is paused (is_paused_upon_creation=True)"),
        (dag(), "it has no schedule, and nothing triggered it"),
        (
            dag(schedule=DAILY, start_date=datetime(2026, 6, 1, tzinfo=UTC)),
            "its start_date, 2026-06-01 00:00:00, is after the window",
        ),
        (
            dag(schedule=DAILY, end_date=datetime(2025, 6, 1, tzinfo=UTC)),
            "its end_date, 2025-06-01 00:00:00, is before the window",
        ),
        (dag(schedule=DAILY, max_active_runs=0), "max_active_runs=0 lets the scheduler create"),
        (
            dag(schedule=OtherSchedule(description="assets Asset('x')")),
            "its schedule makes no runs in the simulation: assets Asset('x')",
        ),
        (
            dag(schedule=Cron(expression="0 0 5 * *"), start_date=START),
            "its first run is due at 2026-01-05 00:00:00, after the window",
        ),
        (
            dag(schedule=DAILY, catchup=True, start_date=datetime(9999, 1, 1, tzinfo=UTC)),
            "its start_date, 9999-01-01 00:00:00, is after the window",
        ),
    ],
)
def test_why_a_dag_never_ran(idle: Dag, why: str) -> None:
    (found,) = result(idle).never_ran

    assert found.dag_id == "d"
    assert found.why.startswith(why)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (SchedulerDown(), "no scheduler worked"),
        (SchedulerPaused(scheduler=1), "no scheduler worked"),
        (DatabaseDown(), "no scheduler worked: the database was down"),
        (DagProcessorDown(), "its file was not parsed: no DAG processor worked"),
        (DagPaused(dags="d"), "somebody had paused it"),
    ],
)
def test_a_run_that_was_due_and_that_a_fault_kept_back_is_not_said_not_to_be_due(
    fault: Fault, cause: str
) -> None:
    hourly = Cron(expression="0 * * * *")
    found = result(dag(schedule=hourly, start_date=START, catchup=False), faults=(fault,))

    (idle,) = found.never_ran
    assert idle.why == f"a run was due at 2026-01-01 00:00:00, but {cause}"
    assert "Nothing was due" not in run_text(found)


def test_a_fault_that_was_over_before_keeps_nothing_back() -> None:
    monthly = dag(schedule=Cron(expression="0 0 5 * *"), start_date=START)
    (idle,) = result(monthly, faults=(SchedulerDown(for_s=60),)).never_ran

    assert idle.why == "its first run is due at 2026-01-05 00:00:00, after the window"


def test_a_run_that_somebody_asks_for_without_a_database_is_told() -> None:
    (idle,) = result(dag(), runs=("d",), faults=(DatabaseDown(),)).never_ran

    assert idle.why == "somebody asked for a run, but the database was down"


def test_a_release_that_runs_at_the_end_of_an_interval_says_when_that_is() -> None:
    (found,) = result(dag(schedule=DAILY, start_date=START), profile="airflow-2.11").never_ran

    assert found.why == "its first run is due at 2026-01-02 00:00:00, after the window"


def test_a_paused_dag_that_is_triggered_says_what_became_of_its_runs() -> None:
    kind = TriggerDagRun(trigger_dag_id="d")
    parent = Dag(dag_id="parent", tasks=(Task(task_id="call", kind=kind),))

    (found,) = result(parent, dag(is_paused=True), runs=("parent",)).never_ran

    assert "makes runs that stay queued" in found.why


def test_a_dag_that_ran_is_not_named() -> None:
    assert result(dag(), runs=("d",)).never_ran == ()


def test_a_question_about_a_dag_without_runs_is_answered_with_the_reason() -> None:
    with pytest.raises(api.InvalidInput, match=r"has no run in this window: it is paused"):
        result(dag(is_paused=True)).dag_run("d")


def test_a_backlog_that_is_replayed_is_said_to_come_first() -> None:
    behind = dag(schedule=DAILY, catchup=True, start_date=datetime(2025, 12, 22, tzinfo=UTC))

    assert "DAG d, catchup" not in [one.subject for one in result(behind).assumptions]
    told = {one.subject: one.assumed for one in result(behind, backlog="replayed").assumptions}

    assert told["DAG d, catchup"].startswith(
        "nothing ran before the window, so 10 runs that were due since its start_date, "
        "2025-12-22 00:00:00, come first"
    )


def test_one_run_from_before_the_window_is_no_backlog() -> None:
    fresh = dag(schedule=DAILY, catchup=False, start_date=datetime(2025, 1, 1, tzinfo=UTC))

    assert not [one for one in result(fresh).assumptions if "catchup" in one.subject]
