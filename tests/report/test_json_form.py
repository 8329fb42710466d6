"""A simulation and a check as JSON for other programs."""

from __future__ import annotations

import json
from types import SimpleNamespace

from windtunnel.detect.finding import Finding
from windtunnel.report import check_json, run_json
from windtunnel.window import Idle


def test_the_form_is_versioned(result: SimpleNamespace, report: SimpleNamespace) -> None:
    assert json.loads(run_json(result))["format"] == "windtunnel.report/1"
    assert json.loads(check_json(report))["format"] == "windtunnel.report/1"


def test_a_finding_comes_back_from_json_as_it_was(
    report: SimpleNamespace, finding: Finding
) -> None:
    (read,) = json.loads(check_json(report))["findings"]

    assert Finding.model_validate(read) == finding


def test_a_run_has_every_task_instance_with_times(result: SimpleNamespace) -> None:
    instances = json.loads(run_json(result))["task_instances"]

    assert [(one["task_id"], one["state"], one["try_number"]) for one in instances] == [
        ("load", "success", 1),
        ("save", "success", 1),
        ("load", "failed", 1),
        ("save", "upstream_failed", 0),
    ]
    assert instances[1]["started"] == "2026-03-01T00:00:30+00:00"
    assert instances[1]["ended"] == "2026-03-01T00:01:30+00:00"


def test_a_run_has_what_became_of_messages_and_pods(result: SimpleNamespace) -> None:
    result.trace.executor_events.append((5_000_000, 1, "redelivered"))
    (event,) = json.loads(run_json(result))["executor_events"]
    assert event["at"] == "2026-03-01T00:00:05+00:00"
    assert (event["dag_id"], event["task_id"], event["what"]) == ("etl", "save", "redelivered")


def test_a_run_has_every_dag_run_with_when_it_was_due(result: SimpleNamespace) -> None:
    runs = json.loads(run_json(result))["dag_runs"]

    assert [(run["state"], run["due"], run["ended"]) for run in runs] == [
        ("success", "2026-03-01T00:00:00+00:00", "2026-03-01T00:01:30+00:00"),
        ("failed", "2026-03-01T01:00:00+00:00", "2026-03-01T01:00:10+00:00"),
    ]


def test_task_instances_and_dag_runs_can_be_joined(result: SimpleNamespace) -> None:
    told = json.loads(run_json(result))

    for name in ("run", "run_id"):
        runs = {(run["dag_id"], run[name]): run["state"] for run in told["dag_runs"]}
        states = [runs[one["dag_id"], one[name]] for one in told["task_instances"]]
        assert states == ["success", "success", "failed", "failed"]


def test_a_check_counts_what_ran_and_names_what_did_not(report: SimpleNamespace) -> None:
    report.result.never_ran = (Idle("other", "it is paused"),)

    told = json.loads(check_json(report))

    assert (told["dag_runs"], told["task_instances"]) == (2, 4)
    assert told["never_ran"] == [{"dag_id": "other", "why": "it is paused"}]


def test_keys_are_sorted_so_that_equal_results_are_equal_bytes(result: SimpleNamespace) -> None:
    text = run_json(result)

    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
