"""Outside: what a file reads beside its code while it loads, and twins of missing modules."""

import pytest

HEAD = "import os, json\nfrom airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"


def dag_of(repository, text, **options):
    """The one DAG of a file, its assumptions by subject, and its problems."""
    fleet = repository.load(HEAD + text, **options).fleet
    assert [str(p) for p in fleet.problems] == []
    return fleet.dags[0], {a.subject: a.assumed for a in fleet.assumptions}


def test_the_clock_stands_still_however_it_is_read(repository):
    text = """
import time, uuid, datetime as module
from datetime import date, datetime, timedelta

names = [datetime.now().isoformat(), module.datetime.utcnow(), date.today(), int(time.time())]
with DAG("d", schedule=None, start_date=datetime.today() - timedelta(days=1)):
    for name in [*names, uuid.uuid4()]:
        BashOperator(task_id=str(name).replace(":", "-").replace(" ", "_"), bash_command="x")
"""
    dag, said = dag_of(repository, text, cache=None)
    assert dag.tasks[0].task_id == "2026-01-01T00-00-00"
    assert (dag.tasks[2].task_id, dag.tasks[3].task_id) == ("2026-01-01", "1767225600")
    assert dag.start_date.isoformat() == "2025-12-31T00:00:00+00:00"
    assert "now" in said
    assert dag_of(repository, text, cache=None)[0] == dag


def test_an_unset_environment_variable_is_a_placeholder_only_where_the_file_needs_one(
    repository, monkeypatch
):
    monkeypatch.delenv("NOT_SET_BY_TEST", raising=False)
    dag, said = dag_of(
        repository,
        'name = os.environ["NOT_SET_BY_TEST"]\nother = os.environ.get("NOT_SET_BY_TEST_2", "dev")\n'
        'assert "NOT_SET_BY_TEST_3" not in os.environ\n'
        'd = DAG(f"{other}_{name}", schedule=None)\n',
    )
    assert dag.dag_id == "dev_1"
    assert said == {
        "environment variable NOT_SET_BY_TEST": "isn't set: a placeholder that reads as '1' is "
        "used",
        "environment variable NOT_SET_BY_TEST_2": "isn't set: the file's own default holds",
    }


def test_what_is_installed_below_the_repository_reads_its_environment_unnoticed(
    repository, monkeypatch
):
    installed = repository.root / ".venv" / "site-packages"
    repository.write(".venv/site-packages/library_of_test.py", 'import os; os.getenv("NOT_SET")')
    monkeypatch.syspath_prepend(str(installed))
    _, said = dag_of(repository, 'import library_of_test\nd = DAG("d", schedule=None)\n')
    assert not said


def test_a_file_that_fails_for_want_of_an_optional_value_is_loaded_with_one_aloud(repository):
    dag, said = dag_of(
        repository,
        'hosts = os.getenv("NOT_SET_BY_TEST_4").split(",")\nd = DAG("d", schedule=None)\n',
    )
    assert dag.dag_id == "d"
    assert "'NoneType' object has no attribute 'split'" in said["file dags.py"]


@pytest.mark.parametrize(
    "path", ["/opt/airflow/dags/config/jobs.json", "config/jobs.json", "dags/config/jobs.json"]
)
def test_a_path_of_the_deployment_is_read_from_the_repository(repository, path):
    repository.write("dags/config/jobs.json", '{"id": "from_config"}')
    repository.write(
        "dags/d.py", f"{HEAD}d = DAG(json.load(open({path!r}))['id'], schedule=None)\n"
    )
    fleet = repository.load().fleet
    assert [d.dag_id for d in fleet.dags] == ["from_config"]
    assert any("dags/config/jobs.json is taken" in a.assumed for a in fleet.assumptions)


def test_a_file_that_is_nowhere_is_an_unknown_mapping_aloud(repository):
    dag, said = dag_of(
        repository,
        'settings = json.load(open("/mnt/nowhere/settings.json"))\n'
        'd = DAG("d", schedule=None, max_active_runs=int(settings["runs"]))\n',
    )
    assert dag.max_active_runs == 1
    assert "file /mnt/nowhere/settings.json" in said


def test_classes_of_a_missing_attrs_have_constructors(repository):
    dag, _ = dag_of(
        repository,
        """
from attr import define, field, Factory

@define
class Job:
    name: str
    pool: str = "p"
    tables: list = field(factory=list)
    size: int = field(default="3", converter=int, kw_only=True)

job = Job("j", tables=["t"])
with DAG(job.name, schedule=None, max_active_runs=job.size):
    BashOperator(task_id=job.tables[0], bash_command="x", pool=job.pool)
""",
    )
    assert (dag.dag_id, dag.max_active_runs, dag.tasks[0].pool) == ("j", 3, "p")


def test_a_missing_environs_reads_the_environment(repository, monkeypatch):
    monkeypatch.setenv("RUNS_OF_TEST", "4")
    dag, said = dag_of(
        repository,
        """
from environs import Env
env = Env()
with env.prefixed("RUNS_"):
    runs = env.int("OF_TEST")
d = DAG(env("ID_OF_TEST", "own"), schedule=None, max_active_runs=runs,
        catchup=env.bool("CATCHUP_OF_TEST", False))
""",
    )
    assert (dag.dag_id, dag.max_active_runs, dag.catchup) == ("own", 4, False)
    assert "environment variable ID_OF_TEST" in said


def test_a_missing_pytz_gives_the_dag_its_timezone(repository):
    dag, _ = dag_of(
        repository,
        "from datetime import datetime\nimport pytz\n"
        'zone = pytz.timezone("Europe/Paris")\n'
        'd = DAG("d", schedule="@daily", start_date=zone.localize(datetime(2025, 1, 1)))\n',
    )
    assert dag.timezone == "Europe/Paris"
    assert dag.start_date.isoformat() == "2024-12-31T23:00:00+00:00"


def test_what_isnt_installed_and_is_called_while_a_dag_is_open_may_make_tasks_of_it(repository):
    text = """
from functools import partial
from company.tasks import query, tag

team = tag("data")
with DAG("d", schedule=None) as dag:
    load = partial(query, kind="load")
    load(table="events") >> BashOperator(task_id="report", bash_command="x")
    known = query(task_id="known")
"""
    dag, _ = dag_of(repository, text)
    assert [task.task_id for task in dag.tasks] == ["report", "known"]
    assert dag.unknown_calls == ("company.tasks.query",)


def test_a_task_function_of_a_missing_module_can_be_overridden(repository):
    text = """
from company.tasks import load

with DAG("d", schedule=None):
    loads = [load.override(task_id=f"load_{zone}", retries=2)(zone) for zone in ("eu", "us")]
    loads >> BashOperator(task_id="end", bash_command="x")
"""
    dag, _ = dag_of(repository, text)
    assert [(task.task_id, task.retries) for task in dag.tasks[:2]] == [
        ("load_eu", 2),
        ("load_us", 2),
    ]
    assert dag.tasks[-1].upstream == ("load_eu", "load_us")
