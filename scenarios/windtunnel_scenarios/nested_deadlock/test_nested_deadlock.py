"""Three levels of DAGs on eight worker slots: stuck as they are, not with deferrable waits."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_waiting_tasks_hold_every_worker_slot(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT101"]
    assert run.dag_run("build_eu").state == "failed"


def test_deferrable_waits_cure_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "load.py"
    dags.write_text(
        dags.read_text().replace(
            "wait_for_completion=True,", "wait_for_completion=True, deferrable=True,"
        )
    )

    assert not windtunnel.check(cured, seeds=5).findings


def test_a_ninth_worker_slot_is_enough_too(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    cluster = cured / "cluster.toml"
    cluster.write_text(cluster.read_text().replace("count = 4", "count = 5"))

    assert not windtunnel.simulate(cured).findings
