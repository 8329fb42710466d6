"""Cache: a second load takes what the first came to, and never when something has changed."""

import os

import pytest

from windtunnel.loaders import apart, load

DAG = """
from airflow import DAG
from airflow.operators.bash import BashOperator
from helper import NAME
import json, os, pathlib

config = json.loads((pathlib.Path(__file__).parent / "config.json").read_text())
with DAG("d", schedule=None):
    BashOperator(task_id=NAME, bash_command="x", queue=config["queue"],
                 pool=os.environ.get("POOL_OF_TEST", "none"))
    for name in sorted(os.listdir(os.path.dirname(__file__) + "/sql")):
        BashOperator(task_id=name, bash_command="x")
"""


@pytest.fixture
def kept(repository, tmp_path):
    """A repository that was loaded once, and a function that loads it again."""
    repository.write("dags/d.py", DAG)
    repository.write("dags/helper.py", "NAME = 'first'\n")
    repository.write("dags/config.json", '{"queue": "q1"}')
    repository.write("dags/sql/a.sql", "")

    def again(**options):
        return load(repository.root / "dags", cache=tmp_path / "cache", **options).fleet

    again()
    return again


def first_task(fleet):
    return fleet.dag("d").tasks[0]


def test_an_unchanged_repository_is_not_executed_again(kept, monkeypatch):
    before = kept()

    def refuse(*_):
        raise AssertionError("a file is executed")

    monkeypatch.setattr(apart.Apart, "read", refuse)
    assert kept() == before


def test_a_change_in_the_file_its_helper_its_data_or_a_folder_is_seen(kept, repository):
    repository.write("dags/helper.py", "NAME = 'other'\n")
    assert first_task(kept()).task_id == "other"
    repository.write("dags/config.json", '{"queue": "q2"}')
    assert first_task(kept()).queue == "q2"
    repository.write("dags/sql/b.sql", "")
    assert [t.task_id for t in kept().dag("d").tasks] == ["other", "a.sql", "b.sql"]
    repository.write("dags/d.py", DAG.replace('"d"', '"e"'))
    assert [d.dag_id for d in kept().dags] == ["e"]


def test_a_change_of_the_same_size_and_time_is_seen(kept, repository):
    file = repository.root / "dags" / "helper.py"
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    file.write_text("NAME = 'fir5t'\n")
    os.utime(file, ns=times)
    assert first_task(kept()).task_id == "fir5t"


def test_an_environment_variable_that_was_looked_at_is_seen_when_it_changes(kept, monkeypatch):
    monkeypatch.setenv("POOL_OF_TEST", "p")
    assert first_task(kept()).pool == "p"
    monkeypatch.delenv("POOL_OF_TEST")
    assert first_task(kept()).pool == "none"


def test_a_new_module_that_comes_first_on_the_path_is_seen(kept, repository):
    repository.write("dags/helper/__init__.py", "NAME = 'package'\n")
    assert first_task(kept()).task_id == "package"


def test_a_module_that_is_installed_later_is_seen(repository, tmp_path, monkeypatch):
    text = """
        from airflow import DAG
        try:
            from installed_later_for_test import NAME
        except ImportError:
            NAME = "missing"
        d = DAG(str(NAME), schedule=None)
        """
    repository.write("d.py", text)

    def ids():
        return [d.dag_id for d in load(repository.root, cache=tmp_path / "cache").fleet.dags]

    assert ids() == ["installed_later_for_test.NAME"]
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    assert ids() == ["installed_later_for_test.NAME"]
    (site / "installed_later_for_test.py").write_text("NAME = 'there'\n")
    assert ids() == ["there"]


def test_another_profile_or_other_variables_are_another_load(kept):
    assert kept().dag("d").schedule is None
    assert kept(profile="airflow-2.11").dag("d").tasks == kept().dag("d").tasks


def test_what_took_too_long_is_tried_again(repository, tmp_path):
    repository.write("d.py", "# airflow dag\nimport time\ntime.sleep(60)\n")
    options = {"cache": tmp_path / "cache", "import_timeout_s": 0.3}
    assert len(load(repository.root, **options).fleet.problems) == 1
    kept = [file.read_bytes() for file in (tmp_path / "cache" / "loads").glob("*.json")]
    assert not [text for text in kept if b"0.3 s" in text]


def test_a_damaged_cache_is_no_cache(kept, tmp_path):
    before = kept()
    for file in (tmp_path / "cache" / "loads").iterdir():
        file.write_bytes(b"{")
    assert kept() == before


def test_a_cache_that_can_not_be_written_costs_nothing(repository, tmp_path):
    (tmp_path / "file").write_text("")
    repository.write("d.py", "from airflow import DAG\nd = DAG('d', schedule=None)\n")
    assert len(load(repository.root, cache=tmp_path / "file" / "cache").fleet.dags) == 1
