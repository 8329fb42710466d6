"""One DAG under two releases: max_active_tasks, and data intervals, mean something else in 3."""

from pathlib import Path
from shutil import copytree

import pytest

HERE = Path(__file__).parent


def most_at_once(run):
    """Task instances that ran at the same time, at most."""
    tasks = [task for task in run.tasks() if task.started and task.ended]
    return max(sum(one.started <= at.started < one.ended for one in tasks) for at in tasks)


def lengths(run):
    """How long the data intervals are that its queries ask for."""
    return {end - begin for begin, end in (record.data_interval for record in run.trace.runs)}


@pytest.mark.windtunnel(profile="airflow-2.11")
def test_in_airflow_2_all_runs_share_four_places(windtunnel):
    run = windtunnel.simulate(HERE)

    assert not run.findings
    assert most_at_once(run) == 4
    assert all(lengths(run))


@pytest.mark.windtunnel(profile="airflow-3.3")
def test_in_airflow_3_each_run_has_four(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT211"]
    assert most_at_once(run) > 8
    assert not any(lengths(run))


def test_a_pool_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "clickstream.py"
    conn = 'conn_id="warehouse",'
    dags.write_text(dags.read_text().replace(conn, f'{conn} pool="warehouse",'))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert most_at_once(run) == 6
