"""The past read from a real PostgreSQL server, into which go the tables of a real Airflow."""

import gzip
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from recorded_databases import RECORDED
from windtunnel.calibration import behavior_toml, calibrate, read_past
from windtunnel.errors import InvalidInput
from windtunnel.loaders import load
from windtunnel.loaders.metadata import opened

psycopg = pytest.importorskip("psycopg")
TOOLS = ("initdb", "pg_ctl", "psql")
PLACES = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin")]


def _tools():
    """The programs of the newest PostgreSQL that is here."""
    for place in sorted(PLACES, reverse=True):
        if all((place / tool).exists() for tool in TOOLS):
            return place
    found = shutil.which("initdb")
    return Path(found).parent if found and shutil.which("pg_ctl") else None


def _as_somebody():
    """What runs a program as somebody who isn't root: the server refuses to be that."""
    if os.geteuid() != 0:
        return []
    known = subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode == 0
    return ["runuser", "-u", "postgres", "--"] if known and shutil.which("runuser") else None


@pytest.fixture(scope="module")
def server():
    """The URL of a server of its own, without the database; it is gone after the tests."""
    tools, somebody = _tools(), _as_somebody()
    if tools is None or somebody is None:
        pytest.skip("no PostgreSQL server is installed, or nobody may run it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A socket's path may not be long, and whoever isn't root must get there.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp" if somebody else None))
    folder.chmod(0o777)
    data = folder / "data"

    def run(tool, *args):
        subprocess.run(
            [*somebody, tools / tool, *map(str, args)],
            check=True,
            capture_output=True,
            cwd=folder,
            timeout=60,
        )

    options = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
    try:
        run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        run("pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        yield f"127.0.0.1:{port}"
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def database(server):
    """A URL as in sql_alchemy_conn, of a database with what Airflow 2.11 wrote into one."""
    url = f"postgresql://postgres@{server}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE airflow")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'secret'")
    text = gzip.decompress((RECORDED / "airflow-2.11.postgresql.sql.gz").read_bytes())
    psql = [_tools() / "psql", "-q", "-v", "ON_ERROR_STOP=1", f"{url}/airflow"]
    subprocess.run(psql, input=text, check=True, capture_output=True, timeout=60)
    with psycopg.connect(f"{url}/airflow", autocommit=True) as connection:
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    return f"postgresql+psycopg2://reader:secret@{server}/airflow"


def test_it_tells_the_same_as_the_same_rows_in_sqlite(database, recorded):
    here, there = read_past(database), read_past(recorded("airflow-2.11"))
    assert here.tries == there.tries
    assert here.runs == there.runs
    assert (here.pokes, here.log, here.lacking) == (there.pokes, there.log, there.lacking)
    assert here.release == "2.x"
    assert len(here.tries) > 250


def test_the_url_of_airflow_itself_is_taken_whatever_its_driver_and_the_password_is_not_told(
    database,
):
    past = read_past(database.replace("psycopg2", "asyncpg"))
    assert past.source.startswith("postgresql+asyncpg://127.0.0.1")
    assert "secret" not in behavior_toml(calibrate(past, load(database).fleet))


def test_a_window_is_cut_by_the_server_as_it_is_in_sqlite(database, recorded):
    middle = sorted(run.began for run in read_past(database).runs)[20]
    here = read_past(database, since=middle)
    assert here.runs == read_past(recorded("airflow-2.11"), since=middle).runs
    assert 0 < len(here.runs) < 44


def test_nothing_can_be_written_through_the_connection(server, database):
    owner = database.replace("reader:secret", "postgres")
    with (
        pytest.raises(InvalidInput, match="read-only transaction"),
        opened(owner) as connection,
    ):
        connection.execute(text("DELETE FROM task_instance"))
    assert len(read_past(database).tries) > 250


def test_a_database_of_something_else_and_one_that_is_not_there_are_told(server):
    with pytest.raises(InvalidInput, match=r"is this Airflow's database\?"):
        read_past(f"postgresql://postgres@{server}/postgres")
    with pytest.raises(InvalidInput, match='database "airflw" does not exist'):
        read_past(f"postgresql://postgres@{server}/airflw")
