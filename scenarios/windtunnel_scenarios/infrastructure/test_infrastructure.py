"""The cluster is deleted when a job fails; when one hangs, only with a timeout of its own."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent
FAILS = "scheduled@2026-03-02T22:00:00+00:00"
HANGS = "scheduled@2026-03-03T22:00:00+00:00"


def test_a_failed_job_leaves_no_cluster_and_a_hanging_one_does(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT102", "WT302"]
    assert run.task("nightly_spark.delete_cluster", FAILS).state == "success"
    assert run.task("nightly_spark.delete_cluster", HANGS).state == "skipped"


def test_a_timeout_of_the_tasks_own_lets_the_teardown_run(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "nightly_spark.py"
    dags.write_text(
        dags.read_text().replace(
            "default_args={", 'default_args={"execution_timeout": timedelta(hours=2),'
        )
    )

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert run.task("nightly_spark.delete_cluster", HANGS).state == "success"
