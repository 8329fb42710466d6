"""Helm: the ``values.yaml`` of the official Apache Airflow chart.

Only what a cluster consists of is read: ``executor``, ``airflowVersion``, ``config``, ``env``,
``scheduler.replicas`` and the Celery workers, which newer charts keep under ``workers.celery``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.layer import Layer, read_settings
from windtunnel.loaders.cluster_sources.settings import from_environment
from windtunnel.loaders.forms import Mistakes
from windtunnel.loaders.origin import profile_of
from windtunnel.loaders.pods import MB, quantity
from windtunnel.loaders.text_file import read_text
from windtunnel.model import Elastic, ExecutorConfig

CHART = {"executor": "CeleryExecutor", "worker_count": 1}
"""What the chart installs unless told otherwise (``chart/values.yaml``)."""
HPA_MOST = 5
"""What scales by the workers' load starts at most, unless told otherwise."""
KEDA = {
    "least": "minReplicaCount",
    "most": "maxReplicaCount",
    "poll_s": "pollingInterval",
    "idle_s": "cooldownPeriod",
}
QUOTAS = (
    (("cpu", "requests.cpu"), "quota_cpus"),
    (("memory", "requests.memory"), "quota_memory_mb"),
    (("pods",), "quota_pods"),
)
"""Keys of a ResourceQuota, and the settings that they fill."""


def from_helm_values(path: Path) -> Layer:
    """What the values of an installation say.

    Raises:
        InvalidInput: PyYAML isn't installed, or the file can't be read or has mistakes.
    """
    reading = _Reading(path)
    reading.settings()
    reading.say("executor", "executor", str)
    reading.say("schedulers", "scheduler.replicas", int)
    reading.version()
    reading.workers()
    reading.pods()
    reading.mistakes.report()
    return reading.layer


class _Reading:
    """One file of values on its way to a layer."""

    def __init__(self, path: Path) -> None:
        self.values = _yaml(path)
        self.layer = Layer(path.name)
        self.mistakes = Mistakes(str(path))
        for name, value in CHART.items():
            self.layer.say(name, value, "the chart's default")

    def say(self, name: str, path: str, wanted: type) -> None:
        """Add the value at a path, if it is there and of the type that is wanted."""
        value = _at(self.values, path)
        if value is None:
            return
        if not isinstance(value, wanted) or isinstance(value, bool):
            what = "a whole number" if wanted is int else "a text"
            self.mistakes.add(path, value, f"must be {what}")
        else:
            self.layer.say(name, value, f"{self.layer.source} {path}")

    def settings(self) -> None:
        """``config`` is an airflow.cfg; what stands in ``env`` wins over it."""
        config = self.values.get("config") or {}
        if not isinstance(config, Mapping):
            self.mistakes.add("config", config, "must be a table of sections, as in airflow.cfg")
            return
        sections = {name: keys for name, keys in config.items() if isinstance(keys, Mapping)}
        read_settings(self.layer, sections, self.mistakes, path="config: {}")
        environment = from_environment(dict(_environment(self.values)))
        self.layer.values.update(environment.values)
        self.layer.task_settings.update(environment.task_settings)

    def version(self) -> None:
        """The release of Airflow."""
        version = self.values.get("airflowVersion") or self.values.get("defaultAirflowTag")
        if version:
            where = f"{self.layer.source} airflowVersion {version}"
            self.layer.say("profile", profile_of(str(version)), where)

    def workers(self) -> None:
        """The number of Celery workers: replicas, or what an autoscaler starts."""
        for root in ("workers", "workers.celery"):
            self.say("worker_count", f"{root}.replicas", int)
            if _at(self.values, f"{root}.hpa.enabled") is True:
                self.layer.say("worker_count", HPA_MOST, "the chart's default of hpa")
                self.say("worker_count", f"{root}.hpa.maxReplicaCount", int)
            if _at(self.values, f"{root}.keda.enabled") is True:
                self._keda(f"{root}.keda")
            limits = self._amounts(f"{root}.resources.limits")
            if limits:
                self._say("worker_resources", limits, f"{root}.resources.limits")

    def _keda(self, path: str) -> None:
        """KEDA looks at the queue, and starts from nothing unless told otherwise."""
        given = {name: _at(self.values, f"{path}.{key}") for name, key in KEDA.items()}
        for name, value in given.items():
            if value is not None and (not isinstance(value, int) or value < 0):
                self.mistakes.add(f"{path}.{KEDA[name]}", value, "must be a whole number")
                return
        said = {name: value for name, value in given.items() if value is not None}
        least = said.pop("least", 0)
        if said.get("most") == 0 or said.get("poll_s") == 0:
            self.mistakes.add(path, said, "must allow a worker, and a look at the queue")
            return
        self._say("worker_count", least, path)
        self._say("worker_elastic", Elastic(**said), path)

    def pods(self) -> None:
        """Pods of tasks have the workers' resources; quotas are those of the namespace."""
        for root in ("workers", "workers.kubernetes"):
            pod = {
                f"{kind}_{name}": amount
                for kind in ("request", "limit")
                for name, amount in self._amounts(f"{root}.resources.{kind}s").items()
            }
            if pod:
                self._say("kubernetes_executor.pod", ExecutorConfig(**pod), f"{root}.resources")
        for keys, name in QUOTAS:
            for key in keys:
                value = self.values.get("quotas") or {}
                amount = quantity(value.get(key)) if isinstance(value, Mapping) else None
                if amount:
                    scale = MB if name == "quota_memory_mb" else 1
                    self._say(f"kubernetes_executor.{name}", amount / scale, f"quotas.{key}")

    def _amounts(self, path: str) -> dict[str, float]:
        """Processors and MB of a table of resources."""
        amounts = (
            ("cpus", quantity(_at(self.values, f"{path}.cpu"))),
            ("memory_mb", quantity(_at(self.values, f"{path}.memory"))),
        )
        return {
            name: amount / (MB if name == "memory_mb" else 1) for name, amount in amounts if amount
        }

    def _say(self, name: str, value: Any, path: str) -> None:
        self.layer.say(name, value, f"{self.layer.source} {path}")


def _at(values: Any, path: str) -> Any:
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _environment(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Environment variables with a value of their own; those from secrets have none."""
    for one in values.get("env") or ():
        if isinstance(one, Mapping) and "name" in one and one.get("value") is not None:
            yield str(one["name"]), str(one["value"])


def _yaml(path: Path) -> Mapping[str, Any]:
    try:
        # Imported here: few people need it, and it is an extra.
        import yaml  # noqa: PLC0415
    except ModuleNotFoundError:
        raise InvalidInput(
            f"{path}: reading YAML needs PyYAML: pip install 'windtunnel[helm]'"
        ) from None
    try:
        values = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise InvalidInput(f"{path}: not valid YAML: {said}") from None
    if not isinstance(values, Mapping):
        raise InvalidInput(f"{path}: no values: it must be a table at the top")
    return values
