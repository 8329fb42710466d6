"""The past read from a real MySQL server (MariaDB), into which go the rows of a real Airflow."""

import gzip
import json
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from windtunnel.calibration import read_past
from windtunnel.cli.app import app
from windtunnel.errors import InvalidInput
from windtunnel.loaders import load, metadata
from windtunnel.loaders.metadata import opened

pymysql = pytest.importorskip("pymysql")
RECORDED = Path(__file__).parents[1] / "backtest" / "recorded"
RELEASES = ("3.3", "2.11")
FAR_FROM_UTC = "+05:30"
IDS = ("dag_id", "task_id", "run_id", "bundle_name", "partition_key")
START_S = 60.0


def _program(name):
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """Host and port of a server of its own; it is gone after the tests.

    It tells the time of somewhere else, and each statement sees what was committed before it, as
    Airflow's documentation wants servers to be.
    """
    programs = [_program(name) for name in ("mariadb-install-db", "mariadbd")]
    if None in programs:
        pytest.skip("no MariaDB server is installed")
    port = _free_port()
    # A socket's path may not be long.
    folder = Path(tempfile.mkdtemp(prefix="my"))
    common = ["--no-defaults", f"--datadir={folder / 'data'}"]
    # The server refuses to run as root, unless it is told to.
    common.append(f"--user={pwd.getpwuid(os.geteuid()).pw_name}")
    running = None
    try:
        subprocess.run(
            [programs[0], *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True,
            capture_output=True,
            timeout=START_S,
        )
        options = [
            f"--socket={folder / 's'}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--default-time-zone={FAR_FROM_UTC}",
            "--transaction-isolation=READ-COMMITTED",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen([programs[1], *common, *options], stdout=log, stderr=log)
        _wait_for(port, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        if running is not None:
            running.kill()
            running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port, log):
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail(f"the server does not answer: {log.read_text()}")


def _as_root(server, database=None):
    host, port = server.split(":")
    return closing(
        pymysql.connect(
            host=host, port=int(port), user="root", database=database, autocommit=True,
            init_command="SET time_zone = '+00:00'",
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """By release, the path of the SQLite file."""
    folder = tmp_path_factory.mktemp("recorded")
    files = {release: folder / f"base-{release}.db" for release in RELEASES}
    for file in files.values():
        file.write_bytes(gzip.decompress((RECORDED / f"{file.name}.gz").read_bytes()))
    return files


@pytest.fixture(scope="module")
def urls(server, recorded):
    """By release, a URL as in sql_alchemy_conn, of somebody who may only read."""
    names = {release: f"airflow_{release.replace('.', '_')}" for release in RELEASES}
    with _as_root(server) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'secret'")
        for release, name in names.items():
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            cursor.execute(f"USE {name}")
            cursor.execute(f"GRANT SELECT ON {name}.* TO reader@'127.0.0.1'")
            cursor.execute("BEGIN")
            with closing(sqlite3.connect(recorded[release])) as rows:
                _copy(rows, cursor)
            cursor.execute("COMMIT")
    return {release: f"mysql://reader:secret@{server}/{name}" for release, name in names.items()}


def _copy(recorded, cursor):
    """All tables, with the types that Airflow has in MySQL for those that it has in SQLite."""
    for (table,) in recorded.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        asked = f"SELECT name, type FROM pragma_table_info('{table}')"
        columns = recorded.execute(asked).fetchall()
        typed = ", ".join(f"`{name}` {_type(name, kind)}" for name, kind in columns)
        cursor.execute(f"CREATE TABLE `{table}` ({typed})")
        rows = [
            [_value(value, kind) for value, (_, kind) in zip(row, columns, strict=True)]
            for row in recorded.execute(f"SELECT * FROM {table}")
        ]
        marks = ", ".join("%s" for _ in columns)
        cursor.executemany(f"INSERT INTO `{table}` VALUES ({marks})", rows)


def _type(name, kind):
    if kind == "TIMESTAMP":
        return "TIMESTAMP(6) NULL"
    return f"{kind} COLLATE utf8mb3_bin" if name in IDS and kind.startswith("VARCHAR") else kind


def _value(value, kind):
    """MySQL, unlike MariaDB, keeps the keys of JSON objects in an order of its own."""
    if kind != "JSON" or value is None:
        return value
    return json.dumps(_reordered(json.loads(value)))


def _reordered(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key))
        return {key: _reordered(value[key]) for key in keys}
    return [_reordered(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    "asked",
    [
        ["calibrate", "-o", "-"],
        ["calibrate", "--since", "2026-11-27T01:14", "--until", "2026-11-27T01:51", "-o", "-"],
        ["backtest", "--trials", "2", "--format", "json"],
        ["backtest", "--trials", "2", "--replayed"],
    ],
    ids=" ".join,
)
def test_each_command_prints_the_same_bytes_as_from_the_same_rows_in_sqlite(
    urls, recorded, release, asked
):
    printed = []
    for source in (str(recorded[release]), urls[release]):
        done = CliRunner().invoke(app, [*asked, "--from", source], catch_exceptions=False)
        assert done.exit_code == 0
        assert "secret" not in done.output
        # Lines are wrapped, and names differ in length.
        shown = source.replace("reader:secret@", "")
        printed.append("".join(done.output.split()).replace(shown, "SOURCE"))
    assert printed[0] == printed[1]
    assert "SOURCE" in printed[0]


@pytest.mark.parametrize("release", RELEASES)
def test_instants_are_those_of_airflow_whatever_the_timezone_of_the_server(urls, recorded, release):
    here, there = read_past(urls[release]), read_past(recorded[release])
    assert here.runs == there.runs
    assert (here.tries, here.pokes, here.log) == (there.tries, there.pokes, there.log)
    assert len(here.tries) > 200
    assert load(urls[release]).fleet == load(recorded[release]).fleet


def test_the_dags_of_a_database_are_shown_and_it_is_no_target(urls, recorded):
    here, there = (
        CliRunner().invoke(app, ["load", str(one)]).output for one in (urls["3.3"], recorded["3.3"])
    )
    assert here == there
    assert "7 DAGs with 25 tasks" in here
    done = CliRunner().invoke(app, ["run", urls["3.3"]])
    assert "a database is read by windtunnel load" in str(done.exception)
    assert "secret" not in str(done.exception)


def test_nothing_can_be_written_through_the_connection(server, urls):
    owner = urls["3.3"].replace("reader:secret", "root")
    for statement in ("DELETE FROM task_instance", "DROP TABLE log", "CREATE TABLE own (id INT)"):
        with pytest.raises(InvalidInput, match="READ ONLY transaction"), opened(owner) as there:
            there.execute(text(statement))
    assert len(read_past(urls["3.3"]).tries) > 200


def test_all_that_is_read_was_true_at_one_instant(server, urls):
    count = text("SELECT count(*) FROM log")
    name = urls["2.11"].rpartition("/")[2]
    with _as_root(server, name) as other, opened(urls["2.11"]) as connection:
        before = connection.execute(count).scalar()
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO log (id, event) VALUES (999999, 'later')")
        assert connection.execute(count).scalar() == before
    with opened(urls["2.11"]) as connection:
        assert connection.execute(count).scalar() == before + 1


def test_what_goes_wrong_is_told_in_words_and_without_the_password(server, urls):
    url = urls["3.3"]
    for source, said in {
        url.replace(server, f"127.0.0.1:{_free_port()}"): "Can't connect to .*refused",
        url.replace(":secret@", ":secret2@"): "can't be read: Access denied for user 'reader'",
        f"mysql://root@{server}/airflw": "can't be read: Unknown database 'airflw'",
        f"mysql://root@{server}/mysql": r"is this Airflow's database\?",
        f"mysql://reader:secret@{server}": "says no database; write its name, too",
        f"{url}?password2=secret": "can't be read: .*password2",
    }.items():
        with pytest.raises(InvalidInput, match=said) as told:
            read_past(source)
        assert "secret" not in str(told.value)


def test_a_connection_that_ends_while_it_is_read_is_told(server, urls):
    with pytest.raises(InvalidInput, match=r"can't be read: .*onnection"):
        _read_and_killed(server, urls["3.3"])


def _read_and_killed(server, url):
    with _as_root(server) as other, opened(url) as connection:
        own = connection.execute(text("SELECT connection_id()")).scalar()
        with other.cursor() as cursor:
            cursor.execute(f"KILL {own}")
        connection.execute(text("SELECT * FROM dag"))


def test_without_a_driver_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(metadata, "find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match=r"pip install 'windtunnel\[mysql\]'"):
        read_past("mysql://reader@127.0.0.1/airflow")
