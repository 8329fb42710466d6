"""Small fleets that read and write, and what is found in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from windtunnel import api
from windtunnel.detect import Finding
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Fleet,
    ManualRun,
    Rule,
    Scenario,
    Step,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = 60.0


def does(tasks: str, *steps: Step, **options: Any) -> Rule:
    """What some tasks do."""
    return Rule(tasks=tasks, steps=steps, **options)


def read(name: str, minutes: float = 0) -> Step:
    return Step(read=name, work_s=minutes * MINUTE)


def write(name: str, minutes: float = 0) -> Step:
    return Step(write=name, work_s=minutes * MINUTE)


def append(name: str, minutes: float = 0) -> Step:
    return Step(append=name, work_s=minutes * MINUTE)


def work(minutes: float) -> Step:
    return Step(work_s=minutes * MINUTE)


def every(minutes: int, dag_id: str, *tasks: Task, **options: Any) -> Dag:
    """A DAG that is due each so many minutes from the start on."""
    schedule = Cron(expression=f"*/{minutes} * * * *")
    return Dag(dag_id=dag_id, tasks=tasks, schedule=schedule, start_date=START, **options)


def scenario(
    *dags: Dag, rules: tuple[Rule, ...] | list[Rule] = (), until: float = 60, **options: Any
) -> Scenario:
    """DAGs without a schedule get one run at the start, unless ``runs`` says otherwise: (dag_id,
    minute) each. What is none of a scenario's fields is one of the cluster's."""
    unscheduled = [(d.dag_id, 0) for d in dags if not (d.schedule or d.asset_condition)]
    runs = options.pop("runs", unscheduled)
    own = {name: options.pop(name) for name in list(options) if name in Scenario.model_fields}
    return Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(**options),
        behavior=Behavior(rules=tuple(rules)),
        start=START,
        duration_s=until * MINUTE,
        manual_runs=tuple(ManualRun(dag_id=name, at_s=at * MINUTE) for name, at in runs),
        backlog="replayed",
        **own,
    )


def found(code: str, *dags: Dag, **options: Any) -> list[Finding]:
    """The findings of this code in one simulation, those that only could be so among them."""
    result = api.simulate(scenario(*dags, **options))
    findings = (*result.findings, *result.possible)
    return [finding for finding in findings if finding.code == code]


def minutes(at: datetime | None) -> float | None:
    """Minutes since the start."""
    return None if at is None else (at - START).total_seconds() / MINUTE


def span(finding: Finding) -> tuple[float | None, float | None]:
    """Since and until, in minutes since the start."""
    return minutes(finding.since), minutes(finding.until)


def names(finding: Finding) -> list[str]:
    """Who takes part."""
    return [party.name for party in finding.holding]
