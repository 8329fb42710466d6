"""Two runs delete and insert at once; with one run at a time they can't."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_a_run_deletes_while_the_one_before_inserts(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT202"]
    assert {one.state for one in run.dag_runs()} == {"success"}  # nobody is told


def test_one_run_at_a_time_is_safe(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "revenue_today.py"
    dags.write_text(dags.read_text().replace("catchup=False,", "catchup=False, max_active_runs=1,"))

    assert not windtunnel.check(cured, seeds=5).findings
