"""Executors: what sources say of executors, broker and workers, put together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from windtunnel.loaders.cluster_sources.layer import SETTINGS, Said
from windtunnel.model import (
    HYBRIDS,
    Assumption,
    CelerySettings,
    Cluster,
    KubernetesSettings,
    WorkerGroup,
    configured,
)

OLD = (*HYBRIDS, "SequentialExecutor")
"""Executors of Airflow 2 only."""
VISIBLE = ("redis", "rediss", "sqs", "sentinel")
"""Brokers with a visibility timeout (``executors/default_celery.py``)."""


def put_together(
    said: Mapping[str, Said], whole: dict[str, Said], assumptions: list[Assumption]
) -> None:
    """Fill in ``executor``, its settings and ``workers``; what had to be assumed is added."""
    _settings(said, whole)
    if "executor" not in said:
        return
    names = _known(said["executor"], whole, assumptions)
    if not names:
        del whole["executor"]
        return
    if any(name in OLD for name in names) and "profile" not in whole:
        whole["profile"] = replace(said["executor"], value="airflow-2.11")
    parts = [part for name in names for part in HYBRIDS.get(name, (name,))]
    if "KubernetesExecutor" in parts and "kubernetes_executor.pod_start_s" not in said:
        _assume_start(assumptions)
    if "CeleryExecutor" in parts:
        _broker(said, whole)
        if "workers" not in whole and not said["executor"].source.endswith(".toml"):
            _staff(said, whole, assumptions)
    elif "workers" in whole:
        _prefer_workers(whole, assumptions)


def _known(
    executor: Said, whole: dict[str, Said], assumptions: list[Assumption]
) -> tuple[str, ...]:
    """The executors that are simulated; others are left out, and that is said."""
    kept, names = [], []
    for text in str(executor.value).split(","):
        try:
            (one,) = configured(text)
        except ValueError:
            if text.strip():
                assumptions.append(
                    Assumption(
                        subject=f"executor {text.strip()} (not simulated)",
                        assumed="left out; without another, queued tasks start at once",
                    )
                )
        else:
            kept.append(text.strip())
            names.append(one.name)
    whole["executor"] = replace(executor, value=",".join(kept))
    return tuple(names)


def _settings(said: Mapping[str, Said], whole: dict[str, Said]) -> None:
    """Single keys of a field become its value."""
    for name in SETTINGS:
        keys = {key: one for key, one in said.items() if key.startswith(f"{name}.")}
        if keys:
            for key in keys:
                whole.pop(key, None)
            _say(whole, name, {key.partition(".")[2]: one.value for key, one in keys.items()}, keys)


def _say(whole: dict[str, Said], name: str, value: Any, of: Mapping[str, Said]) -> None:
    places = dict.fromkeys(one.where for one in of.values() if one.where)
    sources = dict.fromkeys(one.source for one in of.values() if one.source)
    whole[name] = Said(value, " and ".join(places), " and ".join(sources))


def _broker(said: Mapping[str, Said], whole: dict[str, Said]) -> None:
    """RabbitMQ has no visibility timeout."""
    url = said.get("broker_url")
    if url is None or str(url.value).partition(":")[0] in VISIBLE:
        return
    if "celery.visibility_timeout_s" in said:
        return
    before = whole.get("celery")
    value = {**(before.value if before else {}), "visibility_timeout_s": None}
    _say(whole, "celery", value, {k: one for k, one in (("", before), ("url", url)) if one})


def _staff(said: Mapping[str, Said], whole: dict[str, Said], assumptions: list[Assumption]) -> None:
    """Celery's workers."""
    slots = _slots(said)
    count = said.get("worker_count") or _enough(slots, said["executor"], whole, assumptions)
    elastic = said.get("worker_elastic")
    if count.value < 1 and elastic is None:
        none = f"workers ({count.where} is {count.value})"
        assumptions.append(Assumption(subject=none, assumed="1 worker"))
        count = replace(count, value=1)
    of = {"count": count, "elastic": elastic, "resources": said.get("worker_resources")}
    of |= {key: said.get(f"celery.{key}") for key in ("worker_concurrency", "worker_autoscale")}
    resources = of["resources"].value if of["resources"] else {}
    group = WorkerGroup(
        count=count.value, slots=slots, elastic=elastic.value if elastic else None, **resources
    )
    if elastic is not None:
        assumptions.append(
            Assumption(
                subject="start of a worker that KEDA adds",
                assumed=f"{group.elastic.start_s:g} s" if group.elastic else "",
            )
        )
    _say(whole, "workers", (group,), {key: one for key, one in of.items() if one is not None})


def _slots(said: Mapping[str, Said]) -> int:
    """Tasks at once on one worker; an autoscaling worker starts as many as its maximum."""
    scaled = said.get("celery.worker_autoscale")
    most = "" if scaled is None else str(scaled.value).partition(",")[0].strip()
    if most.isdigit():
        return max(1, int(most))
    one = said.get("celery.worker_concurrency")
    return CelerySettings().worker_concurrency if one is None else max(1, int(one.value))


def _enough(
    slots: int, executor: Said, whole: Mapping[str, Said], assumptions: list[Assumption]
) -> Said:
    """As many workers as can ever be busy."""
    parallelism = whole["parallelism"].value if "parallelism" in whole else Cluster().parallelism
    enough = max(1, math.ceil(parallelism / slots))
    assumptions.append(
        Assumption(
            subject="Celery workers (number unknown)",
            assumed=f"{enough} with {slots} slots each, enough for parallelism {parallelism}",
        )
    )
    return replace(executor, value=enough)


def _assume_start(assumptions: list[Assumption]) -> None:
    usual = KubernetesSettings().pod_start_s
    assumptions.append(Assumption(subject="start of a pod", assumed=f"{usual:g} s"))


def _prefer_workers(whole: dict[str, Said], assumptions: list[Assumption]) -> None:
    """Somebody says workers, somebody else an executor that has none."""
    executor = whole.pop("executor")
    assumptions.append(
        Assumption(
            subject=f"executor {executor.value} ({executor.where})",
            assumed="left out: workers are said, and it has none",
        )
    )
