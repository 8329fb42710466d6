"""Hygiene: a load leaves nothing behind in the process, and two loads give the same."""

import logging
import os
import subprocess
import sys

import pytest

from windtunnel.errors import InvalidInput
from windtunnel.loaders import load
from windtunnel.loaders.ordering import makes_sets

NOISY = """
import logging, os, sys, warnings
from airflow import DAG
from airflow.operators.empty import EmptyOperator
import helper_of_noisy

print("to stdout")
print("to stderr", file=sys.stderr)
warnings.warn("a warning")
logging.basicConfig(level=logging.DEBUG)
logging.warning("a log line")
os.environ["LEFT_BEHIND"] = "1"
sys.path.insert(0, "/nowhere")
os.chdir("/")

with DAG("d", schedule=None):
    for name in {"a", "b", "c", "d", "e"}:
        EmptyOperator(task_id=name)
"""


def test_modules_path_environment_logging_and_output_are_as_before(repository, capfd):
    repository.write("helper_of_noisy.py", "")
    modules, path, hooks = set(sys.modules), list(sys.path), list(sys.meta_path)
    environment, folder = dict(os.environ), os.getcwd()
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    repository.load(NOISY)
    new = set(sys.modules) - modules
    assert not [m for m in new if "airflow" in m or "noisy" in m or "windtunnel_dag" in m]
    assert (sys.path, sys.meta_path) == (path, hooks)
    assert (dict(os.environ), os.getcwd()) == (environment, folder)
    assert (logging.getLogger().handlers, logging.getLogger().level) == (handlers, level)
    assert capfd.readouterr() == ("", "")
    assert not list(repository.root.rglob("__pycache__"))


def test_airflow_can_not_be_imported_after_a_load(repository):
    repository.load("from airflow import DAG\nd = DAG('d', schedule=None)\n")
    with pytest.raises(ModuleNotFoundError):
        import airflow  # noqa: F401, PLC0415


def test_loading_twice_gives_the_same_fleet(repository):
    text = """
        from airflow import DAG
        from airflow.models import Variable
        from airflow.operators.bash import BashOperator
        from airflow.utils.dates import days_ago
        import pendulum, no_such_module_anywhere

        with DAG("d", schedule="@daily", start_date=days_ago(2)):
            BashOperator(task_id="t", bash_command=Variable.get("x"),
                         end_date=pendulum.today().add(days=1))
        """
    assert repository.load(text).fleet == repository.load(text).fleet


def test_a_fleet_does_not_depend_on_the_hash_seed(repository):
    repository.write("helper_of_noisy.py", "")
    file = repository.write(
        "d.py",
        """
        from airflow import DAG
        from airflow.operators.empty import EmptyOperator

        with DAG("d", schedule=None, tags={"x", "y", "z", "w"}):
            tasks = [EmptyOperator(task_id=f"t{n}") for n in range(9)]
            tasks[:8] >> tasks[8]
        with DAG("cycle", schedule=None):
            a, b, c, d = [EmptyOperator(task_id=n) for n in "abcd"]
            a >> [b, c] >> d >> a
        """,
    )
    program = "import sys; from windtunnel.loaders import load; "
    program += "print(load(sys.argv[1]).fleet.model_dump_json())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(outputs) == 1
    assert '"t0","t1","t2"' in outputs.pop()


@pytest.mark.parametrize(
    "loop",
    [
        "for name in {'a', 'b', 'c', 'd', 'e', 'f'}:",
        "for name in set('abcdef') | {'g'}:",
        "from names import NAMES\nfor name in NAMES:",
    ],
)
def test_tasks_made_in_a_loop_over_a_set_have_one_order(repository, loop):
    repository.write("names.py", "NAMES = [n for n in {'a', 'b', 'c', 'd', 'e', 'f'}]\n")
    file = repository.write(
        "d.py",
        "from airflow import DAG\nfrom airflow.operators.empty import EmptyOperator\n"
        f"dag = DAG('d', schedule=None)\n{loop}\n    EmptyOperator(task_id=name, dag=dag)\n",
    )
    program = "import sys; from windtunnel.loaders import load; "
    program += "print([t.task_id for t in load(sys.argv[1], cache=None).fleet.dags[0].tasks])"
    orders = {
        subprocess.run(
            [sys.executable, "-c", program, str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(orders) == 1


@pytest.mark.parametrize(
    ("text", "makes"),
    [
        ("x = {1, 2}", True),
        ("x = [y for y in {'a', 'b'}]", True),
        ("x = 'a' in {'a', 'b'}", False),
        ("class A:\n    x = set('ab')", True),
        ("def of_a_task():\n    return set('ab')", False),
        ("def build():\n    with DAG('d'):\n        for x in set('ab'): BashOperator()", True),
        ("x = {'a': 1}", False),
    ],
)
def test_only_sets_that_could_order_tasks_count(text, makes):
    assert makes_sets(compile(text, "dags.py", "exec")) is makes


def test_real_airflow_is_never_shadowed_unasked(repository, tmp_path, monkeypatch):
    real = tmp_path / "site" / "airflow"
    real.mkdir(parents=True)
    (real / "__init__.py").write_text("real = True\n")
    (real / "configuration.py").write_text("")
    monkeypatch.syspath_prepend(str(real.parent))
    text = "from airflow import DAG\nd = DAG('d', schedule=None)\n"
    with pytest.raises(InvalidInput, match="has no Airflow"):
        repository.load(text, airflow="real")
    # This one doesn't work: that the stand-in is used in its place is said.
    assert [a.subject for a in repository.load(text).fleet.assumptions] == ["Airflow"]
    assert [d.dag_id for d in repository.load(text, airflow="stand-in").fleet.dags] == ["d"]
    import airflow  # noqa: PLC0415

    try:
        assert airflow.real
        repository.load(text, airflow="stand-in")
        assert sys.modules["airflow"] is airflow
    finally:
        del sys.modules["airflow"]


def test_a_missing_module_is_a_placeholder_for_the_repository_only(repository):
    loaded = repository.load(
        """
        import json
        import no_such_module_anywhere as nsma
        from no_such_module_anywhere.deep.down import Thing, function, CONSTANT, ThingError
        from airflow import DAG
        from airflow.operators.bash import BashOperator

        class Mine(Thing):
            def __init__(self):
                super().__init__(name="x")

        @function
        def decorated(): return 1

        try:
            Mine().anything(nsma.value["key"] + 1, *[x for x in CONSTANT])
        except ThingError:
            pass

        with DAG(f"d{decorated()}", schedule=None):
            BashOperator(task_id="t", bash_command="x", env={"a": nsma.settings.name})
        """
    )
    assert [p.message for p in loaded.fleet.problems] == []
    assert [d.dag_id for d in loaded.fleet.dags] == ["d1"]
    assert [a.subject for a in loaded.fleet.assumptions] == ["module no_such_module_anywhere"]
    with pytest.raises(ModuleNotFoundError):
        import no_such_module_anywhere  # noqa: F401, PLC0415


def test_an_installed_library_that_probes_for_an_optional_module_does_not_find_a_placeholder(
    repository, tmp_path, monkeypatch
):
    library = tmp_path / "site" / "library_that_probes.py"
    library.parent.mkdir()
    library.write_text(
        "try:\n    import optional_accelerator\n    fast = True\nexcept ImportError:\n"
        "    fast = False\n"
    )
    monkeypatch.syspath_prepend(str(library.parent))
    dag = repository.dag(
        """
        from airflow import DAG
        import library_that_probes
        d = DAG("fast" if library_that_probes.fast else "slow", schedule=None)
        """
    )
    assert dag.dag_id == "slow"


def test_a_module_that_lies_elsewhere_in_the_repository_is_taken_from_there_aloud(repository):
    repository.write(
        "dags/d.py",
        "from airflow import DAG\nfrom jobs_of_mine import NAME\nd = DAG(NAME, schedule=None)\n",
    )
    repository.write("src/jobs_of_mine.py", "NAME = 'mine'\n")
    fleet = repository.load().fleet
    assert [d.dag_id for d in fleet.dags] == ["mine"]
    (said,) = fleet.assumptions
    assert (said.subject, said.assumed.split(",")[0]) == (
        "module jobs_of_mine",
        "taken from src/jobs_of_mine.py",
    )


def test_reads_from_airflows_database_survive_and_are_listed(repository):
    fleet = repository.load(
        """
        from airflow import DAG
        from airflow.configuration import conf
        from airflow.hooks.base import BaseHook
        from airflow.models import Variable
        from airflow.operators.bash import BashOperator

        config = Variable.get("config", deserialize_json=True)
        with DAG("d", schedule=None, max_active_runs=int(Variable.get("runs"))):
            for item in config["items"]:
                BashOperator(task_id=f"t_{item}", bash_command=config["command"] + " x",
                             retries=Variable.get("retries", default_var=3),
                             queue=conf.get("operators", "default_queue"),
                             env={"host": BaseHook.get_connection("db").host})
        """
    ).fleet
    assert fleet.problems == ()
    assert fleet.dag("d").max_active_runs == 1
    assert fleet.dag("d").tasks[0].retries == 3
    assert [a.subject for a in fleet.assumptions] == [
        "Variable config",
        "Variable runs",
        "Variable retries",
        "setting [operators] default_queue",
        "Connection db",
    ]


def test_hidden_and_ignored_files_are_no_dag_files(repository):
    text = "from airflow import DAG\nd = DAG('{}', schedule=None)\n"
    for name in ["seen", "skipped_by_glob", "skipped_by_regexp", ".hidden", "sub/deep", "off/deep"]:
        repository.write(f"{name}.py", text.format(name.replace("/", "_")))
    repository.write(".airflowignore", "skipped_by_gl*  # why\nskipped.*regexp\noff/\n")
    assert [d.dag_id for d in repository.load().fleet.dags] == ["seen", "sub_deep"]


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ("a.py", ["b", "sub/b"]),
        ("/a.py", ["b", "sub/a", "sub/b"]),
        ("sub/", ["a", "b"]),
        ("sub/*.py", ["a", "b"]),
        ("**/b.py", ["a", "sub/a"]),
        ("*.py\n!b.py", ["b", "sub/b"]),
        ("sub\n!sub/a.py", ["a", "b"]),
        ("su.*a", ["a", "b", "sub/b"]),
        ("[", ["a", "b", "sub/a", "sub/b"]),
    ],
)
def test_ignore_rules_are_globs_with_exceptions_or_regular_expressions(repository, rules, left):
    for name in ("a", "b", "sub/a", "sub/b"):
        dag_id = name.replace("/", ".")
        text = f"from airflow import DAG\nd = DAG('{dag_id}', schedule=None)\n"
        repository.write(f"{name}.py", text)
    repository.write(".airflowignore", rules)
    assert [d.dag_id.replace(".", "/") for d in repository.load().fleet.dags] == left


def test_a_folder_that_links_to_itself_is_read_once(repository):
    repository.write("a/d.py", "from airflow import DAG\nd = DAG('d', schedule=None)\n")
    (repository.root / "a" / "again").symlink_to(repository.root / "a")
    fleet = repository.load().fleet
    assert [d.dag_id for d in fleet.dags] == ["d"]
    assert fleet.problems == ()


def test_one_file_given_by_name_is_loaded_whatever_words_are_in_it(repository):
    repository.write("makers.py", "from airflow import DAG\n\nmake = DAG\n")
    file = repository.write("plain.py", "from makers import make\n\nd = make('d', schedule=None)\n")
    assert [d.dag_id for d in load(file).fleet.dags] == ["d"]


def test_names_that_only_a_missing_modules_star_import_brings_are_placeholders(repository):
    repository.write(
        "helper.py", "from no_such_library import *\n\n@retry(times=3)\ndef f(): ...\n"
    )
    dag = repository.dag(
        """
        from airflow import DAG
        from airflow.operators.bash import *
        from no_such_other_library import *
        import helper

        with DAG("d", schedule=None):
            BashOperator(task_id="t", bash_command=SETTINGS.command)
        """
    )
    assert dag.tasks[0].operator == "BashOperator"
