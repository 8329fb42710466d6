"""What happened, read from databases that real Airflow filled, and from exports of them."""

import csv
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta

import pyarrow
import pytest
from pyarrow import parquet

from windtunnel.calibration import Past, read_past
from windtunnel.errors import InvalidInput

DATABASES = ("airflow-3.3", "airflow-2.11")


@pytest.fixture(params=DATABASES, scope="module")
def database(request, recorded):
    return recorded(request.param)


@pytest.fixture(scope="module")
def past(database) -> Past:
    return read_past(database)


def rows(database, query):
    with sqlite3.connect(database) as connection:
        return connection.execute(query).fetchall()


def exported(database, folder, form):
    """The tables of a database as somebody would export them."""
    for table in ("dag_run", "task_instance", "task_instance_history", "task_reschedule", "log"):
        query = f"SELECT * FROM {table}"
        if table == "task_reschedule":
            query = "SELECT * FROM task_reschedule"
            if "3.3" in database.name:
                query = (
                    "SELECT t.dag_id, t.run_id, t.task_id, t.map_index, r.* "
                    "FROM task_reschedule r JOIN task_instance t ON t.id = r.ti_id"
                )
        with sqlite3.connect(database) as connection:
            found = connection.execute(query)
            names = [column[0] for column in found.description]
            values = found.fetchall()
        if form == "csv":
            with (folder / f"{table}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([names, *values])
        else:
            columns = {name: [row[n] for row in values] for n, name in enumerate(names)}
            parquet.write_table(pyarrow.table(columns), folder / f"{table}.parquet")


def test_every_dag_run_is_there_with_when_it_was_due_and_how_it_ended(database, past):
    told = rows(database, "SELECT dag_id, run_id, state FROM dag_run")
    assert sorted((run.dag_id, run.run_id, run.state) for run in past.runs) == sorted(told)
    for run in past.runs:
        assert run.run_after is not None
        assert run.start is None or run.run_after <= run.start
        assert run.end is None or run.start < run.end


def test_every_try_is_there_also_those_that_were_retried(database, past):
    latest = rows(database, "SELECT count(*) FROM task_instance")[0][0]
    earlier = rows(database, "SELECT count(*) FROM task_instance_history")[0][0]
    assert Counter(one.last for one in past.tries) == {True: latest, False: earlier}
    unsure = [one for one in past.tries if one.task_id == "unsure" and one.start]
    retried = [one for one in unsure if not one.last]
    assert {one.state for one in retried} == {"failed"}
    for one in retried:
        later = [t for t in unsure if t.key == one.key and t.try_number == one.try_number + 1]
        assert later[0].start >= one.end


def test_a_try_waits_in_the_queue_and_then_runs(past):
    ordinary = [t for t in past.tries if t.task_id == "start" and t.start]
    assert len(ordinary) > 10
    for one in ordinary:
        assert one.queued <= one.start
        assert one.end is None or one.end > one.start
        assert one.operator == "PythonOperator"
        assert one.hostname == "worker"


def test_sensors_in_mode_reschedule_have_their_pokes(database, past):
    assert len(past.pokes) == rows(database, "SELECT count(*) FROM task_reschedule")[0][0]
    assert {poke.task_id for poke in past.pokes} <= {"asked"}
    for poke in past.pokes:
        assert timedelta(seconds=2) < poke.next_poke - poke.end < timedelta(seconds=4)


def test_the_log_says_when_tries_deferred_and_resumed(past):
    assert {line.task_id for line in past.log} == {"deferred"}
    resumed = (
        ["running", "running"] if past.release == "2.x" else ["running", "deferred", "running"]
    )
    ended = [t for t in past.tries if t.task_id == "deferred" and t.state == "success"]
    for one in ended:
        events = sorted((line.at, line.event) for line in past.log if line[:4] == one.key)
        assert [event for _, event in events] == resumed
        assert one.start <= events[1][0] <= events[-1][0] <= one.end


def test_a_window_takes_whole_dag_runs_by_when_they_began(database, past):
    middle = sorted(run.began for run in past.runs)[len(past.runs) // 2]
    before, after = read_past(database, until=middle), read_past(database, since=middle)
    assert all(run.began < middle for run in before.runs)
    assert all(run.began >= middle for run in after.runs)
    assert sorted(before.tries + after.tries, key=lambda t: t[:5]) == sorted(
        past.tries, key=lambda t: t[:5]
    )
    assert len(before.pokes) + len(after.pokes) == len(past.pokes)
    assert len(before.log) + len(after.log) == len(past.log)
    assert len(before.runs) + len(after.runs) == len(past.runs)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_tells_the_same_as_the_database(database, past, tmp_path, form):
    exported(database, tmp_path, form)
    told = read_past(tmp_path)
    assert told.runs == past.runs
    assert told.tries == past.tries
    assert told.pokes == past.pokes
    assert [line for line in told.log if line.task_id == "deferred"] == [
        line for line in past.log if line.task_id == "deferred"
    ]
    assert told.release == past.release


def test_a_file_of_task_instances_alone_is_enough(database, past, tmp_path):
    exported(database, tmp_path, "csv")
    told = read_past(tmp_path / "task_instance.csv")
    assert told.tries == tuple(t for t in past.tries if t.last)
    assert {run.key for run in told.runs} == {t.run for t in past.tries}
    assert "tries before the last one (task_instance_history)" in told.lacking
    started = {t.run: t.start for t in sorted(past.tries, key=lambda t: t[:1]) if t.start}
    assert all(run.start <= started[run.key] for run in told.runs if run.key in started)


def test_nothing_is_written_to_the_database(database, past):
    before = database.read_bytes()
    database.chmod(0o444)
    read_past(f"sqlite:///{database}")
    assert database.read_bytes() == before
    assert not list(database.parent.glob("*-journal"))
    assert not list(database.parent.glob("*-wal"))


def test_a_database_of_something_else_is_refused_in_words(tmp_path):
    file = tmp_path / "own.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    with pytest.raises(InvalidInput, match=r"is this Airflow's database\?.*no table dag_run"):
        read_past(file)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.db", "no such file or folder; name the URL of Airflow's database"),
        ("sqlite://home/airflow.db", "has three slashes before a relative path"),
        ("sqlite:///nowhere.db", "no such file; give the path of Airflow's SQLite database"),
        ("oracle://me:secret@host/db", "no database that Airflow uses; write sqlite"),
        ("postgresql://me:secret@127.0.0.1:1/airflow", "can't be read: .*refused"),
        ("postgresql://", "can't be read"),
        ("postgresql://me:secret@host:a/airflow", "is no URL of a database.*%40 for @"),
        ("https://github.com/a/b", "no database that Airflow uses"),
        ("://", "is no URL of a database"),
    ],
)
def test_what_is_no_database_is_told_without_its_password(source, said):
    with pytest.raises(InvalidInput, match=said) as told:
        read_past(source)
    assert "secret" not in str(told.value)


def test_a_window_in_which_nothing_ran_says_so(database):
    with pytest.raises(InvalidInput, match="no task ran in a dag run that began from 2030-01-01"):
        read_past(database, since=datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; its first line names the columns"),
        ("dag_id,task_id,duration\na,b,3\n", "lacks the column run_id; it has: dag_id, task_id"),
        (
            "dag_id,run_id,task_id,start_date,end_date\na,r,b,yesterday,\n",
            r'task_instance\.csv, row 1: "yesterday" is no instant; write it as 2026-03-01T02',
        ),
        (
            "dag_id,run_id,task_id,start_date,end_date,try_number\na,r,b,,,x\n",
            r'task_instance\.csv, row 1: "x" is no number',
        ),
        ("dag_id,run_id,task_id,start_date,end_date\na,r,b,\\N,NULL\n", "no task ran"),
        ("dag_id,run_id,task_id,start_date,end_date\na\n", "row 1: has 1 cells, its header 5"),
    ],
)
def test_a_mistake_in_an_export_is_told_with_its_row(tmp_path, text, said):
    file = tmp_path / "task_instance.csv"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_past(file)


def test_a_file_that_is_no_parquet_is_told(tmp_path):
    (tmp_path / "task_instance.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(InvalidInput, match="can't be read"):
        read_past(tmp_path)


def test_an_export_as_psql_writes_it(tmp_path):
    (tmp_path / "task_instance.csv").write_text(
        "dag_id,run_id,task_id,map_index,try_number,state,queued_dttm,start_date,end_date,duration\n"
        "etl,r1,load,-1,1,success,2026-03-01 02:00:01+00,2026-03-01 02:00:03.5+00,,12.5\n"
    )
    (one,) = read_past(tmp_path).tries
    assert one.start == datetime(2026, 3, 1, 2, 0, 3, 500_000, tzinfo=UTC)
    assert one.seconds == 12.5
