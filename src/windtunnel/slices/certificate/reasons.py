"""What the analysis doesn't cover, each with its reason: of that it says nothing."""

from __future__ import annotations

from windtunnel.slices.certificate.phases import bodies, held_before
from windtunnel.slices.certificate.unfolding import Unfolding
from windtunnel.slices.fleet import Acquire, Dag, Release, Slice, Task, Trigger, Wait, WaitChild

MOST_INSTANCES = 600
MOST_ENDLESS = 20
"""Runs without end are followed up to so many, in case they are stuck before."""


def broken(of: Slice) -> list[str]:
    """What of the slice names something that isn't there."""
    names = {dag.name for dag in of.dags}
    found: list[str] = []
    for dag in of.dags:
        if not dag.tasks:
            found.append(f"{dag.name} has no tasks")
        for task in dag.tasks:
            whose = f"{dag.name}.{task.name}"
            if task.pool not in of.pools:
                found.append(f"{whose} is in pool {task.pool}, which there isn't")
            for step in (*task.steps, *task.retry_steps):
                if isinstance(step, Trigger) and step.dag not in names:
                    found.append(f"{whose} triggers {step.dag}, which there isn't")
                if isinstance(step, Acquire | Release) and step.lock not in of.locks:
                    found.append(f"{whose} takes {step.lock}, which there isn't")
    return list(dict.fromkeys(found))


def reasons(of: Slice, unfolding: Unfolding) -> list[str]:
    """Why nothing could be said of the slice even if no stuck state were found."""
    found = [
        f"runs of {name} can cause {of.max_runs - 1} runs of it or more"
        if unfolding.dags[name].at
        else f"{of.max_runs - 1} runs of {name} or more can be caused"
        for name in sorted(unfolding.endless)
    ]
    for dag in of.dags:
        for task in dag.tasks:
            found += [f"{dag.name}.{task.name} {why}" for why in _of(unfolding, dag, task)]
    if unfolding.instances > MOST_INSTANCES:
        found.append(f"{unfolding.instances} task instances: more than {MOST_INSTANCES}")
    return found


def is_too_large(unfolding: Unfolding) -> bool:
    """Whether nothing is asked at all."""
    endless = bool(unfolding.endless) and unfolding.of.max_runs > MOST_ENDLESS
    return endless or unfolding.instances > MOST_INSTANCES


def _of(unfolding: Unfolding, dag: Dag, task: Task) -> list[str]:
    tries = unfolding.tries(dag.name, task)
    found: list[str] = []
    if task.mode == "reschedule":
        for steps in bodies(task, tries):
            for number, step in enumerate(steps):
                if isinstance(step, Wait | WaitChild):
                    before = steps[:number]
                    if held_before(steps, number) or any(
                        isinstance(one, Acquire | Release) and one.by_run for one in before
                    ):
                        found.append("keeps a lock from one poke to the next")
                    if any(isinstance(one, Trigger) for one in before):
                        found.append("triggers another run with each poke")
    if (
        task.mode == "defer"
        and len(bodies(task, tries)) > 1
        and any(isinstance(step, Wait | WaitChild) for step in task.retry_steps)
    ):
        found.append("defers in tries that do something else than the first one")
    return list(dict.fromkeys(found))
