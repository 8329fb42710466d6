"""Settings that may vary: their names and values as people write them, and the scenario with
another value."""

from __future__ import annotations

import re
from collections.abc import Callable

from windtunnel.errors import InvalidInput
from windtunnel.loaders.moved_schedule import moved
from windtunnel.model import Dag, Pool, Scenario, Setting, WorkerGroup
from windtunnel.model.cluster import MOST_WORKERS
from windtunnel.model.pattern import nearest

MOST = 64
"""Values of one setting."""
FORMS = (
    "'workers=2..6', 'worker slots=1..4', 'pool db=1..6', 'parallelism=8,16,32', "
    "'max_active_runs of etl=1..3', 'max_active_tasks of etl=1..8', 'resource warehouse=1..4', "
    "'offset of etl=0..45 step 15' (minutes)"
)


def parse_setting(text: str) -> Setting:
    """A setting in words: its name, and its values from the smallest to the largest, or each.

    Raises:
        InvalidInput: it is none.
    """
    name, equals, values = text.partition("=")
    name, values = " ".join(name.split()), values.strip()
    span = re.fullmatch(r"(\d+)\s*\.\.\s*(\d+)(?:\s+step\s+([1-9]\d*))?", values)
    if not name or not equals:
        raise InvalidInput(f"vary {text!r}: no setting and its values; write {FORMS}")
    if span is not None:
        low, high, step = int(span[1]), int(span[2]), int(span[3] or 1)
        found = tuple(range(low, min(high, low + MOST * step) + 1, step))
    elif re.fullmatch(r"\d+(\s*,\s*\d+)*", values):
        found = tuple(sorted({int(value) for value in values.split(",")}))
    else:
        raise InvalidInput(f"vary {text!r}: {values!r} are no values; write 1..6 or 1,2,4")
    if not found:
        raise InvalidInput(f"vary {text!r}: from the smaller to the larger; write {high}..{low}")
    if len(found) > MOST:
        raise InvalidInput(f"vary {text!r}: from 1 to {MOST} values can be tried")
    return Setting(name=name, values=found)


def with_setting(scenario: Scenario, name: str, value: int) -> Scenario:
    """The scenario with another value of a setting; what was chosen for it is kept.

    Raises:
        InvalidInput: there is no such setting in it, or it can't have this value.
    """
    for pattern, least, changed in _SETTINGS:
        if found := re.fullmatch(pattern, name):
            if value < least:
                raise InvalidInput(f"vary {name!r}: {value} is too small; {least} is the smallest")
            return changed(scenario, *found.groups(), value)
    raise InvalidInput(f"vary {name!r}: no such setting; write {FORMS}")


def _pool(scenario: Scenario, name: str, slots: int) -> Scenario:
    now = scenario.cluster.pool(name)
    if now is None:
        known = [*scenario.cluster.pools, "default_pool"]
        raise InvalidInput(f"vary pool {name}: no such pool; {nearest(name, known)}")
    pool = Pool(slots=slots, include_deferred=now.include_deferred)
    return _with_cluster(scenario, pools={**scenario.cluster.pools, name: pool})


def _parallelism(scenario: Scenario, value: int) -> Scenario:
    return _with_cluster(scenario, parallelism=value)


def _workers(scenario: Scenario, of: str | None, count: int) -> Scenario:
    """Of an elastic group: how many there are at most."""
    if count > MOST_WORKERS:
        raise InvalidInput(f"vary workers: {count} is too large; {MOST_WORKERS} is the largest")

    def changed(group: WorkerGroup) -> dict[str, object]:
        if group.elastic is None:
            return {"count": count}
        most = group.elastic.model_copy(update={"most": count})
        return {"count": min(group.count, count), "elastic": most}

    return _with_groups(scenario, "workers", of, changed)


def _worker_slots(scenario: Scenario, of: str | None, slots: int) -> Scenario:
    return _with_groups(scenario, "worker slots", of, lambda _: {"slots": slots})


def _with_groups(
    scenario: Scenario,
    said: str,
    of: str | None,
    changed: Callable[[WorkerGroup], dict[str, object]],
) -> Scenario:
    groups = scenario.cluster.workers or ()
    names = [group.name for group in groups]
    if not groups:
        raise InvalidInput(f"vary {said}: the cluster has no workers whose slots are counted")
    if of is not None and of not in names:
        raise InvalidInput(f"vary {said} of {of}: no such group; {nearest(of, names)}")
    made = tuple(
        group.model_copy(update=changed(group)) if of in (None, group.name) else group
        for group in groups
    )
    return _with_cluster(scenario, workers=made)


def _for_all(scenario: Scenario, limit: str, value: int) -> Scenario:
    """Of DAGs that don't say it themselves."""
    return _with_cluster(scenario, **{f"{limit}_per_dag": value})


def _of_dag(scenario: Scenario, limit: str, dag_id: str, value: int) -> Scenario:
    return _with_dag(scenario, limit, dag_id, lambda _: {limit: value})


def _offset(scenario: Scenario, dag_id: str, minutes: int) -> Scenario:
    return _with_dag(
        scenario, "offset", dag_id, lambda dag: {"schedule": moved(dag, minutes)} if minutes else {}
    )


def _with_dag(
    scenario: Scenario, said: str, dag_id: str, changed: Callable[[Dag], dict[str, object]]
) -> Scenario:
    ids = [dag.dag_id for dag in scenario.fleet.dags]
    if dag_id not in ids:
        raise InvalidInput(f"vary {said} of {dag_id}: no such DAG; {nearest(dag_id, ids)}")
    dags = tuple(
        dag.model_copy(update=changed(dag)) if dag.dag_id == dag_id else dag
        for dag in scenario.fleet.dags
    )
    return scenario.model_copy(update={"fleet": scenario.fleet.model_copy(update={"dags": dags})})


def _resource(scenario: Scenario, name: str, slots: int) -> Scenario:
    if name not in scenario.resources:
        known = list(scenario.resources)
        raise InvalidInput(f"vary resource {name}: no such resource; {nearest(name, known)}")
    resource = scenario.resources[name].model_copy(update={"slots": slots})
    return scenario.model_copy(update={"resources": {**scenario.resources, name: resource}})


def _with_cluster(scenario: Scenario, **changes: object) -> Scenario:
    cluster = scenario.cluster.model_copy(update=changes)
    return scenario.model_copy(update={"cluster": cluster})


_SETTINGS: tuple[tuple[str, int, Callable[..., Scenario]], ...] = (
    (r"pool (.+)", 0, _pool),
    (r"parallelism", 1, _parallelism),
    (r"workers(?: of (.+))?", 1, _workers),
    (r"(?:worker slots|worker_concurrency)(?: of (.+))?", 1, _worker_slots),
    (r"(max_active_runs|max_active_tasks)", 0, _for_all),
    (r"(max_active_runs|max_active_tasks) of (.+)", 0, _of_dag),
    (r"resource (.+)", 0, _resource),
    (r"offset of (.+)", 0, _offset),
)
"""Pattern of the name, the smallest value, and what changes."""
