"""Calibrated: the past of a deployment becomes what its tasks do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from windtunnel.calibration.deployed import platform_of
from windtunnel.calibration.fitting.arriving import arrivals_of
from windtunnel.calibration.fitting.choices import latest_of
from windtunnel.calibration.fitting.slow import slow_days
from windtunnel.calibration.fitting.tasks import Around, Learner
from windtunnel.calibration.fitting.values import Calibration, TaskFit
from windtunnel.calibration.fitting.waits import Key, latency_of
from windtunnel.calibration.past import Happened, Past, Poke
from windtunnel.errors import InvalidInput
from windtunnel.model import Cluster, Dag, Empty, Fleet, Task
from windtunnel.sweep import Progress

NAMED = 5
Line = TypeVar("Line", Poke, Happened)


def calibrate(
    past: Past,
    fleet: Fleet | None = None,
    cluster: Cluster | None = None,
    *,
    tell: Progress | None = None,
) -> Calibration:
    """Fit what tasks do to what they did.

    Args:
        past: what happened.
        fleet: the DAGs of today: which tasks there are, and what their operators are. Without it,
            operators tell by their names, and nothing is known of branches and of mapped tasks.
        cluster: the deployment, as far as it is known.
        tell: told how far it is.

    Raises:
        InvalidInput: SciPy is not installed, or nothing of the fleet ever ran.
    """
    known = {} if fleet is None else _tasks(fleet)
    until = past.until
    assert until is not None  # something ran
    found = slow_days(past)
    around = Around(
        runs={run.key: run for run in past.runs},
        latest=latest_of(past.tries),
        pokes=_by_key(past.pokes),
        log=_by_key(past.log),
        latency_s=latency_of(past.tries),
        until=until,
        slow=found.factors,
        since=past.since,
    )
    fits = []
    tasks = [*past.tries_by_task()]
    for done, (key, tries) in enumerate(tasks):
        if tell is not None:
            tell("Fitting", done, len(tasks))
        if fleet is None or key in known:
            fit = Learner(key, tries, known.get(key), around).fit()
            if fit is not None:
                fits.append(fit)
    if not fits:
        raise InvalidInput(
            f"{past.source}: nothing that ran there is in TARGET; there ran: "
            f"{_some(sorted({run.dag_id for run in past.runs}))}"
        )
    deployment = cluster or Cluster()
    platform = platform_of(past, deployment, fleet)
    return Calibration(
        source=past.source,
        release=past.release,
        since=past.since,
        until=until,
        runs=len(past.runs),
        tries=sum(fit.tries for fit in fits),
        tasks=tuple(fits),
        slowdowns=found.slowdowns,
        arrivals=arrivals_of(past, fleet),
        unknown=tuple(_unknown(past, fleet, known, fits)),
        platform=platform,
        cluster=platform.on(deployment),
    )


def _tasks(fleet: Fleet) -> dict[tuple[str, str], tuple[Dag, Task]]:
    return {(dag.dag_id, task.task_id): (dag, task) for dag in fleet.dags for task in dag.tasks}


def _by_key(lines: Iterable[Line]) -> dict[Key, list[Line]]:
    found: dict[Key, list[Line]] = {}
    for line in lines:
        found.setdefault((line[0], line[1], line[2], line[3]), []).append(line)
    return found


def _unknown(
    past: Past,
    fleet: Fleet | None,
    known: dict[tuple[str, str], tuple[Dag, Task]],
    fits: Sequence[TaskFit],
) -> Iterator[str]:
    """What could not be learned."""
    learned = {(fit.dag_id, fit.task_id) for fit in fits}
    never = [
        f"{dag.dag_id}.{task.task_id}"
        for key, (dag, task) in sorted(known.items())
        if key not in learned and not isinstance(task.kind, Empty)
    ]
    if never:
        yield f"no tries of {_counted(never, 'task')}: {_some(never)}"
    if fleet is not None:
        gone = sorted(
            {f"{one.dag_id}.{one.task_id}" for one in past.tries if one.task not in known}
        )
        if gone:
            yield f"{_counted(gone, 'task')} that ran and no DAG has any more: {_some(gone)}"
    else:
        yield "which way branches go and how many items are mapped over: no DAGs were given"
    yield "memory, processors, resources and locks: Airflow does not record them"
    for lacking in past.lacking:
        yield f"{lacking}: not there"


def _counted(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}{'' if len(names) == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
