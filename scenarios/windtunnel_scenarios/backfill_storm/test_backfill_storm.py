"""A year of catchup takes the slots of a DAG that the shop looks at; without catchup it doesn't."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_orders_are_late_or_never_come_once_weather_catches_up(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT220"]
    assert len(run.dag_runs("weather")) > 50
    assert len(run.dag_runs("orders")) < 15


def test_without_catchup_each_run_of_orders_is_made(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "weather.py"
    dags.write_text(dags.read_text().replace("2025, 3, 1),", "2025, 3, 1), catchup=False,"))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert len(run.dag_runs("weather")) < 5
    assert len(run.dag_runs("orders")) == 24


def test_in_airflow_3_catchup_is_off_unless_somebody_wants_it(windtunnel):
    cluster = windtunnel.cluster(HERE / "cluster.toml", profile="airflow-3.3")

    assert not windtunnel.simulate(HERE, cluster=cluster).findings
