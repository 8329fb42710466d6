"""Without an Airflow, the release is the one that the repository's own files say."""

import pytest

from windtunnel.loaders import load, read_scenario
from windtunnel.loaders.release import release_of

DAG = "import airflow\nfrom airflow import DAG\ndag = DAG(airflow.__version__, schedule=None)\n"


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [
        ("requirements.txt", "pandas\napache-airflow==2.10.5\n", "2.10.5"),
        ("requirements-dev.txt", "apache-airflow[celery,google]~=2.9.3\n", "2.9.3"),
        ("pyproject.toml", '[project]\ndependencies = ["apache-airflow==3.1.0"]\n', "3.1.0"),
        ("pyproject.toml", '[tool.poetry.dependencies]\napache-airflow = "^2.8.1"\n', "2.8.1"),
        (
            "pyproject.toml",
            'apache-airflow = {extras = ["celery"], version = "2.7"}\n',
            "2.7",
        ),
        ("Dockerfile", "FROM apache/airflow:2.11.0-python3.11\n", "2.11.0"),
        ("Dockerfile", "FROM apache/airflow:slim-3.0.2\n", "3.0.2"),
        ("Dockerfile", "FROM quay.io/astronomer/astro-runtime:12.1.0\n", "2"),
        ("Dockerfile", "FROM astrocrpublic.azurecr.io/runtime:3.0-4\n", "3.0"),
        ("Dockerfile", "ARG AIRFLOW_VERSION=2.6.3\n", "2.6.3"),
        ("docker-compose.yaml", "image: ${IMAGE:-apache/airflow:2.5.1}\n", "2.5.1"),
        ("requirements.txt", "apache-airflow-providers-google==10.1.0\n", None),
        ("requirements.txt", "apache-airflow>=2.7\n", None),
        ("requirements.txt", "# apache-airflow==2.10.5\n", None),
        ("README.md", "apache-airflow==2.10.5\n", None),
    ],
)
def test_the_release_is_told_from_where_a_repository_says_it(repository, name, text, version):
    repository.write(".gitignore", "")
    repository.write(name, text)
    dags = repository.write("dags/etl.py", DAG).parent
    assert release_of(dags) == (None if version is None else (version, name))


def test_what_lies_nearest_to_the_dag_files_counts(repository):
    repository.write("requirements.txt", "apache-airflow==3.3.2\n")
    dags = repository.write("old/dags/etl.py", DAG).parent
    repository.write("old/requirements.txt", "apache-airflow==2.11.2\n")
    assert release_of(dags) == ("2.11.2", "old/requirements.txt")


def test_the_release_decides_and_is_told(repository):
    repository.write("requirements.txt", "apache-airflow==2.10.5\n")
    dags = repository.write("dags/etl.py", DAG).parent
    found = read_scenario(dags)

    assert [dag.dag_id for dag in found.scenario.fleet.dags] == ["2.11.2"]
    assert found.scenario.cluster.profile == "airflow-2.11"
    (said, *_) = found.scenario.fleet.assumptions
    assert (said.subject, said.assumed) == (
        "release",
        "decides as airflow-2.11: requirements.txt says Airflow 2.10.5 (--profile chooses another)",
    )


def test_a_release_that_is_asked_for_is_not_looked_up(repository):
    repository.write("requirements.txt", "apache-airflow==2.10.5\n")
    dags = repository.write("dags/etl.py", DAG).parent
    fleet = load(dags, profile="airflow-3.3").fleet
    assert [dag.dag_id for dag in fleet.dags] == ["3.3.2"]
    assert fleet.assumptions == ()
