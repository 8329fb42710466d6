"""Records what a real Airflow does with `dags/`: its metadata database, as an SQLite file.

Run with the Python of an Airflow (2.11 or 3.x); see `tox -e record-3,record-2`. It starts the
components of a deployment in a folder of their own, with LocalExecutor or with CeleryExecutor and
one worker, triggers a run by hand now and then, stops them, and copies the tables that tell what
happened. Tasks sleep for real, so a recording of twelve minutes takes twelve minutes.

2.11 refuses LocalExecutor on SQLite, and Celery needs a server, too: there, name a PostgreSQL that
may be filled, or the folder of PostgreSQL's programs for a server of its own. Celery's broker is a
redis-server of its own.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

HERE = Path(__file__).parent
KEPT = (
    "alembic_version", "dag", "dag_run", "task_instance", "task_instance_history", "task_fail",
    "task_reschedule", "serialized_dag", "dag_version", "slot_pool", "log", "job", "trigger",
    "dataset", "dataset_event", "dagrun_dataset_event", "dag_schedule_dataset_reference",
    "task_outlet_dataset_reference", "asset", "asset_event", "dagrun_asset_event",
    "dag_schedule_asset_reference", "task_outlet_asset_reference", "dag_bundle", "backfill",
    "backfill_dag_run",
)  # fmt: skip
"""Tables that a reader of history could ask; what else there is holds code, templates, users."""


def main() -> None:
    """Record one deployment."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    home = Path(tempfile.mkdtemp(prefix="airflow-"))
    # PostgreSQL runs as a user of its own and needs to get at its folder.
    home.chmod(0o755)
    try:
        with ExitStack() as running:
            url = asked.database
            if asked.postgres is not None:
                url = running.enter_context(_postgres(asked.postgres, home))
            settings = _settings(home, asked.dags, asked.parallelism, url)
            if asked.celery is not None:
                settings |= _celery(running.enter_context(_redis(home)), asked.celery)
            _airflow(settings, "db", "migrate")
            for pool in asked.pool:
                name, slots = pool.split("=")
                _airflow(settings, "pools", "set", name, slots, "recorded")
            parts = [*COMPONENTS, *(["celery worker"] if asked.celery is not None else [])]
            with _deployment(parts, settings, home):
                _wait(asked.minutes * 60, settings, asked.trigger)
            _copy(settings, asked.into)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("into", type=Path, help="the SQLite file to write")
    parser.add_argument("--dags", type=Path, default=HERE / "dags")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--parallelism", type=int, default=4)
    parser.add_argument("--celery", type=int, default=None, help="slots of a Celery worker")
    parser.add_argument("--pool", action="append", default=[], help="NAME=SLOTS")
    parser.add_argument("--trigger", default=None, help="a DAG to trigger by hand now and then")
    parser.add_argument("--database", default=None, help="URL of a database that may be filled")
    parser.add_argument("--postgres", type=Path, default=None, help="folder of initdb and postgres")
    return parser.parse_args()


IS_3 = shutil.which("airflow", path=str(Path(sys.executable).parent)) is not None and (
    not __import__("airflow").__version__.startswith("2.")
)
COMPONENTS = ("api-server", "dag-processor", "scheduler") if IS_3 else ("scheduler",)


def _settings(home: Path, dags: Path, parallelism: int, url: str | None) -> dict[str, str]:
    """The environment of all components."""
    port = _free_port()
    settings = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags.resolve()),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        # Parsing again costs processor time that a recording on a small machine doesn't have.
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    if url is not None:
        settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = url
    return settings


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _celery(broker: str, slots: int) -> dict[str, str]:
    """The environment of CeleryExecutor."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": f"{broker}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"{broker}/1",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(slots),
        "C_FORCE_ROOT": "true",
    }


def _airflow(settings: dict[str, str], *words: str) -> None:
    subprocess.run(["airflow", *words], env=settings, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _deployment(parts: Sequence[str], settings: dict[str, str], home: Path) -> Iterator[None]:
    """All components, until the recording is over."""
    started = []
    for name in parts:
        log = (home / f"{name}.log").open("w")
        started.append(
            subprocess.Popen(
                ["airflow", *name.split()],
                env=settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )
        if name == "api-server":
            _listening(int(settings["AIRFLOW__API__PORT"]))
    try:
        yield
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _listening(port: int) -> None:
    for _ in range(120):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(1)
    raise SystemExit(f"nothing came up at port {port}")


def _wait(seconds: float, settings: dict[str, str], trigger: str | None) -> None:
    """Let time pass; a person triggers a run each two and a half minutes."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(150, left))
        if trigger is not None and ends - time.monotonic() > 30:
            # Not checked: the DAG files of a slow machine may not be parsed yet.
            subprocess.run(["airflow", "dags", "trigger", trigger], env=settings, check=False)


@contextmanager
def _postgres(programs: Path, home: Path) -> Iterator[str]:
    """A PostgreSQL server for this recording alone, reached over a socket in its own folder."""
    data = home / "postgres"
    data.mkdir()
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(data, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    _quietly(*as_user, programs / "initdb", "-A", "trust", "-U", "airflow", data / "d")
    control = [*as_user, programs / "pg_ctl", "-w", "-D", data / "d"]
    options = f"-k {data} -c listen_addresses='' -c fsync=off"
    _quietly(*control, "-l", data / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg2://airflow@/postgres?host={data}"
    finally:
        _quietly(*control, "-m", "fast", "stop")


@contextmanager
def _redis(home: Path) -> Iterator[str]:
    """A redis-server for this recording alone, which keeps nothing."""
    port = _free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        _listening(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def _quietly(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _copy(settings: dict[str, str], into: Path) -> None:
    """The tables that tell what happened, in the form that Airflow itself gives them in SQLite."""
    into.unlink(missing_ok=True)
    into.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, __file__, "--copy-into", into], env=settings, check=True)


def _copied(into: Path) -> None:
    # Imported here: they read the settings of a deployment that has to be there.
    from airflow import settings  # noqa: PLC0415
    from airflow.models import import_all_models  # noqa: PLC0415
    from airflow.models.base import Base  # noqa: PLC0415
    from sqlalchemy import create_engine, inspect, select  # noqa: PLC0415

    import_all_models()
    there = set(inspect(settings.engine).get_table_names())
    # Not in their order: some name tables of Airflow's users, who are not here.
    tables = [t for t in Base.metadata.tables.values() if t.name in KEPT and t.name in there]
    target = create_engine(f"sqlite:///{into}")
    Base.metadata.create_all(target, tables=tables)
    with settings.engine.connect() as source, target.begin() as sink:
        for table in tables:
            rows = [dict(row._mapping) for row in source.execute(select(table))]
            if rows:
                sink.execute(table.insert(), rows)
            print(f"{table.name:34}{len(rows):6}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--copy-into"]:
        _copied(Path(sys.argv[2]))
    else:
        main()
