"""A scheduler that is only late counts as dead, and what it runs is started again beside itself."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_healthy_exports_run_twice_at_once(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT201"]
    assert run.dag_run("exports").state == "success"


def test_a_longer_threshold_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    cluster = cured / "cluster.toml"
    cluster.write_text(cluster.read_text().replace('"30s"', '"10m"'))

    late, patient = windtunnel.simulate(HERE), windtunnel.simulate(cured)

    assert not patient.findings
    assert patient.dag_run("exports").ended < late.dag_run("exports").ended
