"""The report is never sent, whatever the branch chooses; with another trigger rule it is."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_report_is_skipped_in_runs_that_are_a_success(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT301"]
    assert {task.state for task in run.tasks("shop_report.send")} == {"skipped"}
    assert {one.state for one in run.dag_runs()} == {"success"}


def test_the_real_branch_chooses_as_the_scenario_says(windtunnel):
    run = windtunnel.simulate(HERE, execute=True)

    assert [task.state for task in run.tasks("shop_report.week")] == [
        "skipped",
        "success",  # a Monday
        "skipped",
    ]
    assert {task.state for task in run.tasks("shop_report.send")} == {"skipped"}


def test_another_trigger_rule_lets_it_run(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "shop_report.py"
    rule = '@task(trigger_rule="none_failed_min_one_success")\n    def send'
    dags.write_text(dags.read_text().replace("@task\n    def send", rule))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {task.state for task in run.tasks("shop_report.send")} == {"success"}
