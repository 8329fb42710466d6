"""Finds cases and traces in a folder: one per file, or one per line of a JSON-lines file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

COMPARED = ("case_id", "airflow_version", "events", "final", "verdict", "ties")
"""What of a recorded trace is kept in the project."""


def cases_in(folder: Path) -> dict[str, Json]:
    """Every case below a folder (or in one file), by its id."""
    return _by(_documents(folder), "id")


def traces_in(folder: Path) -> dict[str, Json]:
    """Every trace below a folder (or in one file), by the id of its case."""
    return _by(_documents(folder), "case_id")


def _by(documents: Iterator[tuple[Path, Json]], key: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for path, document in documents:
        name = document.get(key)
        if name is None:
            continue  # some other JSON that lies beside them
        if name in found:
            raise ValueError(f"{path}: {name} occurs twice; give the folder of one Airflow version")
        found[name] = document
    return found


def _documents(place: Path) -> Iterator[tuple[Path, Json]]:
    if not place.exists():
        raise FileNotFoundError(f"{place} does not exist")
    paths = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())
    for path in paths:
        if path.suffix == ".json":
            yield path, json.loads(path.read_text("utf-8"))
        elif path.name.endswith((".jsonl", ".jsonl.gz")):
            for line in _lines(path):
                yield path, json.loads(line)


def _lines(path: Path) -> Iterator[str]:
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return (line for line in text.decode("utf-8").splitlines() if line)


def stripped(trace: Json) -> Json:
    """The trace without what no comparison looks at."""
    kept = {key: trace[key] for key in COMPARED if key in trace}
    kept["events"] = [
        {key: value for key, value in event.items() if key != "from"} for event in trace["events"]
    ]
    return kept


def store_traces(traces: Iterator[Json] | list[Json], target: Path) -> None:
    """Write traces as gzipped JSON lines, the same bytes for the same traces."""
    ordered = sorted((stripped(trace) for trace in traces), key=lambda trace: trace["case_id"])
    text = "".join(json.dumps(trace, separators=(",", ":")) + "\n" for trace in ordered)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), mtime=0))
