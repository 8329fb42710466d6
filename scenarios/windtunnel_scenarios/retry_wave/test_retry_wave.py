"""After an outage all instances of a mapped task come back together; a pool lets forty in."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent
ARGUMENTS = '"retry_delay": timedelta(minutes=5)'


def prices(run):
    """States of all tasks that fetch."""
    return [task.state for task in run.tasks() if task.name.startswith("prices.fetch")]


def test_three_quarters_are_turned_down_though_the_api_is_back(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT211"]
    assert prices(run).count("failed") == 120


def test_backoff_gives_all_instances_of_a_mapped_task_the_same_delay(windtunnel, tmp_path):
    changed = copytree(HERE, tmp_path / "changed")
    dags = changed / "dags" / "prices.py"
    backoff = f'{ARGUMENTS}, "retry_exponential_backoff": True'
    dags.write_text(dags.read_text().replace(ARGUMENTS, backoff))

    run = windtunnel.simulate(changed)

    assert [finding.code for finding in run.findings] == ["WT211"]
    assert prices(run).count("failed") == 80


def test_a_pool_as_large_as_the_api_cures_it(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    scenario = cured / "scenario.toml"
    text = scenario.read_text().replace("default_pool_slots = 200", "default_pool_slots = 40")
    scenario.write_text(text)

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert set(prices(run)) == {"success"}
