"""Patches of DAG files: only where it is clear, and nothing else in the file changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from windtunnel import loaders
from windtunnel.detect import Edit, Finding, Fix
from windtunnel.search.repair.patch import diff, edited
from windtunnel.search.repair.patches import with_patches

HEAD = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

"""


@pytest.fixture
def load(tmp_path):
    """The fleet of one DAG file."""

    def load(text: str):
        (tmp_path / "etl.py").write_bytes((HEAD + text).encode())
        return loaders.load(tmp_path, airflow="stand-in").fleet

    return load


def edit(fleet, argument, value, task_id="t", dag_id="etl"):
    dag = fleet.dag(dag_id)
    line = dag.line if task_id is None else dag.line_of(task_id)
    return Edit(
        file=dag.file, line=line, dag_id=dag_id, task_id=task_id, argument=argument, value=value
    )


def changed(load, text, argument, value, **of):
    fleet = load(text)
    after = edited(HEAD + text, [edit(fleet, argument, value, **of)], fleet)
    return None if after is None else after.removeprefix(HEAD)


ONE_LINE = 'with DAG("etl"):\n    BashOperator(task_id="t", bash_command="true")\n'


def test_a_new_argument_comes_behind_the_id(load):
    assert changed(load, ONE_LINE, "pool", '"db"') == ONE_LINE.replace(
        'task_id="t",', 'task_id="t", pool="db",'
    )


def test_a_value_that_is_there_is_replaced(load):
    text = ONE_LINE.replace('"true"', '"true", retries=1 + 1')
    assert changed(load, text, "retries", "0") == text.replace("1 + 1", "0")


def test_on_lines_of_their_own_a_comment_stays_where_it_is(load):
    text = """\
with DAG("etl"):
    BashOperator(  # ünï, in front
        task_id="t",  # a word
        bash_command="true"
    )
"""
    assert changed(load, text, "pool", '"db"') == text.replace(
        "# a word\n", '# a word\n        pool="db",\n'
    )
    last = text.replace('        task_id="t",  # a word\n        bash_command="true"\n', (
        '        bash_command="true",\n        task_id="t"\n'
    ))  # fmt: skip
    assert changed(load, last, "pool", '"db"') == last.replace(
        'task_id="t"\n', 'task_id="t",\n        pool="db"\n'
    )


def test_line_ends_of_windows_stay(load):
    text = 'with DAG("etl"):\r\n    BashOperator(\r\n        task_id="t",\r\n        retries=1)\r\n'
    after = changed(load, text, "pool", '"db"')
    assert after == text.replace('"t",\r\n', '"t",\r\n        pool="db",\r\n')


@pytest.mark.parametrize("dag", ['DAG("etl")', 'DAG(dag_id="etl", tags=["a"])'])
def test_an_argument_of_the_dag(load, dag):
    text = ONE_LINE.replace('DAG("etl")', dag)
    after = changed(load, text, "max_active_runs", "1", task_id=None)
    assert after == text.replace('"etl"', '"etl", max_active_runs=1')


MANY = """\
for name in ("a", "b"):
    with DAG(f"etl_{name}"):
        BashOperator(task_id="t", bash_command="true")
"""


def test_a_call_that_makes_several_tasks_is_changed_only_for_all_of_them(load):
    fleet = load(MANY)
    both = [edit(fleet, "pool", '"db"', dag_id=one) for one in ("etl_a", "etl_b")]
    assert edited(HEAD + MANY, both, fleet) == HEAD + MANY.replace('"t",', '"t", pool="db",')
    assert edited(HEAD + MANY, both[:1], fleet) is None


@pytest.mark.parametrize(
    "text",
    [
        'more = {"retries": 1}\nwith DAG("etl"):\n'
        '    BashOperator(task_id="t", bash_command="true", **more)\n',
        "def make(name, **more):\n    return BashOperator(task_id=name, **more)\n"
        'with DAG("etl"):\n    make("t")\n',
        'with DAG("etl"):\n    BashOperator(task_id="t", pool="x"); BashOperator(task_id="u")\n',
        "from airflow.decorators import task\nwith DAG('etl'):\n"
        "    @task\n    def t():\n        pass\n    t()\n",
    ],
    ids=["in a dict, perhaps", "a function of their own", "two on a line", "a decorator"],
)
def test_where_it_is_not_clear_nothing_is_changed(load, text):
    assert changed(load, text, "retries", "0") is None


def finding(*edits: Edit) -> Finding:
    fix = Fix(setting="pool of etl.t", before="default_pool", after="db", edits=edits)
    return Finding(code="WT101", title="x", summary="x", counterexample="wt1-x", fixes=(fix,))


def test_a_patch_can_be_applied_by_git_and_the_dag_has_it(load, tmp_path, monkeypatch):
    fleet = load(ONE_LINE)
    here = tmp_path / "deep"
    (here / "dags").mkdir(parents=True)
    (tmp_path / "etl.py").rename(here / "dags" / "etl.py")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(here)
    (fix,) = with_patches(
        finding(edit(fleet, "pool", '"db"')), fleet, Path("dags"), Path(".windtunnel")
    ).fixes
    assert fix.patch == ".windtunnel/patches/WT101-wt1-x-pool.patch"
    subprocess.run(["git", "apply", fix.patch], check=True)
    again = loaders.load("dags", airflow="stand-in").fleet
    assert again.dag("etl").task("t").pool == "db"


def test_there_is_no_patch_of_files_that_are_elsewhere(load, tmp_path, monkeypatch):
    fleet = load(ONE_LINE)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (fix,) = with_patches(
        finding(edit(fleet, "pool", '"db"')), fleet, tmp_path, Path(".windtunnel")
    ).fixes
    assert fix.patch is None


def test_a_file_without_a_last_line_end_is_told_so():
    assert diff("a.py", "x = 1", "x = 2").endswith("+x = 2\n\\ No newline at end of file\n")
