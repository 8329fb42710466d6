"""A simulation or a check as JSON: versioned, complete, the same bytes for the same scenario."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from windtunnel.detect import Accepted
from windtunnel.model import Assumption, Deadline, Problem, Scenario
from windtunnel.model.base import Value
from windtunnel.report.summary import (
    DagSummary,
    LimitSummary,
    TaskSummary,
    summarize,
)
from windtunnel.result import Failure, Report, Result
from windtunnel.result.landings import LandingTimes, landing_times, latest
from windtunnel.search import DagProof, Proof
from windtunnel.trace import Trace, Waits

FORMAT = "windtunnel.report/1"


def run_json(result: Result, *, deadlines: Sequence[Deadline] = ()) -> str:
    """One simulation: every run, every task instance, waits by limit, landing times against
    deadlines, what decided the latest landing, findings."""
    trace = result.trace
    summary = summarize(trace)
    landings = landing_times(result.dag_runs(), result.scenario, deadlines)
    return dump(
        kind="run",
        **report_head(result.scenario, result.problems, result.assumptions),
        dag_runs=_dag_runs(trace),
        task_instances=_task_instances(trace),
        dags=[_dag(one) for one in summary.dags],
        tasks=[_task(one) for one in summary.tasks],
        waits=[_limit(one) for one in summary.limits],
        landings=[_landing(one) for one in landings],
        latest=_latest(landings),
        never_ran=_never_ran(result),
        failures=[_failure(one) for one in result.failures],
        executor_events=_executor_events(trace),
        output=[asdict(output) for output in trace.output],
        findings=_values(result.findings),
        possible=_values(result.possible),
        accepted=_accepted(result.accepted),
    )


def check_json(report: Report) -> str:
    """A check: findings with their counterexample ids, and what was covered."""
    return dump(
        kind="check",
        **report_head(report.scenario, report.problems, report.assumptions),
        simulations=report.simulations,
        dag_runs=len(report.result.trace.runs),
        task_instances=len(report.result.trace.ti_run),
        never_ran=_never_ran(report.result),
        not_kept=report.not_kept or None,
        profile=report.profile or None,
        covered=report.covered,
        varied=[{**asdict(one), "clean_from": one.clean_from} for one in report.varied],
        proof=_verdicts(report.proof),
        unreached=[asdict(one) for one in report.unreached],
        rechecked=[
            {
                "counterexample": one.name,
                "code": one.kept.code,
                "verdict": one.verdict,
                "why": one.why or None,
            }
            for one in report.rechecked
        ],
        findings=_values(report.findings),
        possible=_values(report.possible),
        accepted=_accepted(report.accepted),
    )


def proof_json(scenario: Scenario, proof: Proof) -> str:
    """Proofs: the verdict of each DAG, with what it rests on, who may be stuck, or why not."""
    return dump(
        kind="prove",
        **report_head(scenario, scenario.fleet.problems, scenario.fleet.assumptions),
        assumed=list(proof.assumptions),
        dags=[_dag_proof(one) for one in proof.dags],
    )


def _dag_proof(one: DagProof) -> dict[str, Any]:
    return {
        "dag_id": one.dag_id,
        "verdict": one.verdict,
        "rests_on": [asdict(fact) for fact in one.rests_on],
        "beside": list(one.beside),
        "waiting": {pool: list(tasks) for pool, tasks in one.waiting},
        "stuck": [asdict(stuck) for stuck in one.stuck],
        "why": list(one.why),
        "sha256": one.digest or None,
    }


def _verdicts(proof: Proof | None) -> dict[str, list[str]] | None:
    """Of a check: DAGs by what is proved of them."""
    if proof is None:
        return None
    return {
        "proved": list(proof.proved),
        "candidates": list(proof.candidates),
        "not_covered": list(proof.not_covered),
    }


def dump(**parts: Any) -> str:
    """One JSON document of ours: its format, and these parts."""
    return json.dumps({"format": FORMAT, **parts}, indent=2, sort_keys=True, ensure_ascii=False)


def report_head(
    scenario: Scenario, problems: Sequence[Problem], assumptions: Sequence[Assumption]
) -> dict[str, Any]:
    """What every report begins with: what was simulated, and what was not said."""
    return {
        "scenario": {
            "name": scenario.name,
            "start": _instant(scenario.start),
            "duration_s": scenario.duration_s,
            "seed": scenario.seed,
            "cluster": scenario.cluster.model_dump(mode="json"),
            "dag_ids": sorted(dag.dag_id for dag in scenario.fleet.dags),
        },
        "problems": _values(problems),
        "assumptions": _values(assumptions),
    }


def _values(values: Iterable[Value]) -> list[dict[str, Any]]:
    return [value.model_dump(mode="json") for value in values]


def _accepted(accepted: Iterable[Accepted]) -> list[dict[str, Any]]:
    return [
        {
            "finding": one.finding.model_dump(mode="json"),
            "by": list(one.by),
            "reason": one.reason or None,
        }
        for one in accepted
    ]


def _never_ran(result: Result) -> list[dict[str, Any]]:
    return [{"dag_id": one.dag_id, "why": one.why} for one in result.never_ran]


def _failure(one: Failure) -> dict[str, Any]:
    return {
        "dag_id": one.dag_id,
        "task_id": one.task_id,
        "map_index": one.map_index,
        "run": one.run,
        "try_number": one.try_number,
        "state": one.state,
        "at": _instant(one.at),
        "traceback": one.traceback,
    }


def _dag_runs(trace: Trace) -> list[dict[str, Any]]:
    return [
        {
            "dag_id": run.dag_id,
            "run": run.run,
            "run_id": run.run_id,
            "run_type": run.run_type,
            "logical_date": _instant(run.logical_date),
            "due": _instant(trace.runs[run.index].run_after),
            "state": run.state,
            "started": _at(trace, run.started_us),
            "ended": _at(trace, run.ended_us),
        }
        for run in trace.dag_runs()
    ]


def _task_instances(trace: Trace) -> list[dict[str, Any]]:
    waits = Waits(trace)
    return [
        {
            "dag_id": one.dag_id,
            "run": one.run,
            "run_id": trace.runs[trace.ti_run[one.index]].run_id,
            "task_id": one.task_id,
            "map_index": one.map_index,
            "state": one.state,
            "try_number": one.try_number,
            "started": _at(trace, one.started_us),
            "ended": _at(trace, one.ended_us),
            "waited_on": [
                {"limit": wait.limit, "from": _at(trace, wait.from_us), "seconds": wait.seconds}
                for wait in waits.of(one.index)
            ],
        }
        for one in trace.task_instances()
    ]


def _executor_events(trace: Trace) -> list[dict[str, Any]]:
    instances = {one.index: one for one in trace.task_instances()} if trace.executor_events else {}
    return [
        {
            "at": _at(trace, at),
            "what": what,
            "dag_id": instances[ti].dag_id,
            "run": instances[ti].run,
            "task_id": instances[ti].task_id,
            "map_index": instances[ti].map_index,
        }
        for at, ti, what in trace.executor_events
    ]


def _dag(summary: DagSummary) -> dict[str, Any]:
    return {
        "dag_id": summary.dag_id,
        "runs": dict(summary.states),
        "lands_after_s": summary.usual_s,
        "lands_after_worst_s": summary.worst_s,
        "last_landed": _instant(summary.last_landed),
    }


def _task(summary: TaskSummary) -> dict[str, Any]:
    return {
        "name": summary.name,
        "instances": dict(summary.states),
        "tries": summary.tries,
        "longest_s": max(summary.took_s, default=None),
        "waited_s": summary.waited_s,
    }


def _limit(summary: LimitSummary) -> dict[str, Any]:
    return {
        "limit": summary.limit,
        "total_s": summary.total_s,
        "instances": summary.instances,
        "longest_s": summary.longest_s,
        "longest_by": summary.longest_by,
    }


def _landing(one: LandingTimes) -> dict[str, Any]:
    return {
        "name": one.name,
        "deadline": one.deadline or None,
        "source": one.source or None,
        "runs": len(one.runs),
        "late": one.late,
        "p50_s": one.share_s(0.5),
        "p95_s": one.share_s(0.95),
        "worst_s": one.share_s(1.0),
    }


def _latest(landings: Sequence[LandingTimes]) -> dict[str, Any] | None:
    """The run that was late, or took longest, and its critical path."""
    found = latest(landings)
    if found is None:
        return None
    run = found.run
    return {
        "dag_id": run.dag_id,
        "run": run.run,
        "late": found.late,
        "critical_path": [
            {
                "name": link.name,
                "run": link.run,
                "from": _instant(link.since),
                "seconds": link.seconds,
                "what": link.does,
                "limit": link.limit or None,
            }
            for link in run.critical_path().links
        ],
    }


def _at(trace: Trace, us: int | None) -> str | None:
    return None if us is None else _instant(trace.at(us))


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
