"""A lock dies with its holder's worker and is never given back, unless it is a lease."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_retry_and_the_next_run_wait_for_a_lock_that_nobody_has(windtunnel):
    run = windtunnel.simulate(HERE)

    (finding,) = run.findings
    assert finding.code == "WT115"
    assert finding.until is None
    assert [one.state for one in run.dag_runs()] == ["success", "running", "running"]


def test_a_lease_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    scenario = cured / "scenario.toml"
    scenario.write_text(scenario.read_text().replace("# lease =", "lease ="))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs()} == {"success"}
