"""``--profile``: the release that decides, and how hard is searched."""

from __future__ import annotations

import json


def simulations(cli, *args):
    outcome = cli("check", "dags", "--format", "json", *args)
    assert outcome.code == 0, outcome.err
    told = json.loads(outcome.out)
    return told["profile"], told["simulations"], told["scenario"]["cluster"]["profile"]


def test_check_takes_a_release_and_how_hard_to_search(cli, write):
    write("etl.py")
    assert simulations(cli)[0::2] == ("ci", "airflow-3.3")
    told = simulations(cli, "--profile", "dev", "--profile", "airflow-2.11")
    assert told[0::2] == ("dev", "airflow-2.11")
    assert simulations(cli, "--profile", "airflow-2.11")[0::2] == ("ci", "airflow-2.11")


def test_a_repository_may_have_its_own(cli, write, tmp_path):
    write("etl.py")
    (tmp_path / "pyproject.toml").write_text("[tool.windtunnel.profiles.once]\nsimulations = 1\n")
    assert simulations(cli, "--profile", "once")[:2] == ("once", 1)
    (tmp_path / "pyproject.toml").write_text("[tool.windtunnel.profiles.once]\nsimulation = 1\n")
    outcome = cli("check", "dags", "--profile", "once")
    assert outcome.code == 2
    assert "tool.windtunnel.profiles.once" in outcome.err


def test_a_profile_may_ask_that_all_be_reached(cli, write, tmp_path):
    write("etl.py", more=', pool="default_pool"')
    (tmp_path / "cluster.toml").write_text("parallelism = 7\n")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.windtunnel.profiles.all]\nsimulations = 2\nfail_on_unreached = ['limit']\n"
    )
    cluster = ("--cluster", "cluster.toml")
    assert cli("check", "dags", *cluster, "--profile", "dev").code == 0
    assert cli("check", "dags", *cluster, "--profile", "all").code == 1


def test_commands_that_do_not_search_take_only_a_release(cli, write):
    write("etl.py")
    for command in ("run", "load", "prove"):
        assert cli(command, "dags", "--profile", "airflow-2.11").code == 0
        outcome = cli(command, "dags", "--profile", "nightly")
        assert outcome.code == 2
        assert "--profile nightly: it says how hard `windtunnel check` searches" in " ".join(
            outcome.err.split()
        )


def test_an_unknown_profile_is_told_with_the_nearest(cli, write):
    write("etl.py")
    outcome = cli("check", "dags", "--profile", "airflow-3.2")
    assert outcome.code == 2
    assert "did you mean 'airflow-3.3'?" in outcome.err
