"""An engine trace says in the neutral format what it says in columns.

Every recorded trace is poured into the engine's columns, which hold no try numbers, and must come
back equal: the columns can hold whatever Airflow does, and the tries are counted as Airflow counts.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from caseformat import instant
from corpus import cases_in, traces_in
from neutral import first_difference, to_neutral

from windtunnel.model import Dag, Fleet, Scenario
from windtunnel.trace import AssetEvent, RunRecord, RunState, TaskState, Trace

HERE = Path(__file__).parent
CASES = cases_in(HERE / "cases")
Json = dict[str, Any]


def poured(recorded: Json, start: datetime) -> Trace:
    """The recorded trace in the engine's columns."""
    runs, tasks = recorded["final"]["runs"], recorded["final"]["tasks"]
    events = recorded["events"]
    dag_ids = sorted({run["dag_id"] for run in runs})
    rows = list(dict.fromkeys(row_of(e) for e in [*tasks, *(e for e in events if "task_id" in e)]))
    task_ids = {dag_id: sorted({row[2] for row in rows if row[0] == dag_id}) for dag_id in dag_ids}
    run_numbers = {(run["dag_id"], run["run"]): number for number, run in enumerate(runs)}
    trace = Trace(
        start=start,
        complete=recorded["verdict"] != "horizon",
        dag_ids=tuple(dag_ids),
        task_ids=tuple(tuple(task_ids[dag_id]) for dag_id in dag_ids),
        runs=[record(run, dag_ids) for run in runs],
    )
    for index, run in enumerate(runs):
        pour_events(run, index, trace)
    weights = {row_of(task): task["priority_weight"] for task in tasks}
    for row in rows:
        trace.ti_run.append(run_numbers[row[:2]])
        trace.ti_task.append(task_ids[row[0]].index(row[2]))
        trace.ti_map.append(row[3])
        trace.ti_weight.append(weights.get(row, 0))
    numbers = {row: number for number, row in enumerate(rows)}
    for event in events:
        at = round(event["t"] * 1_000_000)
        if event["kind"] == "run":
            who = ~run_numbers[event["dag_id"], event["run"]]
            trace.history.log(at, who, RunState[event["state"].upper()])
        else:
            state = TaskState[(event["state"] or "none").upper()]
            trace.history.log(at, numbers[row_of(event)], state)
    return trace


def row_of(entry: Json) -> tuple[Any, ...]:
    return entry["dag_id"], entry["run"], entry["task_id"], entry["map_index"]


def record(run: Json, dag_ids: list[str]) -> RunRecord:
    date = run["logical_date"]
    return RunRecord(
        dag=dag_ids.index(run["dag_id"]),
        run_id=run["run_id"],
        # a backfill may have taken over a scheduled run, which keeps its name
        run_type=run["run"].partition("@")[0] if "@" in run["run"] else run["run_type"],
        logical_date=instant(date) if date else None,
        run_after=instant(run["run_after"]),
        created_us=0,
        number=int(run["run"].removeprefix("assets#")) if "consumed" in run else None,
    )


def pour_events(run: Json, index: int, trace: Trace) -> None:
    """The asset events that a run got."""
    first = len(trace.asset_events)
    names = [asset for asset, count in run.get("consumed", {}).items() for _ in range(count)]
    trace.asset_events += [AssetEvent(0, name) for name in names]
    if "consumed" in run:
        trace.consumed[index] = tuple(range(first, len(trace.asset_events)))


@pytest.mark.parametrize("release", ["airflow-3.3.2", "airflow-2.11.2"])
def test_every_recorded_trace_survives_the_columns(release: str) -> None:
    differ = []
    for case_id, recorded in traces_in(HERE / "traces" / release).items():
        start = instant(CASES[case_id]["start"])
        fleet = Fleet(dags=(Dag(dag_id="unused"),))
        back = to_neutral(poured(recorded, start), Scenario(fleet=fleet, start=start, name=case_id))
        found = first_difference(recorded, back)
        if found:
            differ.append(f"{case_id}: {found}")
    assert differ == []


def test_final_states_and_names_survive_too() -> None:
    recorded = traces_in(HERE / "traces" / "airflow-3.3.2")["defer_basic"]
    start = instant(CASES["defer_basic"]["start"])
    scenario = Scenario(fleet=Fleet(), start=start, name="defer_basic")
    back = to_neutral(poured(recorded, start), scenario)
    assert back["case_id"] == "defer_basic"
    assert back["final"]["tasks"] == recorded["final"]["tasks"]
    assert [run["state"] for run in back["final"]["runs"]] == ["success"] * len(
        recorded["final"]["runs"]
    )
