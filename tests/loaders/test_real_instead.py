"""Where an installed Airflow can't load a DAG file, the stand-in reads it, and it is told why."""

import json
import sys

import pytest

from windtunnel.loaders import load, source
from windtunnel.loaders.real import run
from windtunnel.loaders.real.lacking import lacking
from windtunnel.report.load_report import load_text

# Speaks as dump.py does of the files of a folder, of which some fail with an error.
SCRIPT = """
import json, os, sys
asked, out = json.load(open(sys.argv[1])), open(sys.argv[2], "a")
errors = json.load(open(os.path.join(os.path.dirname({script!r}), "errors.json")))
def say(**what):
    print(json.dumps(what), file=out, flush=True)
say(airflow={release!r}, python="3.12.1", files=len(errors))
for name, error in errors.items():
    say(begun=asked["path"] + "/" + name)
    say(file=asked["path"] + "/" + name, dags=[], error=error, reached={reached})
say(done=True)
"""
DAG = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
{more}
with DAG("{dag_id}", schedule="@daily"):
    BashOperator(task_id="load", bash_command="true")
"""


def error(last, line=4, file="etl.py"):
    """As Airflow tells it."""
    return (
        "Traceback (most recent call last):\n"
        f'  File "{{folder}}/{file}", line {line}, in <module>\n    something\n{last}\n'
    )


@pytest.fixture
def airflow(tmp_path, monkeypatch):
    """An Airflow that fails at files as it is told; gives what `load` then comes to."""

    def loaded(files, errors, release="3.3.2", reached=False, **options):
        folder = tmp_path / "dags"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        script = tmp_path / "pretend_dump.py"
        script.write_text(SCRIPT.format(script=str(script), release=release, reached=reached))
        said = {n: e and e.replace("{folder}", str(folder)) for n, e in errors.items()}
        (tmp_path / "errors.json").write_text(json.dumps(said))
        monkeypatch.setattr(run, "DUMP", script)
        return load(folder, **{"airflow_python": sys.executable, **options})

    return loaded


def of(loaded):
    """What is said that isn't about placeholders."""
    return [f"{a.subject} {a.assumed}" for a in loaded.fleet.assumptions if "where" in a.assumed]


LACKS = [
    ("ModuleNotFoundError: No module named 'pandas'", "module pandas isn't installed"),
    (
        "ModuleNotFoundError: No module named 'airflow.providers.cncf'",
        "provider cncf isn't installed",
    ),
    ("KeyError: 'Variable bucket does not exist'", "Variable bucket isn't there"),
    (
        "airflow.sdk.exceptions.AirflowRuntimeError: VARIABLE_NOT_FOUND: "
        "{'message': 'Variable bucket not found'}",
        "Variable bucket isn't there",
    ),
    (
        "airflow.exceptions.AirflowNotFoundException: The conn_id `dwh` isn't defined",
        "Connection dwh isn't there",
    ),
    (
        "FileNotFoundError: [Errno 2] No such file or directory: 'include/a.json'",
        "file include/a.json isn't there",
    ),
    (
        "OSError: the file tries to reach ('db', 1) while it is loaded; windtunnel never touches "
        "the network",
        "network is asked for while DAG files load",
    ),
]


@pytest.mark.parametrize(("last", "said"), LACKS)
def test_what_only_the_place_lacks_is_an_assumption(airflow, last, said):
    found = airflow({"etl.py": DAG.format(more="", dag_id="etl")}, {"etl.py": error(last)})

    assert [dag.dag_id for dag in found.fleet.dags] == ["etl"]
    assert found.fleet.problems == ()
    assert of(found) == [
        f"{said} where Airflow 3.3.2 is: files that need it are read by the stand-in"
    ]
    assert found.files[0].loaded_with == "stand-in"


def test_many_files_that_lack_the_same_are_one_assumption(airflow):
    files = {f"{n}.py": DAG.format(more="import pandas", dag_id=n) for n in "abc"}
    lack = {n: error("ModuleNotFoundError: No module named 'pandas'", file=n) for n in files}
    found = airflow(files, lack)

    assert [dag.dag_id for dag in found.fleet.dags] == ["a", "b", "c"]
    assert len(of(found)) == 1
    assert "(a.py, b.py, c.py)" in " ".join(load_text(found).split())


REFUSED = [
    "ModuleNotFoundError: No module named 'airflow.operators.bash_operator'",
    "ModuleNotFoundError: No module named 'airflow.providers.slack.notifications.old'",
    "ImportError: cannot import name 'SubDagOperator' from 'airflow.operators.subdag'",
    "TypeError: BashOperator.__init__() got an unexpected keyword argument 'bash'",
    "KeyError: 'no_environment_variable'",
]


@pytest.mark.parametrize("last", REFUSED)
def test_what_the_installed_airflow_refuses_is_a_problem_and_is_read_all_the_same(airflow, last):
    found = airflow({"etl.py": DAG.format(more="", dag_id="etl")}, {"etl.py": error(last)})

    (problem,) = found.fleet.problems
    assert (problem.cause, problem.file, problem.line) == ("refused", "etl.py", 4)
    assert problem.message == (
        f"Airflow 3.3.2 can't load it: {last}; its DAGs are read by the stand-in all the same"
    )
    assert [dag.dag_id for dag in found.fleet.dags] == ["etl"]


def test_an_environment_variable_is_told_from_another_key():
    said = "KeyError: 'STAGE'"
    of_environment = (
        'Traceback\n  File "/dags/etl.py", line 3, in <module>\n    os.environ["STAGE"]\n'
        f'  File "<frozen os>", line 679, in __getitem__\n{said}'
    )
    assert lacking(of_environment, said) == ("environment variable STAGE", "isn't set")
    assert lacking(f"Traceback\n  File ...\n{said}", said) is None


def test_what_neither_can_load_is_told_as_airflow_tells_it(airflow):
    broken = DAG.format(more="raise ValueError('no')", dag_id="etl")
    found = airflow({"etl.py": broken}, {"etl.py": error("ValueError: no", line=4)})

    (problem,) = found.fleet.problems
    assert (problem.cause, problem.file, problem.line) == ("import", "etl.py", 4)
    assert problem.message == "ValueError: no; the file is left out"
    assert found.fleet.dags == ()


def test_of_a_file_that_lacks_something_and_is_wrong_it_is_told_what_is_wrong(airflow):
    broken = DAG.format(more="raise ValueError('no')", dag_id="etl")
    lack = "KeyError: 'Variable stage does not exist'"
    (problem,) = airflow({"etl.py": broken}, {"etl.py": error(lack)}).fleet.problems
    assert "ValueError: no" in problem.message


def test_a_module_without_dags_that_airflow_can_not_load_keeps_nobody_waiting(airflow):
    files = {"shared.py": "# dag, airflow\n", "etl.py": DAG.format(more="", dag_id="etl")}
    lack = "ModuleNotFoundError: No module named 'pandas'"
    told = {"shared.py": error("TypeError: no", file="shared.py"), "etl.py": error(lack)}
    found = airflow(files, told)
    assert found.fleet.problems == ()
    said = {a.subject: a.assumed for a in found.fleet.assumptions}
    assert said["file shared.py"] == (
        "Airflow 3.3.2 can't load it (TypeError: no), and there is no DAG in it"
    )


def test_an_error_that_comes_of_the_closed_network_is_not_the_files_fault(airflow):
    told = error("InvalidLicense: Failed to rewrite URL")
    found = airflow({"etl.py": DAG.format(more="", dag_id="etl")}, {"etl.py": told}, reached=True)
    assert found.fleet.problems == ()
    assert of(found)[0].startswith("network is asked for while DAG files load")


def test_files_keep_their_order_and_the_first_of_two_dags_counts(airflow):
    lack = "ModuleNotFoundError: No module named 'pandas'"
    files = {n: DAG.format(more="", dag_id=i) for n, i in (("a.py", "x"), ("b.py", "x"))}
    found = airflow(files, {n: error(lack, file=n) for n in files})

    assert [(dag.dag_id, dag.file) for dag in found.fleet.dags] == [("x", "a.py")]
    (problem,) = found.fleet.problems
    assert (problem.cause, problem.file) == ("duplicate", "b.py")


def test_the_stand_in_follows_the_release_of_the_airflow(airflow):
    missing = "ModuleNotFoundError: No module named 'pandas'"
    text = DAG.format(more="import airflow", dag_id="{airflow.__version__}").replace('"{', 'f"{')
    found = airflow({"etl.py": text}, {"etl.py": error(missing)}, release="2.11.2")
    assert [dag.dag_id for dag in found.fleet.dags] == ["2.11.2"]


def test_asked_for_the_real_one_nothing_else_reads(airflow):
    found = airflow(
        {"etl.py": DAG.format(more="", dag_id="etl")},
        {"etl.py": error("ModuleNotFoundError: No module named 'pandas'")},
        airflow="real",
    )
    assert found.fleet.dags == ()
    (problem,) = found.fleet.problems
    assert "install it where Airflow is, or load with the stand-in" in problem.message


def test_an_airflow_that_does_not_work_leaves_all_to_the_stand_in(repository, monkeypatch):
    monkeypatch.setattr(source, "real_airflow", lambda: "/opt/airflow")
    found = repository.load(DAG.format(more="", dag_id="etl"))

    assert [dag.dag_id for dag in found.fleet.dags] == ["etl"]
    (said, *_) = found.fleet.assumptions
    assert said.subject == "Airflow"
    assert said.assumed.endswith("the stand-in reads all DAG files")
