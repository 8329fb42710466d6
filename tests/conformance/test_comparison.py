"""The comparison itself: it must see each kind of difference, and only those."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from case import load_case
from caseformat import CaseFormatError, read_case
from corpus import store_traces, traces_in
from neutral import first_difference
from score import Job, Result, compare, main, profile_for, report

from windtunnel.model import Cron, Every, Once, Sensor

HERE = Path(__file__).parent


def task(t: float, name: str, state: str | None, try_number: int = 1) -> dict[str, Any]:
    return {
        "t": t,
        "kind": "task",
        "dag_id": "d",
        "run": "m1",
        "task_id": name,
        "map_index": -1,
        "try_number": try_number,
        "state": state,
    }


def run(t: float, state: str) -> dict[str, Any]:
    return {"t": t, "kind": "run", "dag_id": "d", "run": "m1", "state": state}


def trace(*events: dict[str, Any], verdict: str = "complete") -> dict[str, Any]:
    return {"case_id": "c", "airflow_version": "3.3.2", "events": [*events], "verdict": verdict}


TWO_TASKS = trace(
    run(0, "queued"),
    run(0, "running"),
    task(0, "a", "scheduled"),
    task(0, "b", "scheduled"),
    task(0, "a", "running"),
    task(0, "b", "running"),
    task(5, "a", "success"),
    task(5.000001, "b", "failed"),
    run(5.000001, "failed"),
)


def changed(number: int, **values: Any) -> dict[str, Any]:
    other = copy.deepcopy(TWO_TASKS)
    other["events"][number].update(values)
    return other


def swapped(number: int) -> dict[str, Any]:
    other = copy.deepcopy(TWO_TASKS)
    events = other["events"]
    events[number], events[number + 1] = events[number + 1], events[number]
    return other


def test_a_trace_equals_itself() -> None:
    assert first_difference(TWO_TASKS, copy.deepcopy(TWO_TASKS)) is None


def test_a_microsecond_is_a_difference() -> None:
    assert first_difference(TWO_TASKS, changed(7, t=5)) == (
        "t = 5: d m1 b[-1]: expected nothing, got failed#1"
    )


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (changed(6, state="failed"), "t = 5: d m1 a[-1]: expected success#1, got failed#1"),
        (changed(6, try_number=2), "t = 5: d m1 a[-1]: expected success#1, got success#2"),
        (changed(8, state="success"), "t = 5.000001: d m1: expected failed, got success"),
        (
            changed(6, map_index=0),
            "t = 5: d m1 a[-1]: expected success#1, got nothing (and 1 more)",
        ),
        (swapped(0), "t = 0: d m1: expected queued, running, got running, queued"),
        (
            swapped(4),
            "t = 0: start order: expected d m1 a[-1], d m1 b[-1], got d m1 b[-1], d m1 a[-1]",
        ),
        (
            {**TWO_TASKS, "verdict": "stuck"},
            "at the end: verdict: expected complete, got stuck",
        ),
    ],
)
def test_says_which_decision_differs_first(other: dict[str, Any], says: str) -> None:
    assert first_difference(TWO_TASKS, other) == says


def test_the_order_in_which_rows_are_scheduled_is_no_decision() -> None:
    assert first_difference(TWO_TASKS, swapped(2)) is None


def test_a_missing_and_an_extra_event_are_differences() -> None:
    for number, event in enumerate(TWO_TASKS["events"]):
        if event["state"] == "scheduled":
            continue
        shorter = copy.deepcopy(TWO_TASKS)
        del shorter["events"][number]
        assert first_difference(TWO_TASKS, shorter) is not None
        assert first_difference(shorter, TWO_TASKS) is not None


def test_stored_traces_are_read_back_and_compare_equal(tmp_path: Path) -> None:
    first, second = tmp_path / "1" / "t.jsonl.gz", tmp_path / "2" / "t.jsonl.gz"
    full = {**TWO_TASKS, "final": {}, "stats": {"passes": 3}, "ties": []}
    for target in (first, second):
        store_traces([full], target)
    assert first.read_bytes() == second.read_bytes()
    read = traces_in(first.parent)["c"]
    assert first_difference(full, read) is None
    assert "stats" not in json.loads(gzip.decompress(first.read_bytes()))


def test_the_same_case_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(TWO_TASKS))
    with pytest.raises(ValueError, match="occurs twice"):
        traces_in(tmp_path)


@pytest.mark.parametrize(
    ("version", "profile"), [("2.11.2", "airflow-2.11"), ("3.3.2", "airflow-3.3")]
)
def test_the_release_of_the_trace_chooses_the_profile(version: str, profile: str) -> None:
    assert profile_for({"airflow_version": version}) == profile


def test_the_report_counts_and_names() -> None:
    lines = list(report([Result("a", None), Result("b", "t = 1: ...")], without_trace=2))
    assert lines == ["equal 1 of 2", "no trace: 2", "b: t = 1: ..."]


def test_an_engine_that_raises_is_unequal_and_says_why() -> None:
    broken = {
        **small_case(),
        "dags": [{"dag_id": "d", "tasks": [{"task_id": "a", "pool_slots": 0}]}],
    }
    result = compare(Job(case=broken, expected=TWO_TASKS, profile="airflow-3.3"))
    assert result.problem is not None
    assert result.problem.startswith("ValidationError: ")


def test_nothing_compared_is_no_success(tmp_path: Path) -> None:
    assert main([str(tmp_path), str(tmp_path)]) == 1


def test_score_fails_on_an_unequal_case_and_emits_the_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "t").mkdir()
    (tmp_path / "c" / "c.json").write_text(json.dumps(small_case()))
    (tmp_path / "t" / "c.json").write_text(json.dumps(TWO_TASKS))
    arguments = [str(tmp_path / "c"), str(tmp_path / "t"), "--emit", str(tmp_path / "out")]
    assert main(arguments) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "equal 0 of 1"
    assert printed[1].startswith("c: t = 0: d m1 b[-1]: expected running#1, got nothing")
    emitted = json.loads((tmp_path / "out" / "c.json").read_text())
    (tmp_path / "t" / "c.json").write_text(json.dumps(emitted))
    assert main(arguments[:2]) == 0


def small_case() -> dict[str, Any]:
    return {
        "id": "c",
        "start": "2024-01-01T00:00:00",
        "end_s": 100,
        "dags": [{"dag_id": "d", "tasks": [{"task_id": "a"}]}],
        "manual_runs": [{"dag_id": "d", "run_id": "m1"}],
    }


def with_task(**values: Any) -> dict[str, Any]:
    case = small_case()
    case["dags"][0]["tasks"][0].update(values)
    return case


def test_a_case_without_an_offset_is_in_utc() -> None:
    assert load_case(small_case()).start.isoformat() == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (None, None),
        ("@once", Once()),
        ("@daily", Cron(expression="@daily")),
        (
            {"cron": "* * * * *", "timetable": "trigger"},
            Cron(expression="* * * * *", timetable="trigger"),
        ),
        ({"every_s": 60}, Every(seconds=60)),
    ],
)
def test_schedules(schedule: Any, expected: Any) -> None:
    case = small_case()
    case["dags"][0]["schedule"] = schedule
    assert load_case(case).fleet.dags[0].schedule == expected


def test_the_format_has_its_own_defaults() -> None:
    scenario = load_case(with_task(kind="sensor"))
    sensor = scenario.fleet.dags[0].tasks[0].kind
    assert sensor == Sensor(mode="reschedule")
    (rule,) = scenario.behavior.rules
    assert (rule.tasks, rule.duration_s, rule.true_at_s) == ("d.a", 1, None)
    assert scenario.cluster.max_dagruns_to_create_per_loop == 1000


def test_mapping_and_teardowns_add_edges() -> None:
    case = small_case()
    case["dags"][0].update(
        groups=[{"group_id": "g", "expand": {"over": "a"}}],
        tasks=[
            {"task_id": "a", "is_setup": True},
            {"task_id": "b", "group": "g"},
            {"task_id": "lone"},
            {"task_id": "c", "group": "g", "upstream": ["b"]},
            {"task_id": "d", "expand": {"over": ["a", "c"]}},
            {"task_id": "e", "is_teardown": True, "setups": ["a"]},
        ],
    )
    dag = load_case(case).fleet.dags[0]
    assert [(task.task_id, task.upstream) for task in dag.tasks] == [
        ("a", ()),
        ("b", ("a",)),
        ("c", ("b", "a")),
        ("lone", ()),
        ("d", ("a", "c")),
        ("e", ("a",)),
    ]
    assert dag.task("e").trigger_rule == "all_done_setup_success"
    assert dag.task("d").expand == ("a", "c")


@pytest.mark.parametrize(
    "case",
    [
        with_task(upstream=["ghost"]),
        with_task(kind="ghost"),
        with_task(group="ghost"),
        with_task(ghost=1),
        with_task(behaviour=[{"outcome": "ghost"}]),
        with_task(behaviour=[{"when": {"ghost": 1}}]),
        {**small_case(), "config": {"ghost": 1}},
        {**small_case(), "manual_runs": [{"dag_id": "ghost", "run_id": "m"}]},
        {**small_case(), "format": 2},
    ],
)
def test_what_the_format_does_not_know_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(CaseFormatError):
        read_case(case)


def test_every_carried_case_is_a_scenario() -> None:
    for path in sorted((HERE / "cases").rglob("*.json")):
        assert load_case(path).name == path.stem
