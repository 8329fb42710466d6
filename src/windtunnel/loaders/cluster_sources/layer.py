"""Layer: what one source says of a cluster, each value with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from windtunnel.loaders.forms import Mistakes

Kind = Literal["count", "pool", "times", "seconds", "flag", "text"]


@dataclass(frozen=True)
class Known:
    """A setting of Airflow that says something of a cluster."""

    section: str
    key: str
    field: str
    """The field of `Cluster` that it fills, such as ``parallelism`` or ``celery.task_acks_late``,
    or one of the names in `HALVES`."""
    kind: Kind


SETTINGS = ("local_executor", "celery", "kubernetes_executor")
"""Fields of `Cluster` of which sources say single keys."""

HALVES = ("broker_url", "worker_count", "worker_elastic", "worker_resources")
"""What a source may say that becomes fields of `Cluster` only together with others."""

OF_CELERY: tuple[tuple[str, Kind], ...] = (
    ("worker_concurrency", "count"),
    ("worker_autoscale", "text"),
    ("worker_prefetch_multiplier", "count"),
    ("task_acks_late", "flag"),
    ("task_publish_max_retries", "count"),
)
OF_KUBERNETES: tuple[tuple[str, Kind], ...] = (
    ("worker_pods_creation_batch_size", "count"),
    ("task_publish_max_retries", "times"),
    ("pod_launch_failure_retries", "times"),
)

KNOWN: tuple[Known, ...] = (
    Known("core", "parallelism", "parallelism", "count"),
    Known("core", "dag_concurrency", "max_active_tasks_per_dag", "count"),
    Known("core", "max_active_tasks_per_dag", "max_active_tasks_per_dag", "count"),
    Known("core", "max_active_runs_per_dag", "max_active_runs_per_dag", "count"),
    Known(
        "core",
        "max_consecutive_failed_dag_runs_per_dag",
        "max_consecutive_failed_dag_runs_per_dag",
        "count",
    ),
    Known("core", "default_pool_task_slot_count", "default_pool_slots", "pool"),
    Known("core", "max_task_retry_delay", "max_task_retry_delay_s", "seconds"),
    Known("core", "executor", "executor", "text"),
    Known("scheduler", "catchup_by_default", "catchup_by_default", "flag"),
    Known("scheduler", "max_tis_per_query", "max_tis_per_query", "count"),
    Known("scheduler", "max_dagruns_to_create_per_loop", "max_dagruns_to_create_per_loop", "count"),
    Known(
        "scheduler",
        "max_dagruns_per_loop_to_schedule",
        "max_dagruns_per_loop_to_schedule",
        "count",
    ),
    Known("scheduler", "task_queued_timeout", "task_queued_timeout_s", "seconds"),
    Known(
        "scheduler",
        "task_queued_timeout_check_interval",
        "task_queued_timeout_check_interval_s",
        "seconds",
    ),
    Known("scheduler", "num_stuck_in_queued_retries", "num_stuck_in_queued_retries", "count"),
    Known("scheduler", "schedule_after_task_execution", "schedule_after_task_execution", "flag"),
    Known("scheduler", "min_file_process_interval", "min_file_process_interval_s", "seconds"),
    Known("dag_processor", "min_file_process_interval", "min_file_process_interval_s", "seconds"),
    *(Known("celery", key, f"celery.{key}", kind) for key, kind in OF_CELERY),
    Known("celery", "broker_url", "broker_url", "text"),
    Known(
        "celery_broker_transport_options",
        "visibility_timeout",
        "celery.visibility_timeout_s",
        "seconds",
    ),
    *(
        Known(section, key, f"kubernetes_executor.{key}", kind)
        for section in ("kubernetes", "kubernetes_executor")
        for key, kind in OF_KUBERNETES
    ),
    *(
        Known(section, "kubernetes_queue", "kubernetes_executor.kubernetes_queue", "text")
        for section in ("celery_kubernetes_executor", "local_kubernetes_executor")
    ),
)
"""Settings by section and key, as in ``config_templates/config.yml``; a later one of two that fill
the same field is its newer name, and wins."""

OF_TASKS = (
    ("core", "default_task_retries"),
    ("core", "default_task_retry_delay"),
    ("core", "default_task_execution_timeout"),
    ("core", "default_task_weight_rule"),
    ("operators", "default_queue"),
    ("operators", "default_deferrable"),
    ("sensors", "default_timeout"),
)
"""Settings that change tasks, not the cluster: whoever loads the DAG files must know them."""

FLAGS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


@dataclass(frozen=True)
class Said:
    """A value, and where it stands: ``airflow.cfg [core] parallelism``."""

    value: Any
    where: str
    source: str = ""
    """The file or other source in which that place is."""


@dataclass
class Layer:
    """What one source says."""

    source: str
    values: dict[str, Said] = field(default_factory=dict)
    """By field of `Cluster`, or name in `HALVES`."""
    task_settings: dict[tuple[str, str], str] = field(default_factory=dict)
    """Settings that change tasks, by section and key."""

    def say(self, name: str, value: Any, where: str) -> None:
        """Add a value."""
        self.values[name] = Said(value, where, self.source)


def read_settings(
    layer: Layer, sections: Mapping[str, Mapping[str, Any]], mistakes: Mistakes, path: str = "{}"
) -> None:
    """Add what Airflow's settings, by section and key, say of a cluster.

    Args:
        layer: what to add it to.
        sections: the settings; all others are left alone.
        mistakes: where values that can't be used are added.
        path: how the place of a setting is written, with ``{}`` for ``[section] key``.
    """
    for known in KNOWN:
        given = sections.get(known.section, {}).get(known.key)
        if given is None or str(given).strip() == "":
            continue
        where = path.format(f"[{known.section}] {known.key}")
        value = _value(known.kind, str(given).strip(), where, mistakes)
        if value is not None:
            layer.say(known.field, value, f"{layer.source} {where}")
    for section, key in OF_TASKS:
        given = sections.get(section, {}).get(key)
        if given is not None and str(given).strip() != "":
            layer.task_settings[section, key] = str(given).strip()


def environment_name(section: str, key: str) -> str:
    """The environment variable that overrides a setting."""
    return f"AIRFLOW__{section.upper()}__{key.upper()}"


def _value(kind: Kind, text: str, where: str, mistakes: Mistakes) -> Any:
    if kind == "text":
        return text
    if kind == "flag":
        if text.lower() not in FLAGS:
            mistakes.add(where, text, "must be True or False")
        return FLAGS.get(text.lower())
    if kind == "seconds":
        if not re.fullmatch(r"\d+(\.\d+)?", text):
            mistakes.add(where, text, "must be a number of seconds")
            return None
        return float(text)
    if not re.fullmatch(r"\d+" if kind == "count" else r"-1|\d+", text):
        mistakes.add(where, text, "must be a whole number")
        return None
    return int(text)
