"""How many decisions are compared with those of a real Airflow: counted in the recordings."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from docsite.markdown import table

CONFORMANCE = Path(__file__).resolve().parents[1] / "tests" / "conformance"
KINDS = {
    "handwritten": "written, for a rule each",
    "added": "added, for differences that were found",
    "random": "drawn at random",
}

ABOUT = {
    "trigger rules, and how runs end": "rule end deadlock",
    "when runs are created and started": (
        "run daily hourly once presets catchup reparse manual cross null order"
    ),
    "depends_on_past, wait_for_downstream": "past",
    "branches, short circuits, latest only": "branch short latest",
    "mapped tasks, and task groups": "map mapped mapgroup groups",
    "setup and teardown": "setup teardown",
    "pools, limits, priorities": "pool limit parallelism weight weights window query two",
    "retries and timeouts": "retry backoff zero timeout execution",
    "sensors, and tasks that defer": "sensor defer",
    "failures that end more than themselves": "fail failed",
    "assets": "asset",
    "backfills": "backfill",
    "DAGs that change while their runs are under way": "dag",
}
"""What cases are about, by the first word of their ids."""
ON_THE_WAY = {"scheduled", "queued"}
"""States of a task instance that are not compared: they are only the way there."""


@cache
def recordings(release: str, kind: str) -> tuple[dict[str, Any], ...]:
    """The recorded traces of one release."""
    file = CONFORMANCE / "traces" / release / f"{kind}.jsonl.gz"
    lines = gzip.decompress(file.read_bytes()).decode("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines if line)


def releases() -> list[str]:
    """The releases that were recorded, the newest first."""
    found = [place.name for place in (CONFORMANCE / "traces").iterdir() if place.is_dir()]
    return sorted(found, key=lambda name: [int(n) for n in name.split("-")[1].split(".")])[::-1]


def counts() -> str:
    """How many cases and decisions are compared, for each release."""
    rows = []
    for release in releases():
        found = {kind: recordings(release, kind) for kind in KINDS}
        every = [trace for traces in found.values() for trace in traces]
        ends = Counter(trace["verdict"] for trace in every)
        rows.append(
            [
                release.replace("airflow-", "Airflow "),
                *(str(len(traces)) for traces in found.values()),
                f"**{len(every)}**",
                f"{sum(map(_compared, every)):,}",
                str(ends["stuck"]),
            ]
        )
    head = ["release", *KINDS.values(), "cases", "decisions", "stuck for ever"]
    return table(head, rows)


def _compared(trace: dict[str, Any]) -> int:
    return sum(one["kind"] == "run" or one["state"] not in ON_THE_WAY for one in trace["events"])


def by_kind() -> str:
    """What the cases that people wrote are about."""
    written = [one for kind in ("handwritten", "added") for one in recordings(releases()[0], kind)]
    first = Counter(trace["case_id"].split("_")[0] for trace in written)
    found = {about: sum(first.pop(w, 0) for w in words.split()) for about, words in ABOUT.items()}
    if first:
        found["something else"] = sum(first.values())
    return table(["about", "cases"], [[about, str(number)] for about, number in found.items()])
