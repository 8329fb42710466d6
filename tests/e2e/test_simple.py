"""The scenario `simple`: one task of an unscheduled DAG, simulated and really executed."""

from __future__ import annotations

import json
from typing import Any


def test_the_task_succeeds_in_a_manual_run(windtunnel_command: Any) -> None:
    done = windtunnel_command("run", "simple", "--format", "json")

    told = json.loads(done.stdout)
    (run,) = told["dag_runs"]
    (instance,) = told["task_instances"]
    assert done.returncode == 0
    assert (run["dag_id"], run["run_type"], run["state"]) == ("my_simple_dag", "manual", "success")
    assert (instance["task_id"], instance["state"]) == ("my_task_id", "success")


def test_execute_really_prints_the_line(windtunnel_command: Any) -> None:
    done = windtunnel_command("run", "simple", "--execute")

    assert done.returncode == 0
    assert done.stdout.count("Executing my_task\n") == 1
