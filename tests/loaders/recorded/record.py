"""Records what a real Airflow makes of the DAG files beside this: record.py PYTHON.

PYTHON is the interpreter of an environment with Airflow. Writes ``airflow-3.3.json`` (its objects)
and ``serialized-3.json`` (what its database holds), by its release and serializer version.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import windtunnel
from windtunnel.loaders.real.run import Dumped, dump
from windtunnel.loaders.standin.session import DEFAULT_NOW

HERE = Path(__file__).parent
DAGS = HERE / "dags"
PACKAGE = Path(windtunnel.__file__).parent


def dump_of(python: str, folder: Path = DAGS) -> Dumped:
    """What this Airflow makes of a folder, now."""
    return dump(python, folder, (folder,), {}, timeout_s=30.0, now=DEFAULT_NOW)


def recording(release: str, folder: Path = DAGS) -> Dumped:
    """What a release made of the DAG files when it was recorded."""
    text = (HERE / f"airflow-{release}.json").read_text("utf-8")
    text = text.replace("{folder}", str(folder)).replace("{windtunnel}", str(PACKAGE))
    return Dumped(**json.loads(text))


def fill_database(python: str, dags: Path, home: Path, **settings: str) -> Path:
    """Let Airflow itself make a metadata database and serialize a folder of DAG files into it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **settings,
    }
    for command in (("db", "migrate"), ("dags", "reserialize")):
        subprocess.run(
            [python, "-m", "airflow", *command],
            env=environment,
            cwd=home,
            check=True,
            capture_output=True,
        )
    return home / "airflow.db"


def serialized(database: Path) -> dict[str, Any]:
    """dag_id -> what Airflow wrote of it."""
    # Imported here: only this needs it, and it is an extra.
    import sqlalchemy  # noqa: PLC0415

    engine = sqlalchemy.create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT dag_id, data FROM serialized_dag"))
        return {dag_id: json.loads(data) for dag_id, data in sorted(map(tuple, rows))}


def write(name: str, data: Mapping[str, Any]) -> None:
    """Write a recording, with names in place of where the folder and windtunnel happen to be."""
    text = json.dumps(data, indent=1).replace(str(DAGS), "{folder}")
    text = text.replace(str(PACKAGE), "{windtunnel}")
    (HERE / name).write_text(text + "\n", "utf-8")


def main() -> None:
    """Record the Airflow of one interpreter."""
    python = sys.argv[1]
    dumped = dump_of(python)
    release = ".".join(dumped.airflow.split(".")[:2])
    write(f"airflow-{release}.json", asdict(dumped))
    with tempfile.TemporaryDirectory() as home:
        found = serialized(fill_database(python, DAGS, Path(home)))
    version = next(iter(found.values()))["__version"]
    write(f"serialized-{version}.json", found)


if __name__ == "__main__":
    main()
