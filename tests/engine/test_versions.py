"""DAGs that change while their runs are in flight.

What Airflow itself does is in the conformance cases ``dag_changed_*``; here is what must hold of
all, and how a change is said.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel import InvalidInput, api
from windtunnel.engine import simulate
from windtunnel.loaders import read_scenario
from windtunnel.model import (
    Behavior,
    Cleared,
    Cluster,
    Dag,
    DagChanged,
    Fault,
    Fleet,
    ManualRun,
    Pool,
    Scenario,
    Task,
)
from windtunnel.model import DagProcessorDown as ProcessorDown
from windtunnel.report import run_json, run_text
from windtunnel.trace import Trace

START = datetime(2026, 3, 1, tzinfo=UTC)


def dag(*tasks: Task, **options: Any) -> Dag:
    return Dag(dag_id="etl", tasks=tasks, **options)


def task(task_id: str, *upstream: str, **options: Any) -> Task:
    return Task(task_id=task_id, upstream=upstream, **options)


BEFORE = dag(task("get"), task("load", "get"), task("tell", "load"))
AFTER = dag(task("get"), task("check", "get"), task("tell", "check"))


def scenario(
    *faults: Fault, before: Dag = BEFORE, runs: tuple[float, ...] = (0,), **cluster: Any
) -> Scenario:
    return Scenario(
        fleet=Fleet(dags=(before,)),
        cluster=Cluster(**cluster),
        behavior=Behavior(default_duration_s=100),
        start=START,
        duration_s=7200,
        manual_runs=tuple(ManualRun(dag_id="etl", at_s=at) for at in runs),
        faults=faults,
    )


def changed(after: Dag | None = AFTER, *, at_s: float = 50, **options: Any) -> DagChanged:
    return DagChanged(dag_id="etl", dag=after, at_s=at_s, **options)


def states(trace: Trace, run: int = 0) -> dict[str, str]:
    name = trace.dag_runs()[run].run
    return {ti.task_id: ti.state for ti in trace.task_instances() if ti.run == name}


def test_a_run_in_flight_goes_on_by_the_new_version() -> None:
    trace = simulate(scenario(changed()))

    assert states(trace) == {
        "get": "success", "load": "removed", "check": "success", "tell": "success",
    }  # fmt: skip
    assert [run.ended_us for run in trace.dag_runs()] == [300e6]


def test_a_run_that_is_pinned_keeps_its_own_and_the_next_one_has_the_new() -> None:
    trace = simulate(scenario(changed(pinned=True), runs=(0, 400)))

    assert states(trace) == {"get": "success", "load": "success", "tell": "success"}
    assert states(trace, 1) == {"get": "success", "check": "success", "tell": "success"}


def test_a_run_that_is_over_stays_as_it_was() -> None:
    trace = simulate(scenario(changed(at_s=500)))

    assert states(trace) == {"get": "success", "load": "success", "tell": "success"}


def test_the_scheduler_knows_it_at_the_next_parse_of_a_dag_processor_that_is_up() -> None:
    down = ProcessorDown(at_s=40, for_s=200)
    at_once = simulate(scenario(changed(at_s=110)))
    parsed = simulate(scenario(changed(at_s=110), min_file_process_interval_s=90))
    late = simulate(scenario(changed(at_s=110), down, min_file_process_interval_s=90))

    def removed(trace: Trace) -> list[float]:
        return [event.at_us / 1e6 for event in trace.events() if event.state == "removed"]

    assert (removed(at_once), removed(parsed), removed(late)) == ([110], [180], [240])


def test_what_a_removed_task_held_is_free_at_once() -> None:
    small = {"pools": {"db": Pool(slots=1)}}
    before = dag(task("get", pool="db"), task("load", pool="db"))
    trace = simulate(scenario(changed(dag(task("load", pool="db"))), before=before, **small))
    load = next(ti for ti in trace.task_instances() if ti.task_id == "load")

    assert states(trace) == {"get": "removed", "load": "success"}
    assert load.started_us == 50e6


def test_instances_keep_the_pool_that_they_were_created_with() -> None:
    before, after = (
        dag(task("t", pool="a"), task("u", "t", pool="a")),
        dag(task("t", pool="b"), task("u", "t", pool="b")),
    )
    pools = {"a": Pool(slots=1), "b": Pool(slots=0)}
    trace = simulate(scenario(changed(after), before=before, runs=(0, 60), pools=pools))

    assert states(trace) == {"t": "success", "u": "success"}
    assert states(trace, 1) == {"t": "scheduled", "u": "none"}


def test_without_names_tasks_and_those_behind_them_go_on() -> None:
    trace = simulate(scenario(changed(None, without=("load",))))

    assert states(trace) == {"get": "success", "load": "removed", "tell": "success"}


def test_a_change_in_words_and_from_a_folder(tmp_path: Path) -> None:
    text = (
        "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
        "with DAG('etl', schedule=None):\n    {}\n"
    )
    write = "BashOperator(task_id='{}', bash_command='x')".format
    for folder, name in (("dags", "old"), ("dags_v2", "new")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "etl.py").write_text(text.format(write(name)), "utf-8")
    (tmp_path / "scenario.toml").write_text(
        'dags = "dags"\nstart = 2026-03-01\nduration = "1h"\n'
        'faults = ["dag changed: etl from dags_v2 at +10s"]\n'
        '[[manual_runs]]\ndag_id = "etl"\n',
        "utf-8",
    )
    trace = simulate(read_scenario(tmp_path).scenario)

    assert states(trace) == {"old": "removed", "new": "success"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("dag changed: elt without load", "no DAG 'elt'.*etl"),
        ("dag changed: etl without lode", "no task 'lode'.*load"),
        ("dag changed: etl at +10m", "nothing is said of the new version"),
        ("dag changed: etl from nowhere", "nowhere"),
    ],
)
def test_a_change_that_makes_no_sense_is_told(said: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        api.simulate(scenario(), faults=said)


def test_airflow_2_pins_nothing() -> None:
    with pytest.raises(InvalidInput, match="pins no run"):
        api.simulate(scenario(changed(pinned=True), profile="airflow-2.11"))


def test_results_and_reports_know_tasks_that_came_later() -> None:
    result = api.simulate(scenario(changed()))

    assert result.task("etl.check").state == "success"
    assert "etl" in run_text(result)
    assert "etl" in run_json(result)


NAMES = "abcde"


@st.composite
def versions(draw: st.DrawFn) -> Dag:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    tasks = []
    for i, name in enumerate(names):
        ups = tuple(up for up in names[:i] if draw(st.booleans()))
        tasks.append(
            task(
                name, *ups,
                pool=draw(st.sampled_from(["default_pool", "db"])),
                pool_slots=draw(st.integers(1, 2)),
                max_active_tis_per_dag=draw(st.sampled_from([None, 1])),
                trigger_rule=draw(st.sampled_from(["all_success", "all_done", "one_success"])),
            )
        )  # fmt: skip
    return dag(*tasks)


@examples(150)
@given(
    before=versions(),
    later=st.lists(st.tuples(versions(), st.integers(0, 600)), min_size=1, max_size=3),
    profile=st.sampled_from(["airflow-3.3", "airflow-2.11"]),
    interval=st.sampled_from([None, 45.0]),
)
def test_every_run_ends_and_gives_back_what_it_held(
    before: Dag, later: list[tuple[Dag, int]], profile: Any, interval: float | None
) -> None:
    faults = [changed(after, at_s=at) for after, at in later]
    asked = scenario(
        *faults, before=before, runs=(0, 100, 250), profile=profile,
        pools={"db": Pool(slots=3)}, min_file_process_interval_s=interval,
    )  # fmt: skip
    trace = simulate(asked)
    used, running = 0, {}
    for event in trace.events():
        if event.task_id is not None:
            key = (event.run, event.task_id)
            used += (event.state == "running") - running.get(key, False)
            running[key] = event.state == "running"
            assert used >= 0

    assert {run.state for run in trace.dag_runs()} <= {"success", "failed"}
    assert used == 0


def test_a_run_that_is_cleared_after_the_change_goes_by_the_new_version() -> None:
    """Deploy the mended file, then clear: the usual way out."""
    again = Cleared(tasks="etl.*", states=("success",), at_s=1000)
    trace = simulate(scenario(changed(at_s=500), again))
    assert states(trace) == {
        "get": "success", "load": "removed", "check": "success", "tell": "success",
    }  # fmt: skip
    pinned = simulate(scenario(changed(at_s=500, pinned=True), again))
    assert states(pinned) == {"get": "success", "load": "success", "tell": "success"}


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        (5, ["success"] * 5),
        (3, ["success"] * 3),
        (1, ["success", "removed", "removed"]),
    ],
)
def test_another_number_of_literals_changes_the_instances_of_a_run(
    after: int, ended: list[str]
) -> None:
    def mapped(length: int) -> Dag:
        return dag(task("get"), task("load", "get", expand=(length,)), task("tell", "load"))

    trace = simulate(scenario(changed(mapped(after)), before=mapped(3)))
    instances = [ti for ti in trace.task_instances() if ti.task_id == "load"]
    assert [ti.state for ti in sorted(instances, key=lambda ti: ti.map_index)] == ended
    assert [ti.state for ti in trace.task_instances() if ti.task_id == "tell"] == ["success"]
    assert [run.state for run in trace.dag_runs()] == ["success"]


def test_a_fault_may_strike_a_task_that_only_the_new_version_has() -> None:
    result = api.simulate(scenario(changed()), faults=["task fails: etl.check"])
    assert result.task("etl.check").state == "failed"
    with pytest.raises(InvalidInput, match=r"no task matches 'etl.chek'; did you mean 'etl.check'"):
        api.simulate(scenario(changed()), faults=["task fails: etl.chek"])
