"""February is filled again: too fast for the API as it is, and in time with two runs at once."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_api_refuses_most_of_the_month(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT211"]
    failed = [one for one in run.dag_runs("exchange_rates") if one.state == "failed"]
    assert len(failed) > 14


def test_two_runs_at_once_are_slow_enough_for_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    scenario = cured / "scenario.toml"
    scenario.write_text(scenario.read_text().replace(" max 10", " max 2"))

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs("exchange_rates")} == {"success"}
