"""Tasks longer than the visibility timeout are failed while they work; a longer one spares them."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_long_tasks_are_delivered_again_while_they_run(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT120"]
    tries = [task.try_number for task in run.tasks() if task.name.startswith("genome.impute")]
    assert max(tries) == 2


def test_a_timeout_longer_than_the_longest_task_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    cluster = cured / "cluster.toml"
    cluster.write_text(cluster.read_text().replace('"1h"', '"4h"'))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert not run.possible
    assert run.dag_run("genome").state == "success"
