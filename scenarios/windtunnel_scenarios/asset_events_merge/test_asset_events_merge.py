"""Four deliveries, two runs: events that come during a run may get none, unless there is room."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_two_of_four_deliveries_are_booked_by_nobody(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT221"]
    assert [one.state for one in run.dag_runs("book_invoices")] == ["success", "success"]


def test_room_for_a_run_of_each_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "invoices.py"
    dags.write_text(dags.read_text().replace("max_active_runs=1", "max_active_runs=4"))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert len(run.dag_runs("book_invoices")) == 4
