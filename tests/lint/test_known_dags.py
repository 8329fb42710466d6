"""A DAG that is named and isn't there is told where that says something, and not elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import windtunnel as wt
from windtunnel.lint import find_unknown_dags
from windtunnel.model import Dag, ExternalTaskSensor, Fleet, Problem, Scenario, Task, TriggerDagRun

START = datetime(2026, 3, 1, tzinfo=UTC)


def waiting(dag_id: str, **options) -> Task:
    return Task(task_id="wait", kind=ExternalTaskSensor(external_dag_id=dag_id, **options))


def calling(dag_id: str, **options) -> Task:
    return Task(task_id="call", kind=TriggerDagRun(trigger_dag_id=dag_id, **options))


def unknown(*tasks: Task, others: tuple[Dag, ...] = (), paused: bool = False, **fleet):
    dags = (Dag(dag_id="mart", tasks=tasks, is_paused=paused), *others)
    return find_unknown_dags(Scenario(fleet=Fleet(dags=dags, **fleet), start=START))


ETL = Dag(dag_id="daily_etl", tasks=(Task(task_id="t"),))


@pytest.mark.parametrize("task", [waiting("daily_elt"), calling("dailyetl")])
def test_a_slip_of_the_name_of_another_dag_could_be_one(task) -> None:
    (finding,) = unknown(task, others=(ETL,))
    assert (finding.code, finding.certain) == ("WT116", False)
    assert "it is not among these DAGs; did you mean 'daily_etl'?" in finding.summary
    assert "unless it is in another repository" in finding.summary


@pytest.mark.parametrize("task", [waiting("billing"), calling("billing"), waiting("daily_etl")])
def test_any_other_dag_may_be_in_another_repository(task) -> None:
    assert not unknown(task, others=(ETL,))


def test_where_all_dags_are_known_a_missing_one_is_certain() -> None:
    (finding,) = unknown(calling("billing"), others=(ETL,), complete=True)
    assert finding.certain
    assert "this Airflow has no such DAG. Without it the task fails." in finding.summary


def test_a_dag_whose_file_is_broken_is_not_missing() -> None:
    problem = Problem(cause="value", message="no", dag_id="daily_elt")
    assert not unknown(waiting("daily_elt"), others=(ETL,), problems=(problem,))


def test_a_dag_may_be_in_a_file_that_could_not_be_loaded() -> None:
    problem = Problem(cause="import", message="no", file="etl.py")
    assert not unknown(waiting("daily_elt"), others=(ETL,), problems=(problem,))


def test_two_of_a_family_are_no_slip() -> None:
    clean = Dag(dag_id="blockchain_clean_dag", tasks=(Task(task_id="t"),))
    assert not unknown(waiting("blockchain_load_dag"), others=(clean,))


def test_a_paused_dag_waits_for_nothing() -> None:
    assert not unknown(waiting("daily_elt"), others=(ETL,), paused=True)


@pytest.mark.parametrize("wait", [True, False])
def test_a_trigger_of_a_dag_that_has_ended_makes_empty_runs(wait) -> None:
    old = ETL.model_copy(update={"end_date": datetime(2026, 2, 1, tzinfo=UTC)})
    call = calling("daily_etl", wait_for_completion=wait)
    (finding,) = unknown(call, others=(old,))
    assert finding.certain
    assert "nothing is done" in finding.summary
    fleet = Fleet(dags=(Dag(dag_id="mart", tasks=(call,)), old))
    result = wt.simulate(fleet, start=START, window="1h", runs="mart")
    assert [run.state for run in result.dag_runs("daily_etl")] == ["success"]
    assert result.tasks("daily_etl.t") == []


def test_a_trigger_with_a_date_of_its_own_and_a_dag_that_still_runs_are_no_finding() -> None:
    old = ETL.model_copy(update={"end_date": datetime(2026, 2, 1, tzinfo=UTC)})
    assert not unknown(calling("daily_etl", logical_date="{{ ds }}"), others=(old,))
    later = ETL.model_copy(update={"end_date": datetime(2026, 4, 1, tzinfo=UTC)})
    assert not unknown(calling("daily_etl"), others=(later,))
