"""Supplied: what the user knows of a deployment, as environment variables that Airflow reads."""

from __future__ import annotations

import json
from typing import Any

from windtunnel.loaders.cluster_sources import OF_TASKS, environment_name
from windtunnel.loaders.settings import Supplied

AIRFLOW_SECTIONS = frozenset(
    (
        "api",
        "api_auth",
        "callbacks",
        "celery",
        "cli",
        "connection_test",
        "core",
        "dag_processor",
        "database",
        "debug",
        "email",
        "execution_api",
        "kerberos",
        "lineage",
        "logging",
        "metrics",
        "operators",
        "profiling",
        "scheduler",
        "sdk",
        "secrets",
        "sensors",
        "sentry",
        "smtp",
        "state_store",
        "traces",
        "triggerer",
        "webserver",
        "workers",
    )
)
"""Sections that Airflow itself reads: of these only defaults of tasks are passed on, as the others
name databases, secrets and hosts."""


def environment_of(supplied: Supplied) -> dict[str, str]:
    """Variables, Connections and settings, in the form that overrides what Airflow has."""
    found = {f"AIRFLOW_VAR_{name.upper()}": _text(v) for name, v in supplied.variables.items()}
    for conn_id, connection in supplied.connections.items():
        found[f"AIRFLOW_CONN_{conn_id.upper()}"] = _text(connection)
    for section, keys in supplied.config.items():
        for key, value in keys.items():
            if section not in AIRFLOW_SECTIONS or (section, key) in OF_TASKS:
                found[environment_name(section, key)] = value
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
