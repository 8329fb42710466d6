"""Tasks of a pool that is not there stay scheduled for ever."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_loads_are_never_queued(windtunnel):
    run = windtunnel.simulate(HERE)

    assert {finding.code for finding in run.findings} == {"WT110"}
    assert {task.state for task in run.tasks("load_north.load")} == {"scheduled"}


def test_the_right_name_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "partner_loads.py"
    dags.write_text(dags.read_text().replace('"warehouse_load"', '"warehouse_loads"'))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs()} == {"success"}
