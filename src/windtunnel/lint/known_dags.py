"""Sensors and triggers that name a DAG which isn't there, or has ended (WT116)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from windtunnel.detect import Finding
from windtunnel.model import Dag, ExternalTaskSensor, Fleet, Scenario, Task, TriggerDagRun

CODE = "WT116"
ALIKE = 0.85
"""How alike two names must be for one to be taken for a slip of the other."""
LEFT_OUT = ("syntax", "import", "unreadable")
"""Problems for which a DAG file is left out, and nobody knows which DAGs are in it."""
SLIP = 2
"""Letters in which they differ then: ``load_dag`` and ``clean_dag`` are two of a family."""


def find_unknown_dags(scenario: Scenario) -> list[Finding]:
    """One finding for each task and what is wrong with the DAG that it names.

    A repository is seldom all that an Airflow has, so a DAG that isn't there is only assumed to be
    elsewhere, unless its name looks like a slip, or the fleet comes from Airflow's own database. It
    may also be in a DAG file that could not be loaded.
    """
    is_whole = not any(problem.cause in LEFT_OUT for problem in scenario.fleet.problems)
    dags = {dag.dag_id: dag for dag in scenario.fleet.dags}
    found = []
    for dag, task, name in _named(scenario.fleet):
        target = dags.get(name)
        if target is not None and _has_ended(scenario, task, target):
            found.append(_ended(dag, task, target))
        elif target is None:
            close = _slips(name, dags) if is_whole else []
            if close or scenario.fleet.complete:
                found.append(_missing(scenario.fleet, dag, task, name, close))
    return found


def _slips(name: str, dags: Iterable[str]) -> list[str]:
    """The name that was meant, if it looks so."""
    close = difflib.get_close_matches(name, list(dags), n=1, cutoff=ALIKE)
    return [other for other in close if _letters_apart(name, other) <= SLIP]


def _letters_apart(name: str, other: str) -> int:
    changes = difflib.SequenceMatcher(None, name, other, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in changes if tag != "equal")


def _named(fleet: Fleet) -> Iterator[tuple[Dag, Task, str]]:
    broken = {problem.dag_id for problem in fleet.problems}
    for dag in fleet.dags:
        for task in dag.tasks:
            kind = task.kind
            name = ""
            if isinstance(kind, ExternalTaskSensor):
                name = kind.external_dag_id
            elif isinstance(kind, TriggerDagRun):
                name = kind.trigger_dag_id
            if name and name not in broken and not dag.is_paused:
                yield dag, task, name


def _has_ended(scenario: Scenario, task: Task, target: Dag) -> bool:
    """Whether a run that is triggered now is past the end_date of all that is in it. Of sensors
    WT113 says it, date by date."""
    kind = task.kind
    by_now = isinstance(kind, TriggerDagRun) and kind.logical_date is None
    return by_now and target.end_date is not None and target.end_date < scenario.start


def _ended(dag: Dag, task: Task, target: Dag) -> Finding:
    assert target.end_date is not None
    return Finding(
        code=CODE,
        title="Trigger of a DAG that has ended",
        summary=f"{dag.dag_id}.{task.task_id} triggers {target.dag_id}, whose end_date "
        f"({target.end_date:%Y-%m-%d}) is past: its runs have no task instances, count as a "
        "success at once, and nothing is done.",
        about=f"{dag.dag_id}.{task.task_id} {target.dag_id}",
        dag_id=dag.dag_id,
        file=dag.file,
        line=task.line,
    )


def _missing(fleet: Fleet, dag: Dag, task: Task, name: str, close: list[str]) -> Finding:
    kind = task.kind
    where = "this Airflow has no such DAG" if fleet.complete else "it is not among these DAGs"
    hint = f"; did you mean {close[0]!r}?" if close else "."
    if isinstance(kind, ExternalTaskSensor):
        at_once = kind.check_existence
        what = "fails at once" if at_once else "waits until its timeout"
        verb = "waits for"
    else:
        what, verb = "fails", "triggers"
    unless = "" if fleet.complete else ", unless it is in another repository"
    return Finding(
        code=CODE,
        title="DAG that is named is missing",
        summary=f"{dag.dag_id}.{task.task_id} {verb} DAG {name!r}; {where}{hint} Without it the "
        f"task {what}{unless}.",
        certain=fleet.complete,
        about=f"{dag.dag_id}.{task.task_id} {name}",
        dag_id=dag.dag_id,
        file=dag.file,
        line=task.line,
    )
