"""Serialized DAGs of all versions, in files and in databases, as Airflow wrote them."""

import builtins
import json
import sqlite3
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "recorded"))

from real_score import compare
from record import DAGS, HERE, recording

from windtunnel.errors import InvalidInput
from windtunnel.loaders import load, read_scenario
from windtunnel.loaders.real.load import loaded_from
from windtunnel.model import Branch, Empty, ExternalTaskSensor, TriggerDagRun

RELEASES = {1: "2.11", 2: "3.0", 3: "3.3"}
VERSIONS = tuple(RELEASES)


def recorded(version):
    return json.loads((HERE / f"serialized-{version}.json").read_text())


def fleet(version):
    return load(HERE / f"serialized-{version}.json").fleet


# What Airflow doesn't write of a sensor or trigger, and what reads otherwise once it is written.
NOT_WRITTEN = {
    "kind.timeout_s",
    "kind.soft_fail",
    "kind.deferrable",
    "kind.poke_interval_s",
    "kind.exponential_backoff",
    "kind.execution_delta_s",
    "kind.execution_date_fn",
    "kind.check_existence",
    "kind.allowed_states",
    "kind.failed_states",
    "kind.reset_dag_run",
    "kind.ignore_downstream_trigger_rules",
    "kind",
    "file",
    "line",
    "catchup",
    "max_active_runs",
    "max_active_tasks",
    "schedule",
    "schedule.timetable",
    "schedule.timezone",
    "schedule.expression",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_is_written_is_read_as_airflows_own_objects_say_it(version):
    real = loaded_from(recording(RELEASES[version]), DAGS)
    written = load(HERE / f"serialized-{version}.json")
    only, by_field = compare(real, written)
    assert only == []
    assert by_field.keys() - NOT_WRITTEN == set(), by_field
    assert written.profile == real.profile


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schedule_makes_the_same_runs_whether_written_as_text_or_as_a_timetable(version):
    daily = fleet(version).dag("waits").schedule
    assert daily.expression == "0 3 * * *"
    assert daily.timetable == ("interval" if version == 1 else "trigger")
    assert fleet(version).dag("schedule_once").schedule.type == "once"
    assert fleet(version).dag("schedule_never").schedule is None
    assert fleet(version).dag("schedule_every").schedule.seconds == 6 * 3600
    assert fleet(version).dag("schedule_any_data").asset_condition.type == "any"


@pytest.mark.parametrize("version", VERSIONS)
def test_kinds_are_told_without_the_operators_classes(version):
    waits = fleet(version).dag("waits")
    assert waits.task("branch").kind == Branch()
    assert waits.task("left").kind == Empty()
    assert waits.task("hour").kind == ExternalTaskSensor(
        external_dag_id="upstream", external_task_ids=("end",), mode="reschedule"
    )
    fire = waits.task("fire").kind
    assert isinstance(fire, TriggerDagRun)
    assert (fire.trigger_dag_id, fire.wait_for_completion) == ("upstream", True)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_serialized_dags_do_not_say_is_assumed_once(version):
    said = [str(a.assumed) for a in fleet(version).assumptions if "not in serialized" in a.assumed]
    assert len(said) == 3
    assert "timeout 7 days" in said[0]


@pytest.mark.parametrize("shape", [list, lambda dags: {"dags": list(dags)}, "rows", "text"])
def test_however_they_are_put_together_in_a_file(tmp_path, shape):
    dags = recorded(3).values()
    if shape == "rows":
        data = [{"dag_id": d["dag"]["dag_id"], "data": d} for d in dags]
    elif shape == "text":
        data = [{"dag_id": d["dag"]["dag_id"], "data": json.dumps(d)} for d in dags]
    else:
        data = shape(dags)
    (tmp_path / "all.json").write_text(json.dumps(data))
    assert load(tmp_path / "all.json").fleet.dags == fleet(3).dags


def test_a_folder_of_such_files_is_one_fleet(tmp_path):
    for dag_id, data in recorded(2).items():
        (tmp_path / f"{dag_id}.json").write_text(json.dumps(data))
    assert {d.dag_id for d in load(tmp_path).fleet.dags} == recorded(2).keys()


def test_one_that_can_not_be_used_is_a_problem_and_the_others_are_loaded(tmp_path):
    dags = recorded(3)
    dags["upstream"]["__version"] = 99
    dags["grouped"]["dag"]["tasks"][0]["__var"]["pool_slots"] = 0
    del dags["mapped"]["dag"]["tasks"][0]["__var"]["task_id"]
    (tmp_path / "dags.json").write_text(json.dumps(dags))
    found = load(tmp_path / "dags.json").fleet
    assert {d.dag_id for d in found.dags} == dags.keys() - {"upstream", "grouped", "mapped"}
    said = "\n".join(p.message for p in found.problems)
    assert "version 99 of serialized DAGs is not known" in said
    assert "pool_slots=0 can't be used" in said
    assert "KeyError: 'task_id'" in said


def test_json_that_is_something_else_is_refused_with_what_is_read(tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1}')
    with pytest.raises(InvalidInput, match=r"neither serialized DAGs .* nor an execution trace"):
        load(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"a": ')
    with pytest.raises(InvalidInput, match=r"x\.json: not valid JSON"):
        load(tmp_path / "x.json")


TWO = [{"__type": "dataset", "uri": "a"}, {"__type": "dataset", "uri": "b"}]
WRAPPED = [{"__type": "dataset", "__var": {"uri": uri}} for uri in "ab"]


@pytest.mark.parametrize(
    ("beside", "inside", "joint"),
    [
        (TWO, None, "all"),  # 2.7, 2.8
        ({"__type": "dataset_any", "__var": WRAPPED}, None, "any"),  # 2.9
        (None, {"dataset_condition": {"__type": "dataset_any", "objects": TWO}}, "any"),  # 2.10
    ],
)
def test_datasets_are_read_wherever_a_release_writes_them(tmp_path, beside, inside, joint):
    data = recorded(1)["schedule_data"]
    data["dag"]["dataset_triggers"] = beside
    data["dag"]["timetable"]["__var"] = inside or {}
    (tmp_path / "dag.json").write_text(json.dumps(data))
    condition = load(tmp_path / "dag.json").fleet.dag("schedule_data").asset_condition
    assert (condition.type, condition.of) == (joint, ("a", "b"))


@pytest.fixture
def database(tmp_path):
    """A metadata database with the tables and columns that are read, as Airflow 3 makes them."""
    place = tmp_path / "airflow.db"
    connection = sqlite3.connect(place)
    connection.executescript(
        "CREATE TABLE serialized_dag (id, dag_id, data JSON, data_compressed BLOB, created_at, "
        "last_updated);"
        "CREATE TABLE dag (dag_id, is_paused, is_stale);"
        "CREATE TABLE slot_pool (id, pool, slots, description, include_deferred);"
        "INSERT INTO slot_pool VALUES (1, 'default_pool', 64, '', 0), (2, 'db', 3, '', 1);"
    )
    for number, (dag_id, data) in enumerate(recorded(3).items()):
        row = (number, dag_id, json.dumps(data), None, "2026-01-01", "2026-01-02")
        if dag_id == "mapped":
            row = (number, dag_id, None, zlib.compress(row[2].encode()), "2026-01-01", "2026-01-02")
        connection.execute("INSERT INTO serialized_dag VALUES (?, ?, ?, ?, ?, ?)", row)
        state = (dag_id, dag_id == "waits", dag_id == "upstream")
        connection.execute("INSERT INTO dag VALUES (?, ?, ?)", state)
    old = recorded(3)["all_said"]
    old["dag"]["max_active_runs"] = 99
    row = (999, "all_said", json.dumps(old), None, "2025-01-01", "2025-01-01")
    connection.execute("INSERT INTO serialized_dag VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    return place


def test_a_database_gives_the_latest_of_each_dag_that_still_exists(database):
    found = load(database)
    assert {d.dag_id for d in found.fleet.dags} == recorded(3).keys() - {"upstream"}
    assert found.fleet.dag("all_said").max_active_runs == 16
    assert found.fleet.dag("mapped").tasks == fleet(3).dag("mapped").tasks


def test_a_database_knows_which_dags_are_paused_and_how_large_pools_are(database):
    scenario = read_scenario(f"sqlite:///{database}").scenario
    assert [d.dag_id for d in scenario.fleet.dags if d.is_paused] == ["waits"]
    pools = {name: (p.slots, p.include_deferred) for name, p in scenario.cluster.pools.items()}
    assert pools == {"default_pool": (64, False), "db": (3, True)}
    assert scenario.cluster.profile == "airflow-3.3"


def test_a_database_is_only_read(database):
    database.chmod(0o444)
    before = database.read_bytes()
    load(database)
    assert database.read_bytes() == before
    assert [f.name for f in database.parent.iterdir()] == ["airflow.db"]


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(InvalidInput, match="no such file"):
        load(f"sqlite:///{tmp_path}/airflow.db")
    assert list(tmp_path.iterdir()) == []


def test_another_database_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    connection.close()
    with pytest.raises(InvalidInput, match="no metadata database of Airflow"):
        load(tmp_path / "other.db")


def test_a_server_that_can_not_be_reached_is_named_without_its_password():
    with pytest.raises(InvalidInput) as caught:
        load("postgresql://airflow:secret@127.0.0.1:1/airflow")
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:1/airflow" in str(caught.value)


def test_without_sqlalchemy_it_is_said_what_to_install(database, monkeypatch):
    whole = builtins.__import__

    def partly(name, *args, **kwargs):
        if name.partition(".")[0] == "sqlalchemy":
            raise ModuleNotFoundError(name="sqlalchemy")
        return whole(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", partly)
    with pytest.raises(InvalidInput, match=r"pip install 'windtunnel\[database\]'"):
        load(database)
