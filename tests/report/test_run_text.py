"""A simulation and a check as text."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from windtunnel.detect import Accepted
from windtunnel.model import Assumption, Cluster, Dag, Fleet, Problem, Task, WorkerGroup
from windtunnel.report import check_text, run_text
from windtunnel.result import Failure
from windtunnel.trace import Trace
from windtunnel.window import Idle

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_run_shows_what_was_loaded_and_on_what(result: SimpleNamespace) -> None:
    assert run_text(result).splitlines()[:4] == [
        "Loaded   1 DAG with 2 tasks from 1 file",
        "Cluster  airflow-3.3, parallelism 32, 2 workers with 4 slots each, pool db 3",
        "Window   2026-03-01 00:00:00 UTC, 1d, seed 0",
        "",
    ]


def test_a_run_shows_dag_runs_with_states_and_landing_times(result: SimpleNamespace) -> None:
    lines = [" ".join(line.split()) for line in run_text(result).splitlines()]

    heading = lines.index("Dag runs runs lands after worst last landed (UTC) states")
    assert lines[heading + 1] == "etl 2 10s 1m 30s 2026-03-01 01:00:10 1 failed, 1 success"


def test_a_run_shows_the_states_of_each_task(result: SimpleNamespace) -> None:
    lines = [" ".join(line.split()) for line in run_text(result).splitlines()]

    assert "etl.load 2 30s 0s 1 failed, 1 success" in lines
    assert "etl.save 2 1m 0s 1 success, 1 upstream_failed" in lines


def test_a_run_without_dag_runs_says_why_it_shows_nothing(result: SimpleNamespace) -> None:
    result.trace = Trace(start=result.trace.start)

    assert "Nothing was due in this window, and nothing was triggered." in run_text(result)


def test_problems_name_the_file_and_the_line(result: SimpleNamespace) -> None:
    result.problems = (
        Problem(cause="syntax", message="invalid syntax", file="dags/bad.py", line=3),
    )

    text = run_text(result)

    assert (
        "Not used (1 problem), while everything else was:\n  dags/bad.py:3: invalid syntax" in text
    )


def test_assumptions_are_listed_once_under_their_own_heading(result: SimpleNamespace) -> None:
    result.assumptions = (Assumption(subject="pool db", assumed="3 slots"),)

    assert "Assumed:\n  pool db: 3 slots" in run_text(result)


def test_a_clean_run_says_that_nothing_was_found_and_in_how_much(result: SimpleNamespace) -> None:
    assert run_text(result).endswith("No finding in 1 simulation.")


def test_a_check_ends_with_what_it_covered_and_what_it_found(report: SimpleNamespace) -> None:
    *_, covered, empty, verdict = check_text(report).splitlines()

    assert covered == "Covered: 8 orders of equal tasks over 1 day"
    assert empty == ""
    assert verdict == "1 finding (WT101) in 8 simulations."
    assert "What it means and what cures it: windtunnel explain WT101\n" in check_text(report)


def test_tasks_with_trouble_are_shown_when_there_are_too_many_to_show(
    result: SimpleNamespace,
) -> None:
    trace: Trace = result.trace
    trace.task_ids = (("load", *(f"quiet{n:03}" for n in range(100))),)
    trace.pools = (("default_pool",) * 101,)
    dag = Dag(dag_id="etl", tasks=tuple(Task(task_id=name) for name in trace.task_ids[0]))
    fleet = Fleet(dags=(dag,))
    result.scenario = result.scenario.model_copy(update={"fleet": fleet})
    for n in range(100):
        trace.ti_run.append(0)
        trace.ti_task.append(n + 1)
        trace.ti_map.append(-1)
        trace.history.log(0, 4 + n, 4)

    text = run_text(result)

    assert "etl.load" in text
    assert "... and 61 more (--format json lists all)" in text


def test_dags_that_never_ran_are_told_once_for_each_reason(
    result: SimpleNamespace, report: SimpleNamespace
) -> None:
    result.never_ran = (Idle("a", "it is paused"), Idle("b", "no"), Idle("c", "it is paused"))

    for text in (run_text(result), check_text(report)):
        assert "Never ran (3 of 1 DAG):\n  a, c: it is paused\n  b: no" in text
        assert "3 of 1 DAG never ran." in text.splitlines()[-1]


def test_a_check_says_how_much_ran(report: SimpleNamespace) -> None:
    assert check_text(report).splitlines()[3] == (
        "Ran      2 dag runs and 3 task instances, of 1 DAG (first simulation)"
    )


def test_a_check_in_which_nothing_ran_claims_nothing(report: SimpleNamespace) -> None:
    report.findings, report.result.ran = (), False

    assert check_text(report).endswith("Nothing was tried: no dag run started in 8 simulations.")


def test_what_could_not_be_stored_is_said_and_the_finding_is_still_shown(
    report: SimpleNamespace,
) -> None:
    report.not_kept = ".windtunnel: can't be stored here (Read-only file system)"

    text = check_text(report)

    assert "WT101 Worker slot deadlock" in text
    assert "Not kept: .windtunnel: can't be stored here (Read-only file system)" in text


def test_the_same_exception_of_several_tries_is_shown_once_with_its_traceback(
    result: SimpleNamespace,
) -> None:
    trace = 'Traceback (most recent call last):\n  File "dags/etl.py", line 7, in load\nKeyError: 1'
    result.failures = tuple(
        Failure("etl", "load", -1, "manual", number, state, START, trace)
        for number, state in ((1, "up_for_retry"), (2, "failed"))
    )

    text = run_text(result)

    assert "Exceptions in real callables (2):" in text
    assert "etl.load, try 1 of manual at 2026-03-01 00:00:00: up_for_retry (and 1 more try)" in (
        " ".join(text.split())
    )
    assert '      File "dags/etl.py", line 7, in load\n    KeyError: 1' in text
    assert text.endswith("No finding in 1 simulation. 2 tries of real callables failed.")


def test_a_cluster_without_workers_and_queues_says_so(result: SimpleNamespace) -> None:
    def shown(*groups: WorkerGroup) -> str:
        cluster = Cluster(workers=groups)
        result.scenario = result.scenario.model_copy(update={"cluster": cluster})
        return run_text(result).splitlines()[1]

    assert shown().endswith("no workers")
    assert shown(WorkerGroup(slots=1, queues=())).endswith("1 worker with 1 slot (of no queue)")


def test_the_executors_are_named_with_their_workers(result: SimpleNamespace) -> None:
    cluster = Cluster(executor="CeleryExecutor,KubernetesExecutor", parallelism=8)
    result.scenario = result.scenario.model_copy(update={"cluster": cluster})
    shown = " ".join(run_text(result).split())
    assert "parallelism 8, CeleryExecutor and KubernetesExecutor, 1 worker with 16 slots" in shown


def test_what_became_of_messages_and_pods_is_counted(result: SimpleNamespace) -> None:
    assert "Messages and pods" not in run_text(result)
    result.trace.executor_events += [
        (1, 0, "redelivered"),
        (2, 0, "redelivered"),
        (3, 1, "revoked"),
    ]
    lines = [" ".join(line.split()) for line in run_text(result).splitlines()]
    at = lines.index("Messages and pods times")
    assert lines[at + 1 : at + 3] == ["redelivered 2", "revoked 1"]


def test_accepted_findings_are_one_line_and_what_could_happen_has_its_place(report, finding):
    could = finding.model_copy(update={"code": "WT118", "certain": False})
    report.possible = (could,)
    report.findings = ()
    report.accepted = (Accepted(finding, ("etl",), "known"),) * 2
    text = check_text(report)
    assert "Accepted 2 findings: 2 x WT101 of etl (known)." in text
    assert "Could happen, though no simulation has shown it" in text
    assert text.endswith("No finding in 8 simulations. Could happen: WT118. 2 accepted.")
