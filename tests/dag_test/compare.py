"""Airflow's own examples, executed here, against what ``dag.test()`` made of them (``record.py``).

    python tests/dag_test/compare.py RECORD.json FOLDER [--isolate]

Prints each difference, what was left out and why, then the counts; the exit code is 1 if there was
a difference.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windtunnel import loaders
from windtunnel.engine import Simulation
from windtunnel.execute import Executed, place_of
from windtunnel.execute.backend import serde_of
from windtunnel.model import Cluster, Isolation, ManualRun, Scenario

LOGICAL_DATE = datetime(2026, 3, 2, tzinfo=UTC)
PROFILES = {"2": "airflow-2.11", "3": "airflow-3.3"}


def xcoms_of(bodies: Executed, scenario: Scenario) -> dict[str, dict[str, str]]:
    """Task -> key -> the value as it reads when it is pulled."""
    serde = serde_of(scenario.cluster.airflow, scenario.cluster.xcom)
    found: dict[str, dict[str, str]] = {}
    for _, task_id, index, key, stored in bodies.xcoms():
        name = task_id if index < 0 else f"{task_id}[{index}]"
        found.setdefault(name, {})[key] = repr(serde.decode(stored.encode("latin-1")))
    return found


def executed(
    loaded: loaders.Loaded, dag_id: str, profile: str, isolation: Isolation | None
) -> dict[str, Any]:
    """States and XComs of one run of one DAG."""
    dag = loaded.fleet.dag(dag_id).model_copy(update={"schedule": None})
    scenario = Scenario(
        fleet=loaded.fleet.model_copy(update={"dags": (dag,)}),
        cluster=Cluster(profile=profile),
        start=LOGICAL_DATE,
        duration_s=10 * 86400,
        manual_runs=(ManualRun(dag_id=dag_id, logical_date=LOGICAL_DATE),),
    )
    with place_of(loaded, scenario.cluster, isolation) as place, Executed(place) as bodies:
        trace = Simulation(scenario, bodies=bodies).run()
        xcoms = xcoms_of(bodies, scenario)
    run = next(run for run in trace.dag_runs() if run.run_type == "manual")
    tasks = {
        ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": ti.state
        for ti in trace.task_instances()
        if ti.run == run.run
    }
    reasons = [reason for reason in trace.reasons.values() if "Traceback" in reason]
    return {"state": run.state, "tasks": tasks, "xcoms": xcoms, "reasons": reasons}


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """In words; times of day that the real clock told are no difference."""
    found = []
    if ours["state"] != theirs["state"]:
        found.append(f"run: {ours['state']}, dag.test(): {theirs['state']}")
    for kind in ("tasks", "xcoms"):
        for name in sorted({*ours[kind], *theirs[kind]}):
            mine, real = ours[kind].get(name), theirs[kind].get(name)
            if _plain(mine) != _plain(real):
                found.append(f"{kind} {name}: {mine}, dag.test(): {real}")
    return found


def _plain(value: Any) -> str:
    """Without what the real clock, or an address, put into it."""
    value = dict(sorted(value.items())) if isinstance(value, dict) else value
    text = re.sub(r"datetime\.datetime\([^)]*\)|DateTime\([^)]*\)", "DATETIME", str(value))
    text = re.sub(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*", "TIME", text)
    text = text.replace("no_status", "None").replace("none", "None")
    return re.sub(r"0x[0-9a-f]+", "ADDRESS", text)


def main(record: str, folder: str, *options: str) -> int:
    isolation = Isolation() if "--isolate" in options else None
    data = json.loads(Path(record).read_text("utf-8"))
    profile = PROFILES[data["airflow"][0]]
    loaded = loaders.load(folder, profile=profile, airflow="stand-in", cache=None)
    ours = {dag.dag_id for dag in loaded.fleet.dags}
    same = different = left_out = 0
    for dag_id, theirs in data["dags"].items():
        if "left_out" in theirs:
            left_out += 1
            print(f"{dag_id}: left out, {theirs['left_out']}")
            continue
        if dag_id not in ours:
            different += 1
            print(f"{dag_id}: not loaded")
            continue
        mine = executed(loaded, dag_id, profile, isolation)
        found = differences(mine, theirs)
        same, different = same + (not found), different + bool(found)
        for line in (*found, *(mine["reasons"] if found else ())):
            print(f"{dag_id}: {line}")
    print(
        f"Airflow {data['airflow']}: {same} DAGs as dag.test() runs them, {different} otherwise, "
        f"{left_out} left out"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
