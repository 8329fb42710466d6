"""A file that failed is executed again with what it asked for: it loads where it is deployed."""

import json.decoder

import pytest

HEAD = """
import os
from airflow.sdk import DAG, Variable
from airflow.providers.standard.operators.bash import BashOperator

"""
TAIL = """
with DAG("etl", schedule="@daily") as dag:
    for name in names:
        BashOperator(task_id=f"load_{name}", bash_command="true")
"""


@pytest.fixture
def loaded(repository):
    """The ids of the tasks that some lines lead to, and what is assumed."""

    def load(lines, tail=TAIL):
        fleet = repository.load(HEAD + lines + tail).fleet
        tasks = [task.task_id for dag in fleet.dags for task in dag.tasks]
        return tasks, {a.subject: a.assumed for a in fleet.assumptions}, fleet.problems

    return load


REQUIRED = """
def read(name):
    value = Variable.get(name, default="") or None
    if value is None:
        raise ValueError(f"{name} is required")
    return value

optional = Variable.get("email", default=None)
bucket, project = read("bucket"), read("project")
names = ["a" if optional is None else "b"]
"""


def test_a_variable_without_which_the_file_fails_is_there(loaded):
    tasks, assumed, problems = loaded(REQUIRED)
    assert (tasks, problems) == (["load_a"], ())
    needed = "isn't known: '1' is taken, the file fails without it"
    assert {assumed["Variable bucket"], assumed["Variable project"]} == {needed}
    # What the file does without stays as the file says it.
    assert assumed["Variable email"] == "not set: the DAG file's own default is used"


COMPARED = """
stage = {read}
if stage == "test":
    names = ["t"]
elif stage.lower() == "production":
    names = ["p"]
else:
    raise ValueError(f"unexpected stage {{stage}}")
"""


@pytest.mark.parametrize(
    ("read", "subject"),
    [
        ("Variable.get('stage')", "Variable stage"),
        ("os.environ['STAGE_OF_ETL']", "environment variable STAGE_OF_ETL"),
    ],
)
def test_a_text_that_is_one_of_some_is_taken_to_be_the_productions(loaded, read, subject):
    tasks, assumed, problems = loaded(COMPARED.format(read=read))
    assert (tasks, problems) == (["load_p"], ())
    assert assumed[subject] == (
        "isn't known: 'production' is taken, one of those that it is compared with"
    )


def test_a_file_that_loads_is_asked_nothing_more(loaded):
    tasks, assumed, _ = loaded("names = ['t' if Variable.get('stage') == 'test' else 'other']\n")
    assert tasks == ["load_other"]
    assert assumed["Variable stage"] == "unknown: a placeholder that reads as '1' is used"


def test_ids_of_two_keys_of_an_unknown_mapping_differ_if_they_must(loaded):
    tables = "tables = Variable.get('tables', deserialize_json=True)\n"
    tasks, _, problems = loaded(tables + "names = [tables['accounts'], tables['offers']]\n")
    assert (tasks, problems) == (["load_accounts", "load_offers"], ())


def test_one_key_of_an_unknown_mapping_reads_as_a_number(loaded):
    tables = "tables = Variable.get('tables', deserialize_json=True)\n"
    assert loaded(tables + "names = [int(tables['accounts'])]\n")[0] == ["load_1"]


def test_an_id_that_the_file_itself_uses_twice_is_a_problem(loaded):
    tasks, _, problems = loaded("names = ['a', 'a']\n")
    assert tasks == []
    assert [p.cause for p in problems] == ["duplicate"]


def test_an_unknown_mapping_has_the_keys_that_are_required(loaded):
    tables = "tables = Variable.get('tables', deserialize_json=True)\n"
    checked = "missing = [k for k in ('a', 'b') if k not in tables]\nassert not missing, missing\n"
    assert loaded(tables + checked + "names = ['x']\n")[0] == ["load_x"]


@pytest.mark.parametrize(
    "lines",
    [
        "files = Variable.get('files', deserialize_json=True)['files']\n"
        "names = [[one for one in files][1]]\n",
        "names = list(Variable.get('files', deserialize_json=True)['files'].keys())[1:][:1]\n"
        "names[0]\n",
    ],
)
def test_an_unknown_list_is_as_long_as_the_file_needs(loaded, lines):
    tasks, _, problems = loaded(lines)
    assert (tasks, problems) == (["load_2"], ())


def test_an_index_into_a_list_of_the_files_own_stays_its_mistake(loaded):
    tasks, _, (problem,) = loaded("names = ['a'][3:]\nnames[0]\n")
    assert tasks == []
    assert "IndexError: list index out of range" in problem.message


def test_a_name_that_the_installed_version_of_a_package_lacks_is_there(loaded):
    lines = "from json.decoder import NotInThisVersion\nnames = ['a']\n"
    tasks, assumed, problems = loaded(lines)
    assert (tasks, problems) == (["load_a"], ())
    assert assumed["name json.decoder.NotInThisVersion"] == (
        "isn't in the version that is installed: a placeholder is used"
    )
    assert not hasattr(json.decoder, "NotInThisVersion")


def test_a_name_that_a_module_of_the_repository_lacks_is_a_mistake(repository, loaded):
    repository.write("shared.py", "def used(): ...\n")
    tasks, _, (problem,) = loaded("from shared import unheard_of\nnames = ['a']\n")
    assert tasks == []
    assert "cannot import name 'unheard_of' from 'shared'" in problem.message


def test_an_installed_package_that_would_reach_the_network_is_a_placeholder(
    repository, loaded, tmp_path, monkeypatch
):
    package = tmp_path / "site" / "asks_a_server" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text(
        "import socket\ndef get(what):\n    return socket.create_connection(('example.org', 80))\n"
    )
    monkeypatch.syspath_prepend(str(package.parents[1]))
    lines = "import asks_a_server\nasks_a_server.get('tables').json()\nnames = ['a']\n"
    tasks, assumed, problems = loaded(lines)
    assert (tasks, problems) == (["load_a"], ())
    assert assumed["module asks_a_server"] == (
        "reaches the network while the file loads: a placeholder is used"
    )
    assert "tries to reach example.org" in assumed["file dags.py"]
    assert "line 7" in assumed["file dags.py"]


def test_a_file_that_itself_reaches_for_the_network_is_a_problem(loaded):
    lines = "import socket\nsocket.create_connection(('example.org', 80))\nnames = ['a']\n"
    tasks, _, (problem,) = loaded(lines)
    assert tasks == []
    assert "tries to reach example.org:80" in problem.message


def test_what_fails_after_all_guesses_is_what_is_told(loaded):
    lines = COMPARED.format(read="Variable.get('stage')") + "raise RuntimeError('no such thing')\n"
    tasks, _, (problem,) = loaded(lines)
    assert tasks == []
    assert "RuntimeError: no such thing" in problem.message


def test_columns_of_airflows_own_tables_can_be_named(loaded):
    lines = "from airflow.models import XCom\ncolumn = XCom.execution_date\nnames = ['a']\n"
    assert loaded(lines)[0] == ["load_a"]


def test_an_asset_of_a_class_with_a_constructor_of_its_own_is_an_asset(repository):
    dag = repository.dag(
        HEAD
        + "from airflow.sdk import Asset\n"
        + "class Table(Asset):\n    def __init__(self, uri):\n        self.uri = uri\n"
        + "dag = DAG('etl', schedule=[Table('db://x')])\n"
    )
    assert dag.awaited is not None
