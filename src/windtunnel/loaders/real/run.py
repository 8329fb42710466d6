"""Run: DAG files are loaded by an interpreter that has Airflow, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.standin.own import SKIPPED_FOLDERS

DUMP = Path(__file__).with_name("dump.py")
PATIENCE_S = 60.0
"""How much longer than a file may take nothing may happen. Airflow itself ends a file after
``dagbag_import_timeout``, unless it is stuck in C code; importing Airflow takes some seconds."""
LOOK_EVERY_S = 0.02
KEPT = ("AIRFLOW_VAR_", "AIRFLOW_CONN_")
"""Variables and Connections may come from the environment, as in any deployment."""


class AirflowUnusable(InvalidInput):
    """There is no Airflow, or one that doesn't work."""


@dataclass
class Dumped:
    """What Airflow made of the files."""

    airflow: str = ""
    """Its version."""
    files: list[dict[str, Any]] = field(default_factory=list)
    """For each file that was begun: its path, its DAGs as records, and the error, if any."""


def dump(
    python: str,
    path: Path,
    roots: Sequence[Path],
    more: Mapping[str, str],
    *,
    timeout_s: float,
    now: datetime,
) -> Dumped:
    """Let the Airflow of an interpreter load a DAG file or a folder of them.

    Nothing of the Airflow installation is used but its code: its home, its database and its logs
    are in a temporary folder, and there is no network. A file that ends the process, or keeps it
    too long, is reported as such; the next ones are loaded by a new process.

    Args:
        python: the interpreter.
        path: the file or folder.
        roots: folders for ``sys.path``.
        more: environment variables beside the caller's own.
        timeout_s: how long one file may take.
        now: what it is now for these files.

    Raises:
        InvalidInput: the interpreter can't be started.
        AirflowUnusable: it has no Airflow that works.
    """
    found = Dumped()
    with tempfile.TemporaryDirectory(prefix="windtunnel-airflow-") as home:
        environment = _environment(Path(home), path, roots, more)
        environment["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = str(timeout_s)
        while True:
            request = {
                "path": str(path),
                "roots": [str(root) for root in roots],
                "own": [str(path if path.is_dir() else path.parent), *map(str, roots)],
                "aside": sorted(SKIPPED_FOLDERS),
                "now": now.isoformat(),
                "skip": len(found.files),
            }
            ended, said = _attempt(python, Path(home), request, environment, timeout_s + PATIENCE_S)
            before = len(found.files)
            finished = _collect(found, _lines(Path(home) / "answer.jsonl"), ended)
            if finished:
                return found
            if len(found.files) == before:
                raise AirflowUnusable(_no_airflow(python, ended, said))


def _environment(
    home: Path, path: Path, roots: Sequence[Path], more: Mapping[str, str]
) -> dict[str, str]:
    """The caller's environment without his own Airflow: that may name a real database."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW") or name.startswith(KEPT)
    }
    folder = path if path.is_dir() else path.parent
    plugins = [root for root in roots if root.name == "plugins"]
    ours = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins[0] if plugins else home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }
    return {**kept, **more, **ours}


def _attempt(
    python: str,
    home: Path,
    request: Mapping[str, Any],
    environment: Mapping[str, str],
    patience_s: float,
) -> tuple[str, str]:
    """One process; how it ended, if badly, and what it wrote to its error stream."""
    answer, errors = home / "answer.jsonl", home / "errors.txt"
    answer.write_bytes(b"")
    (home / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [python, str(DUMP), str(home / "request.json"), str(answer)]
    with errors.open("wb") as stream:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                cwd=home,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise InvalidInput(
                f"{python}: can't be started: {error.strerror}; give the Python interpreter of the "
                "environment in which Airflow is installed"
            ) from None
        try:
            ended = _watched(process, answer, patience_s)
        finally:
            _end(process)
    return ended, errors.read_text(encoding="utf-8", errors="replace")


def _watched(process: subprocess.Popen[bytes], answer: Path, patience_s: float) -> str:
    """Wait for its end as long as it gets on; how it ended, empty if well."""
    size, since = 0, time.monotonic()
    while process.poll() is None:
        time.sleep(LOOK_EVERY_S)
        now = answer.stat().st_size
        if now != size:
            size, since = now, time.monotonic()
        elif time.monotonic() - since > patience_s:
            return f"takes longer than {patience_s:g} s"
    code = process.returncode
    if code < 0:
        return f"ends the process by signal {-code}"
    return f"ends the process with exit code {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started."""
    try:
        os.killpg(process.pid, 9)
    except (OSError, AttributeError):
        process.kill()
    process.wait()


def _lines(answer: Path) -> Iterator[dict[str, Any]]:
    for line in answer.read_bytes().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return  # the last line of a process that ended while it wrote


def _collect(found: Dumped, lines: Iterator[dict[str, Any]], ended: str) -> bool:
    """Add what a process wrote; whether it came to the end of the files."""
    begun = None
    for line in lines:
        if "airflow" in line:
            found.airflow = line["airflow"]
        elif "begun" in line:
            begun = line["begun"]
        elif "done" in line:
            return True
        else:
            found.files.append(line)
            begun = None
    if begun is not None:
        found.files.append({"file": begun, "dags": [], "error": None, "ended": ended})
    return False


def _no_airflow(python: str, ended: str, said: str) -> str:
    last = said.strip().splitlines()[-1] if said.strip() else ended
    if "No module named 'airflow'" in last:
        return (
            f"{python} has no Airflow; give the interpreter of the environment in which it is "
            "installed, or load with the stand-in (airflow='stand-in')"
        )
    return f"Airflow can't be used with {python}: {last}"


def interpreter(given: str | Path | None) -> str:
    """The path of the interpreter asked for, by default the one that runs windtunnel.

    Raises:
        InvalidInput: there is none.
    """
    if given is None:
        return sys.executable
    path = Path(given)
    inside = path / "bin" / "python"
    if path.is_dir() and inside.exists():
        return str(inside)
    found = shutil.which(str(given))
    if found is None:
        raise InvalidInput(
            f"{given}: no such interpreter; give the Python of the environment in which Airflow is "
            "installed, such as /opt/airflow/bin/python"
        )
    return found
