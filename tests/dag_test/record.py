"""What ``dag.test()`` of an installed Airflow makes of its own example DAGs: states and XComs.

    AIRFLOW_ENV/bin/python tests/dag_test/record.py RECORD.json FOLDER

The examples that need only Python are copied to FOLDER, where ``compare.py`` finds them, and run in
an Airflow home that nobody else uses.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

LOGICAL_DATE = datetime(2026, 3, 2, tzinfo=UTC)
SECONDS = 60
"""How long one DAG may take."""
PLAIN = {
    "PythonOperator",
    "_PythonDecoratedOperator",
    "BranchPythonOperator",
    "_BranchPythonDecoratedOperator",
    "ShortCircuitOperator",
    "_ShortCircuitDecoratedOperator",
    "PythonSensor",
    "DecoratedSensorOperator",
    "EmptyOperator",
    "BaseBranchOperator",
    "_AssetMainOperator",
}
"""Operators that need nothing but Python, as do classes of the examples' own. (LatestOnlyOperator
needs the real date, too.)"""


def folders() -> list[Path]:
    """Where this Airflow keeps its examples."""
    found = []
    for package in ("airflow", "airflow.providers.standard"):
        with contextlib.suppress(ModuleNotFoundError):
            spec = importlib.util.find_spec(package)
            if spec is not None and spec.submodule_search_locations:
                place = Path(next(iter(spec.submodule_search_locations))) / "example_dags"
                found += [place] if place.is_dir() else []
    return found


def copy_examples(target: Path) -> list[str]:
    """Copies of all that need neither plugins nor chance; of a choice the least is taken. Gives
    the files that were left out."""
    left_out = []
    for folder in folders():
        shutil.copytree(
            folder, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in target.rglob("*.py"):
        text = file.read_text("utf-8").replace("random.choice(", "min(")
        if "example_dags.plugins" in text or re.search(r"\brandom\.\w", text):
            file.unlink()
            left_out.append(file.name)
            continue
        file.write_text(text, "utf-8")
    return sorted(left_out)


def choose_home(home: Path, dags: Path) -> None:
    """Before anything of Airflow is imported: it reads this once."""
    os.environ.update(
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(dags),
        AIRFLOW__LOGGING__LOGGING_LEVEL="CRITICAL",
    )


def prepare() -> None:
    """A database of our own that knows the DAGs."""
    for command in ("db migrate", "dags reserialize"):
        airflow = [sys.executable, "-m", "airflow", *command.split()]
        subprocess.run(airflow, check=True, capture_output=True)


def needs(dag: Any, dags: Path) -> str:
    """What a DAG needs beside Python; nothing if it needs nothing."""
    found = set()
    for task in dag.tasks:
        cls = getattr(task, "operator_class", type(task))
        own = str(getattr(sys.modules.get(cls.__module__), "__file__", "")).startswith(str(dags))
        if cls.__name__ not in PLAIN and not own:
            found.add(cls.__name__)
        elif getattr(task, "inlets", None):
            found.add("events of other DAGs")  # there may be anything in the database
    return ", ".join(sorted(found))


class TooLongError(BaseException):
    """A DAG took longer than it may."""


def _ring(*_: object) -> None:
    raise TooLongError


def run(dag: Any) -> dict[str, Any]:
    """States and XComs of one run."""
    signal.signal(signal.SIGALRM, _ring)
    signal.alarm(SECONDS)
    try:
        if version("apache-airflow").startswith("2."):
            made = dag.test(execution_date=LOGICAL_DATE)
        else:
            made = dag.test(logical_date=LOGICAL_DATE)
    except TooLongError:
        return {"left_out": f"takes longer than {SECONDS} s"}
    finally:
        signal.alarm(0)
    return result_of(dag.dag_id, made)


def result_of(dag_id: str, made: Any) -> dict[str, Any]:
    from airflow.models.dagrun import DagRun  # noqa: PLC0415 - the home is known only now
    from airflow.utils.session import create_session  # noqa: PLC0415

    with create_session() as session:
        query = session.query(DagRun).filter(DagRun.dag_id == dag_id)
        if made is not None:
            query = query.filter(DagRun.run_id == made.run_id)
        dag_run = query.one()
        states = {
            _name(ti.task_id, ti.map_index): None if ti.state is None else str(ti.state)
            for ti in dag_run.get_task_instances(session=session)
        }
        return {
            "state": str(dag_run.state),
            "tasks": states,
            "xcoms": xcoms(session, dag_id, dag_run.run_id),
        }


def xcoms(session: Any, dag_id: str, run_id: str) -> dict[str, dict[str, str]]:
    """Task -> key -> the value as it reads when it is pulled."""
    try:
        from airflow.models.xcom import XComModel as Model  # noqa: PLC0415
        from airflow.sdk.bases.xcom import BaseXCom  # noqa: PLC0415

        read = BaseXCom.deserialize_value
    except ImportError:
        from airflow.models.xcom import XCom as Model  # noqa: PLC0415

        def read(row: Any) -> Any:
            return row.value

    found: dict[str, dict[str, str]] = {}
    rows = session.query(Model).filter(Model.dag_id == dag_id, Model.run_id == run_id).all()
    for row in rows:
        if row.key == "skipmixin_key" or row.key.startswith("pipeline_"):  # kept for the UI
            continue
        value = read(row)
        found.setdefault(_name(row.task_id, row.map_index), {})[row.key] = repr(value)
    return found


def _name(task_id: str, map_index: int) -> str:
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"


def main(record: str, folder: str) -> None:
    home, dags = Path(tempfile.mkdtemp()), Path(folder).resolve()
    shutil.rmtree(dags, ignore_errors=True)
    choose_home(home, dags)
    files = copy_examples(dags)
    try:
        prepare()
        from airflow.models.dagbag import DagBag  # noqa: PLC0415 - reads the settings just made

        logging.disable(logging.CRITICAL)
        results: dict[str, Any] = {}
        bag = DagBag(str(dags))
        for dag_id, dag in sorted(bag.dags.items()):
            if needed := needs(dag, dags):
                results[dag_id] = {"left_out": f"needs {needed}"}
                continue
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                try:
                    results[dag_id] = run(dag)
                except Exception as error:
                    results[dag_id] = {"left_out": f"dag.test() fails: {error!r}"[:200]}
            print(dag_id, results[dag_id].get("state", results[dag_id].get("left_out")), flush=True)
        data = {"airflow": version("apache-airflow"), "dags": results, "files_left_out": files}
        Path(record).write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", "utf-8")
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
