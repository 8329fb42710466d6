"""The loaders where Airflow is installed; run by `tox -e airflow3,airflow2`, not with the others.

Airflow is the one of this interpreter, or of the one that AIRFLOW_PYTHON names.
"""

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "recorded"))

from real_score import compare
from record import DAGS, dump_of, fill_database, recording
from score import score

from windtunnel.loaders import load
from windtunnel.loaders.real.load import loaded_from

PYTHON = os.environ.get("AIRFLOW_PYTHON", sys.executable)
REAL = {"airflow": "real", "airflow_python": PYTHON}
TRUTH = Path(__file__).parent / "truth"


def asked(code: str) -> str:
    """What the interpreter that has Airflow prints."""
    command = [PYTHON, "-W", "ignore", "-c", code]
    environment = {**os.environ, "AIRFLOW_HOME": os.devnull + "-airflow"}
    found = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return found.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def version() -> str:
    return asked("from importlib.metadata import version; print(version('apache-airflow'))")


@pytest.fixture(scope="session")
def home() -> Path:
    place = "import importlib.util as u; print(u.find_spec('airflow').origin)"
    return Path(asked(place)).parent


def example_folders(version: str, home: Path) -> dict[str, Path]:
    """Folders of example DAGs by the names of their ground truth."""
    folders = {
        "examples": home / "example_dags",
        "standard-examples": home / "providers" / "standard" / "example_dags",
    }
    named = {f"airflow-{version}-{name}": folder for name, folder in folders.items()}
    return {name: at for name, at in named.items() if (TRUTH / f"{name}.json.gz").exists()}


def test_the_fleet_of_airflows_objects_equals_the_ground_truth(version, home):
    folders = example_folders(version, home)
    assert folders, f"there is no ground truth for Airflow {version}"
    for name, folder in folders.items():
        truth = json.loads(gzip.decompress((TRUTH / f"{name}.json.gz").read_bytes()))
        told, fleet = score(folder, truth, REAL)
        assert (told.missing, told.unequal) == ({}, {})
        assert len(told.equal) == truth["meta"]["dags"]
        assert fleet.problems == ()


# What the stand-in is known to make of Airflow's own examples otherwise than Airflow, and why.
KNOWN = {
    "only the stand-in loads example_kubernetes_executor": "needs the kubernetes package",
    "only the stand-in loads example_local_kubernetes_executor": "needs the kubernetes package",
}


def test_each_difference_between_the_stand_in_and_airflow_is_known(version, home):
    for folder in example_folders(version, home).values():
        real = load(folder, **REAL)
        stand_in = load(folder, airflow="stand-in", profile=real.profile, cache=None)
        only, by_field = compare(real, stand_in)
        assert {*only, *by_field} - KNOWN.keys() == set(), by_field


def test_the_recorded_dag_files_come_to_what_was_recorded(version):
    release = ".".join(version.split(".")[:2])
    now, then = (loaded_from(one, DAGS) for one in (dump_of(PYTHON), recording(release)))
    assert now.fleet.dags == then.fleet.dags
    assert now.fleet.assumptions == then.fleet.assumptions
    assert [(p.file, p.line, p.cause) for p in now.fleet.problems] == [
        (p.file, p.line, p.cause) for p in then.fleet.problems
    ]


UNSAID = ("timeout_s", "soft_fail", "deferrable", "poke_interval_s", "exponential_backoff")
UNSAID += ("execution_delta_s", "execution_date_fn", "check_existence", "reset_dag_run")
UNSAID += ("allowed_states", "failed_states", "ignore_downstream_trigger_rules")
NOT_SERIALIZED = {f"kind.{name}" for name in UNSAID}


def test_the_database_that_airflow_fills_holds_the_same_fleet(tmp_path):
    found = load(fill_database(PYTHON, DAGS, tmp_path))
    only, by_field = compare(load(DAGS, **REAL), found)
    assert only == []
    assert by_field.keys() - NOT_SERIALIZED <= {
        "file",
        "line",
        "is_paused",  # DAGs are paused at creation
        "catchup",  # in 3.x written even if the DAG file doesn't say it
        "max_active_runs",  # in 3.x likewise, in 2.x not even if it does, when it is the default
        "max_active_tasks",
        "schedule",  # always written as a timetable
        "schedule.timezone",
        "schedule.timetable",
        "schedule.expression",
        "kind",  # an EmptyOperator with a callback looks like any other
    }, by_field
    assert found.cluster.pools["default_pool"].slots == 128


def test_nothing_of_the_callers_airflow_is_touched(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    found = load(DAGS, **REAL)
    assert len(found.fleet.dags) > 10
    assert list(tmp_path.iterdir()) == []
    assert not list(DAGS.rglob("__pycache__"))


def test_files_that_misbehave_cost_only_themselves(tmp_path):
    good = (DAGS / "limits.py").read_text()
    (tmp_path / "a_good.py").write_text(good)
    (tmp_path / "b_exits.py").write_text("import os  # dag airflow\nos._exit(7)\n")
    (tmp_path / "c_network.py").write_text(
        "import socket  # dag airflow\nsocket.create_connection(('example.org', 80))\n"
    )
    (tmp_path / "d_slow.py").write_text("import time  # dag airflow\ntime.sleep(60)\n")
    (tmp_path / "e_variable.py").write_text(
        "from airflow import DAG\nfrom airflow.models import Variable\nVariable.get('unknown')\n"
    )
    (tmp_path / "f_cycle.py").write_text(
        "from airflow import DAG\nfrom airflow.operators.empty import EmptyOperator\n"
        "with DAG('f', schedule=None):\n"
        "    a, b = EmptyOperator(task_id='a'), EmptyOperator(task_id='b')\n    a >> b >> a\n"
    )
    (tmp_path / "g_good.py").write_text(good.replace("_said", "_also_said"))
    found = load(tmp_path, import_timeout_s=2, **REAL)
    problems = {p.file: p for p in found.fleet.problems}
    assert problems.keys() == {f"{n}.py" for n in ("b_exits", "c_network", "d_slow")} | {
        "e_variable.py",
        "f_cycle.py",
        "g_good.py",
    }
    assert "exit code 7" in problems["b_exits.py"].message
    assert "example.org" in problems["c_network.py"].message
    assert "never touches the network" in problems["c_network.py"].message
    assert "imeout" in problems["d_slow.py"].message
    assert "unknown" in problems["e_variable.py"].message
    assert problems["f_cycle.py"].cause == "cycle"
    assert problems["g_good.py"].cause == "duplicate"  # the decorated DAG has the same id
    assert found.fleet.dag("all_also_said").max_active_tasks == 7


RELATIVE = """
import datetime as dt
from datetime import date, datetime, timedelta
import pendulum
from airflow import DAG
from airflow.utils import timezone

dates = {
    "now": datetime.now(),
    "utcnow": datetime.utcnow(),
    "module": dt.datetime.today(),
    "aware": datetime.now(dt.timezone.utc),
    "day": datetime.combine(date.today(), datetime.min.time()),
    "pendulum": pendulum.today("UTC"),
    "airflow": timezone.utcnow(),
    "written": datetime(2025, 1, 2),
}
assert all(isinstance(found, datetime) for found in dates.values())
for name, found in dates.items():
    globals()[name] = DAG(name, schedule=None, start_date=found - timedelta(days=1))
"""


def test_dates_count_from_the_scenarios_start_so_that_loads_agree(tmp_path):
    (tmp_path / "relative.py").write_text(RELATIVE)
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    found = load(tmp_path, now=now, **REAL)
    assert found.fleet.problems == ()
    starts = {dag.dag_id: dag.start_date for dag in found.fleet.dags}
    day = datetime(2026, 2, 28, tzinfo=UTC)
    noon = datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert starts.pop("written") == datetime(2025, 1, 1, tzinfo=UTC)
    assert (starts.pop("day"), starts.pop("pendulum")) == (day, day)
    assert set(starts.values()) == {noon}
    assert [a.subject for a in found.fleet.assumptions] == ["now"]
