"""Two customers get the report twice, as long as what mails it is retried."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_retry_mails_again_what_is_out_already(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT204"]
    assert run.task("weekly_report.mail").try_number == 2
    assert run.dag_run("weekly_report").state == "success"  # nobody would look


def test_without_a_retry_the_run_fails_and_nobody_gets_it_twice(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "weekly_report.py"
    dags.write_text(dags.read_text().replace("(minutes=10))", "(minutes=10), retries=0)"))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert run.dag_run("weekly_report").state == "failed"
