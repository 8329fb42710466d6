"""Pools: the JSON that ``airflow pools export`` or ``airflow pools list -o json`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windtunnel.errors import InvalidInput
from windtunnel.loaders.cluster_sources.layer import Layer
from windtunnel.loaders.forms import Mistakes
from windtunnel.model import Pool


def from_pools_export(path: Path) -> Layer:
    """The pools of a deployment.

    Raises:
        InvalidInput: it can't be read, or has mistakes; all of them are named.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidInput(f"{path}: not valid JSON: {error}") from None
    mistakes = Mistakes(str(path))
    made = {name: _pool(name, about, mistakes) for name, about in _named(data, path).items()}
    mistakes.report()
    layer = Layer(path.name)
    layer.say("pools", {name: pool for name, pool in made.items() if pool}, path.name)
    return layer


def _named(data: Any, path: Path) -> Mapping[str, Any]:
    """Pools by name: an export is a table, a list has the name in each."""
    if isinstance(data, list):
        named = {str(one.get("pool")): one for one in data if isinstance(one, Mapping)}
        if len(named) == len(data) and "None" not in named:
            return named
    elif isinstance(data, Mapping) and all(isinstance(one, Mapping) for one in data.values()):
        return data
    raise InvalidInput(
        f"{path}: no pools; it must be what 'airflow pools export FILE' writes: "
        '{"etl": {"slots": 4, "description": "", "include_deferred": false}}'
    )


def _pool(name: str, about: Mapping[str, Any], mistakes: Mistakes) -> Pool | None:
    slots, deferred = about.get("slots"), about.get("include_deferred", False)
    if isinstance(slots, str) and slots.lstrip("-").isdigit():
        slots = int(slots)
    if not isinstance(slots, int) or isinstance(slots, bool) or slots < -1:
        mistakes.add(f"{name}.slots", slots, "must be a whole number, -1 for unlimited")
        return None
    return Pool(slots=slots, include_deferred=str(deferred).lower() == "true")
