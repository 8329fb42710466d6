"""A clear with depends_on_past and one active run: stuck, unless there is room for a second run."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_cleared_run_and_the_active_one_wait_for_each_other(windtunnel):
    run = windtunnel.simulate(HERE)

    (finding,) = run.findings
    assert finding.code == "WT101"
    assert finding.until is None
    states = [one.state for one in run.dag_runs("ledger")]
    assert states == ["success"] * 4 + ["queued", "running"]


def test_room_for_the_cleared_run_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "ledger.py"
    dags.write_text(dags.read_text().replace("max_active_runs=1", "max_active_runs=2"))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs("ledger")} == {"success"}


def test_without_the_clear_the_ledger_waits_behind_the_failed_run(windtunnel, tmp_path):
    left = copytree(HERE, tmp_path / "left")
    file = left / "scenario.toml"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "cleared:" not in line))

    (finding,) = windtunnel.simulate(left).findings

    assert finding.code == "WT102"
