"""Assumed: what the input did not say, and what was taken instead."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from fnmatch import fnmatchcase

from windtunnel.detect import Accepted, unused
from windtunnel.model import Assumption, Branch, RuleBook, Scenario
from windtunnel.model.pattern import nearest
from windtunnel.units import clock


def _backlog(scenario: Scenario) -> Iterator[Assumption]:
    """What is taken for granted of runs that were due before the window."""
    began = scenario.start
    older = any(d.schedule and d.start_date and d.start_date < began for d in scenario.fleet.dags)
    if scenario.backlog == "done" and older:
        yield Assumption(
            subject=f"runs due before {began:%Y-%m-%d %H:%M}",
            assumed="done, with success, as where the DAGs have been on; "
            'backlog = "replayed" in scenario.toml creates those that catchup asks for',
        )


def _backfills(scenario: Scenario) -> Iterator[Assumption]:
    """What is taken for granted of the runs that backfills are about."""
    for backfill in scenario.backfills:
        if scenario.backlog == "done" and backfill.from_date < scenario.start:
            yield Assumption(
                subject=f"backfill of {backfill.dag_id}",
                assumed="no run of its dates exists yet, except for those of the simulation",
            )
        asked = scenario.start + timedelta(seconds=backfill.at_s)
        if scenario.cluster.airflow.backfills_in_scheduler and backfill.to_date >= asked:
            yield Assumption(
                subject=f"backfill of {backfill.dag_id}",
                assumed=f"dates that are not over when it is asked for ({clock(asked)} UTC) are "
                "passed over, as Airflow does",
            )
    if scenario.backfills and not scenario.cluster.airflow.backfills_in_scheduler:
        yield Assumption(
            subject="airflow dags backfill",
            assumed="its tasks take the executor slots and loops of the scheduler, and none beside",
        )


def unused_accepts(scenario: Scenario, accepted: Collection[Accepted]) -> Iterator[Assumption]:
    """What is accepted and was not found: it can go, or its name is wrong."""
    known = [dag.dag_id for dag in scenario.fleet.dags]
    for glob, code in unused(scenario.accept, accepted):
        said = "nothing of it was found here"
        if not any(fnmatchcase(dag_id, glob) for dag_id in known):
            said = f"no such DAG; {nearest(glob, known)}"
        yield Assumption(subject=f"accept of {code} for {glob}", assumed=f"not used: {said}")


def assumed(
    scenario: Scenario, executed: Collection[tuple[str, str]] = ()
) -> tuple[Assumption, ...]:
    """What the scenario leaves open and the simulation had to take for granted.

    *executed* are the (dag_id, task_id) whose real callables decide for themselves.
    """
    behavior, fleet = scenario.behavior, scenario.fleet
    known = {dag.dag_id for dag in fleet.dags}
    found: list[Assumption] = []
    book = RuleBook(behavior.rules)
    unsaid = sum(
        1
        for dag in fleet.dags
        for task in dag.tasks
        if (dag.dag_id, task.task_id) not in executed and not book.of(dag, task)
    )
    if unsaid:
        found.append(
            Assumption(
                subject=f"{unsaid} task{'' if unsaid == 1 else 's'} without a behavior",
                assumed=f"{behavior.default_duration_s:g} s each, always a success; a sensor's "
                "condition holds at its first poke",
            )
        )
    branches = sum(
        isinstance(task.kind, Branch)
        and (dag.dag_id, task.task_id) not in executed
        and all(rule.follows is None for rule in book.of(dag, task))
        for dag in fleet.dags
        for task in dag.tasks
    )
    if branches:
        found.append(
            Assumption(
                subject=f"{branches} branch{'' if branches == 1 else 'es'}",
                assumed='each follows all that it could; follow = ["task_id"] in a behavior rule '
                "says what it chooses",
            )
        )
    found.extend(_backlog(scenario))
    found.extend(_backfills(scenario))
    for where, given, said in behavior.idle(fleet):
        subject = f"behavior.{where} = {given!r}"
        if not any(said in problem.message for problem in fleet.problems):
            found.append(Assumption(subject=subject, assumed=f"not used: {said}"))
    for dag in fleet.dags:
        for task in dag.tasks:
            other = getattr(task.kind, "external_dag_id", getattr(task.kind, "trigger_dag_id", ""))
            if other and other not in known:
                found.append(
                    Assumption(
                        subject=f"DAG {other} (named by {dag.dag_id}.{task.task_id})",
                        assumed="not in the fleet: taken to do its part at once",
                    )
                )
    return tuple(found)
