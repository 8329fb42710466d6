"""Pods: the resources in a task's ``executor_config``, whichever form it has.

``{"pod_override": V1Pod(...)}`` as objects of the Kubernetes client, of the stand-in's, or as the
JSON into which Airflow serializes it; and the older ``{"KubernetesExecutor": {...}}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from windtunnel.model import ExecutorConfig

CONTAINER = "base"
"""The container in which the task runs (``pod_generator.py``)."""
UNITS = {
    "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
MB = 1024.0 * 1024.0
QUANTITY = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]*)\s*")
OLD_NAMES = {
    "request_cpu": "request_cpus",
    "request_memory": "request_memory_mb",
    "limit_cpu": "limit_cpus",
    "limit_memory": "limit_memory_mb",
}


def executor_config(given: Any) -> ExecutorConfig | None:
    """What an ``executor_config`` says of its pod's resources; None if it says nothing that can be
    read."""
    if not isinstance(given, Mapping):
        return None
    found = _of_pod(given.get("pod_override"))
    old = given.get("KubernetesExecutor")
    if not found and isinstance(old, Mapping):
        found = _amounts({OLD_NAMES[name]: old.get(name) for name in OLD_NAMES})
    return ExecutorConfig(**found) if found else None


def _of_pod(pod: Any) -> dict[str, float]:
    containers = _part(_part(pod, "spec"), "containers")
    if not isinstance(containers, list | tuple):
        return {}
    for container in containers:
        if _part(container, "name") == CONTAINER:
            resources = _part(container, "resources")
            return _amounts(
                {
                    f"{kind}_{name}": _part(_part(resources, f"{kind}s"), key)
                    for kind in ("request", "limit")
                    for key, name in (("cpu", "cpus"), ("memory", "memory_mb"))
                }
            )
    return {}


def _part(thing: Any, name: str) -> Any:
    """An entry of a table, or an attribute of an object."""
    if isinstance(thing, Mapping):
        return thing.get(name)
    return getattr(thing, name, None)


def _amounts(texts: Mapping[str, Any]) -> dict[str, float]:
    amounts = {name: quantity(text) for name, text in texts.items()}
    return {
        name: amount / MB if name.endswith("_mb") else amount
        for name, amount in amounts.items()
        if amount is not None and amount > 0
    }


def quantity(text: Any) -> float | None:
    """``500m``, ``1.5``, ``2Gi``: a quantity of Kubernetes; None if it is none."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    found = QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    number, unit = found.groups()
    if unit == "m":
        return float(number) / 1000
    return float(number) * UNITS[unit] if unit in UNITS else None
