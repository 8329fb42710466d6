"""The database refuses 24 of 64; in a pool of its size they wait."""

from pathlib import Path
from shutil import copytree

HERE = Path(__file__).parent


def test_the_database_refuses_some_until_their_retries_are_used_up(windtunnel):
    run = windtunnel.simulate(HERE)

    assert [finding.code for finding in run.findings] == ["WT211"]
    assert {one.state for one in run.dag_runs("regions")} == {"failed"}


def test_in_a_pool_they_wait(windtunnel, tmp_path):
    cured = copytree(HERE, tmp_path / "cured")
    dags = cured / "dags" / "regions.py"
    dags.write_text(dags.read_text().replace('"shop_db",', '"shop_db", pool="shop_db",'))
    with (cured / "scenario.toml").open("a") as scenario:
        scenario.write("\n[cluster.pools.shop_db]\nslots = 40\n")

    run = windtunnel.simulate(cured)

    assert not run.findings
    assert {one.state for one in run.dag_runs("regions")} == {"success"}
