"""Pasts: of deployments that windtunnel itself simulated, and of real ones, recorded."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from windtunnel.calibration import Past, PastRun, PastTry
from windtunnel.engine import simulate
from windtunnel.model import Scenario
from windtunnel.trace import TaskState, Trace


def past_of(scenario: Scenario) -> Past:
    """What the database would tell of a simulation."""
    trace = simulate(scenario)
    runs = [_run(trace, one) for one in trace.dag_runs()]
    release = "3.x" if scenario.cluster.profile == "airflow-3.3" else "2.x"
    return Past("a simulation", release, tuple(runs), tuple(_tries(scenario, trace)))


def _at(trace: Trace, us: int | None) -> datetime | None:
    return None if us is None else trace.at(us).astimezone(UTC)


def _run(trace, one) -> PastRun:
    record = trace.runs[one.index]
    interval = record.data_interval or (None, None)
    queued, start, end = (_at(trace, us) for us in (one.queued_us, one.started_us, one.ended_us))
    return PastRun(
        one.dag_id, one.run_id, one.run_type, one.state, one.logical_date, record.run_after,
        *interval, queued, start, end,
    )  # fmt: skip


def _tries(scenario: Scenario, trace: Trace) -> Iterator[PastTry]:
    keeps_scheduled = scenario.cluster.profile == "airflow-3.3"
    scheduled: dict[int, int | None] = {}
    queued: dict[int, int] = {}
    started: dict[int, int] = {}
    number: dict[int, int] = {}
    for at, who, state in trace.history:
        label = TaskState(state).label if who >= 0 else ""
        if label == "scheduled":
            scheduled[who] = at if keeps_scheduled else None
        elif label == "queued":
            queued[who] = at
        elif label == "running":
            started[who], number[who] = at, number.get(who, 0) + 1
        elif who in started and label in ENDED:
            times = scheduled[who], queued[who], started.pop(who), at
            yield _try(scenario, trace, who, label, number[who], times)
    for who, at in started.items():
        times = scheduled[who], queued[who], at, None
        yield _try(scenario, trace, who, "running", number[who], times)


ENDED = ("success", "failed", "up_for_retry", "skipped")


def _try(scenario, trace, who, label, number, times) -> PastTry:  # noqa: PLR0917
    record = trace.runs[trace.ti_run[who]]
    dag_id = trace.dag_ids[record.dag]
    task_id = trace.task_ids[record.dag][trace.ti_task[who]]
    task = next(dag for dag in scenario.fleet.dags if dag.dag_id == dag_id).task(task_id)
    state = "failed" if label == "up_for_retry" else label
    instants = [_at(trace, us) for us in times]
    return PastTry(
        dag_id, record.run_id, task_id, trace.ti_map[who], number, state, *instants,
        task.pool, task.pool_slots, task.queue, 1, "PythonOperator", "host", None,
        label != "up_for_retry",
    )  # fmt: skip


@pytest.fixture
def past() -> Callable[[Scenario], Past]:
    """``past(scenario)``: what a database would tell of its simulation."""
    return past_of


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a recorded database: ``recorded("base-3.3")``."""
    folder = tmp_path_factory.mktemp("recorded")

    def unpacked(name: str) -> Path:
        file = folder / f"{name}.db"
        if not file.exists():
            packed = (Path(__file__).parent / "recorded" / f"{name}.db.gz").read_bytes()
            file.write_bytes(gzip.decompress(packed))
        return file

    return unpacked
