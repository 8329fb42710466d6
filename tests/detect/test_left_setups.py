"""What a setup made and no teardown took down is told; what a teardown took down is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Dag,
    Fleet,
    ManualRun,
    Rule,
    RunMarked,
    Scenario,
    Task,
    TaskHangs,
    TriggerRule,
)

HOUR = 3600.0


def found(*, work=None, rules=(), faults=(), runs=1, **of_dag):
    """A cluster, work on it, and its end, in a run that may last for two hours."""
    tasks = (
        Task(task_id="create", is_setup=True),
        Task(task_id="work", upstream=("create",), **(work or {})),
        Task(
            task_id="delete",
            is_teardown=True,
            trigger_rule=TriggerRule.ALL_DONE_SETUP_SUCCESS,
            upstream=("create", "work"),
        ),
    )
    one = Scenario(
        fleet=Fleet(
            dags=(Dag(dag_id="ml", tasks=tasks, **{"dagrun_timeout_s": 2 * HOUR, **of_dag}),)
        ),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=12 * HOUR,
        manual_runs=tuple(ManualRun(dag_id="ml", at_s=i * HOUR) for i in range(runs)),
        behavior=Behavior(rules=(*rules, Rule(tasks="ml.work", duration_s=HOUR))),
        faults=tuple(faults),
    )
    return [finding for finding in detect(one, simulate(one)) if finding.code == "WT302"]


def test_a_run_that_times_out_skips_its_teardown():
    (finding,) = found(rules=[Rule(tasks="ml.work", duration_s=5 * HOUR)], runs=2)
    assert "ml.create succeeded" in finding.summary
    assert finding.summary.endswith("it was skipped when dagrun_timeout failed the run.")
    assert finding.since.replace(microsecond=0) == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert finding.until is None
    assert "It happens in 2 runs of this simulation." in finding.notes


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rules": [Rule(tasks="ml.work", outcome="fail")]},
        {"rules": [Rule(tasks="ml.work", outcome="skip")]},
        {"work": {"execution_timeout_s": HOUR}, "faults": [TaskHangs(tasks="ml.work")]},
        {"rules": [Rule(tasks="ml.create", outcome="fail")]},
        {"rules": [Rule(tasks="ml.create", duration_s=5 * HOUR)]},
        {"rules": [Rule(tasks="ml.delete", outcome="fail")]},
        {"faults": [RunMarked(dags="ml", state="failed", at_s=HOUR / 2)]},
        {"rules": [Rule(tasks="ml.work", duration_s=50 * HOUR)], "dagrun_timeout_s": None},
    ],
    ids=[
        "success", "work fails", "work is skipped", "work times out", "setup fails",
        "setup times out", "teardown fails", "marked", "not over",
    ],
)  # fmt: skip
def test_it_is_no_finding_where_the_teardown_ran_or_had_nothing_to_do(options):
    assert not found(**options)
