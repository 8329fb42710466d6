"""Profiles by name: an Airflow release, how hard a check searches, and those of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_profiles, search_profile, search_profiles, usual_profile
from windtunnel.model import SEARCH_PROFILES


@pytest.fixture
def project(tmp_path: Path):
    """``project(text)``: a repository whose pyproject.toml says this; gives its DAG folder."""

    def project(text: str) -> Path:
        (tmp_path / ".git").mkdir(exist_ok=True)
        (tmp_path / "pyproject.toml").write_text(text)
        dags = tmp_path / "dags"
        dags.mkdir(exist_ok=True)
        return dags

    return project


def test_names_of_both_kinds_are_told_apart():
    assert parse_profiles(()) == (None, None)
    assert parse_profiles("airflow-2.11") == ("airflow-2.11", None)
    assert parse_profiles("dev") == (None, SEARCH_PROFILES["dev"])
    both = "airflow-3.3", SEARCH_PROFILES["nightly"]
    assert parse_profiles(["nightly", "airflow-3.3"]) == both
    assert parse_profiles(["airflow-3.3", "nightly", "nightly"]) == both


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nigthly"], "--profile nigthly: no such profile; did you mean 'nightly'?"),
        (["moon"], "(releases: airflow-3.3, airflow-2.11; how hard a check searches: dev, ci,"),
        (["dev", "ci"], "--profile ci: dev is named, too, and both are how hard a check searches"),
        (["airflow-3.3", "airflow-2.11"], "both are an Airflow release"),
        ([""], "no such profile"),
    ],
)
def test_what_can_not_be_meant_is_refused(names, said):
    with pytest.raises(InvalidInput) as refused:
        parse_profiles(names, said="--profile")
    assert said in str(refused.value)


def test_a_release_is_no_measure_of_how_hard_to_search():
    with pytest.raises(InvalidInput, match="here it is how hard to search: dev, ci, nightly"):
        search_profile("airflow-3.3")


def test_a_repository_has_profiles_of_its_own_and_changes_ours(project):
    dags = project(
        "[tool.windtunnel.profiles.dev]\nsimulations = 5\n"
        "[tool.windtunnel.profiles.release]\njitter = '10m'\nfaults_up_to = 2\n"
        "fail_on_unreached = ['limit']\n"
    )
    known = search_profiles(dags / "etl.py")
    assert list(known) == ["dev", "ci", "nightly", "release"]
    assert known["dev"].simulations == 5
    assert known["dev"].shrinking == SEARCH_PROFILES["dev"].shrinking
    release = search_profile("release", dags)
    assert (release.jitter_s, release.faults_up_to, release.searching) == (600.0, 2, 1.0)
    assert release.fail_on_unreached == ("limit",)
    with pytest.raises(InvalidInput, match="did you mean 'release'"):
        parse_profiles("relase", dags)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.windtunnel.profiles.mine]\nsimulatons = 5", "did you mean 'simulations'?"),
        ("[tool.windtunnel.profiles.mine]\nsimulations = 0", "greater than or equal to 1"),
        ("[tool.windtunnel.profiles.mine]\nsearching = 0", "greater than 0"),
        ("[tool.windtunnel.profiles.mine]\njitter = 'soon'", "must be a duration"),
        ("[tool.windtunnel.profiles.mine]\nfail_on_unreached = ['x']", "'limit', 'fault'"),
        ("[tool.windtunnel.profiles.mine]\nname = 'x'", "the table's name is the profile's name"),
        ("[tool.windtunnel.profiles]\nmine = 3", "must be a table"),
        ("[tool.windtunnel]\nprofiles = 3", "must be a table for each profile"),
        ("[tool.windtunnel.profiles.'airflow-3.3']\n", "name of an Airflow release"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_its_place(project, text, said):
    with pytest.raises(InvalidInput) as refused:
        search_profiles(project(text))
    assert said in str(refused.value)
    assert "pyproject.toml: tool.windtunnel.profiles" in str(refused.value)


def test_where_a_ci_service_runs_the_tests_they_search_as_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    assert usual_profile() == "dev"
    for said, name in (("true", "ci"), ("1", "ci"), ("false", "dev"), ("", "dev")):
        monkeypatch.setenv("CI", said)
        assert usual_profile() == name
