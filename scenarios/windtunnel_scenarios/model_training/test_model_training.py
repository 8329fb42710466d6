"""Eight of twelve candidates fail in the queue; in a pool of their own they wait and train."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_most_candidates_never_train_and_the_run_is_green(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT404"]
    states = [task.state for task in run.tasks("churn_model.train")]
    assert (states.count("success"), states.count("failed")) == (4, 8)
    assert run.dag_run("churn_model").state == "success"


def test_in_a_pool_they_wait_and_all_train(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "churn_model.py"
    dags.write_text(dags.read_text().replace('queue="gpu"', 'queue="gpu", pool="gpu"'))
    with (cured / "scenario.toml").open("a") as scenario:
        scenario.write("\n[cluster.pools.gpu]\nslots = 2\n")

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {task.state for task in run.tasks("churn_model.train")} == {"success"}
