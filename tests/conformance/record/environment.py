"""The environment in which Airflow runs in this process; set before anything imports Airflow."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import uuid
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """Where this Airflow keeps its database."""

    version: str
    template: Path
    """An empty, migrated metadata database; made once per release."""
    database: Path
    """The working copy, replaced for each case."""

    @property
    def major(self) -> int:
        """2 or 3."""
        return int(self.version.split(".")[0])


def prepared() -> Environment:
    """Set Airflow's environment variables and say where its database is."""
    _fix_hash_seed()
    version = metadata.version("apache-airflow")
    home = Path(os.environ.get("RECORDER_HOME", Path(tempfile.gettempdir(), "airflow-recorder")))
    home = home / version
    home.mkdir(parents=True, exist_ok=True)
    memory = Path("/dev/shm")
    scratch = memory if os.access(memory, os.W_OK) else home
    environment = Environment(
        version, home / "template.db", scratch / f"recorder-{version}-{os.getpid()}.db"
    )
    os.environ.update(_settings(home, environment))
    return environment


def _fix_hash_seed() -> None:
    """Airflow iterates over sets where it decides; without this two recordings could differ."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])


def _settings(home: Path, environment: Environment) -> dict[str, str]:
    airflow = {
        ("core", "executor"): "LocalExecutor" if environment.major >= 3 else "SequentialExecutor",
        ("core", "load_examples"): "False",
        ("core", "dags_are_paused_at_creation"): "False",
        ("core", "fernet_key"): "",
        ("database", "sql_alchemy_conn"): f"sqlite:///{environment.database}",
        ("api_auth", "jwt_secret"): "none",
        ("logging", "logging_level"): os.environ.get("RECORDER_LOG", "CRITICAL"),
        ("metrics", "statsd_on"): "False",
        # the frozen clock jumps over days: nobody must be called dead for that
        ("scheduler", "scheduler_health_check_threshold"): "1000000000",
        ("scheduler", "max_dagruns_per_loop_to_schedule"): "1000",
        ("scheduler", "max_dagruns_to_create_per_loop"): "1000",
    }
    settings = {f"AIRFLOW__{s}__{key}".upper(): value for (s, key), value in airflow.items()}
    return {**settings, "AIRFLOW_HOME": str(home), "_AIRFLOW_PROCESS_CONTEXT": "server"}


class CountedUuids:
    """Gives out UUIDs that rise by one, so that whatever is sorted by them repeats."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin again, for the next case."""
        self._numbers = itertools.count(1)

    def __call__(self) -> uuid.UUID:
        version_7_variant_1 = (7 << 76) | (2 << 62)
        return uuid.UUID(int=(1 << 112) | version_7_variant_1 | next(self._numbers))
