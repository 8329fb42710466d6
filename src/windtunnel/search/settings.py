"""Settings that a search may vary: their names, as people write them, and the scenario with another
value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from windtunnel.errors import InvalidInput
from windtunnel.model import Dag, Pool, Scenario
from windtunnel.model.pattern import nearest

MOST = 64
"""Values of one setting."""
FORMS = (
    "'pool db=1..6', 'parallelism=8,16,32', 'worker slots=1..4', 'max_active_runs of etl=1..3', "
    "'max_active_tasks of etl=1..8', 'resource warehouse=1..4'"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, and the values to try."""

    name: str
    """``pool db``, ``parallelism``, ``worker slots``, ``max_active_runs of etl``."""
    values: tuple[int, ...]


def parse_setting(text: str) -> Setting:
    """A setting in words: its name, and its values from the smallest to the largest, or each.

    Raises:
        InvalidInput: it is none.
    """
    name, equals, values = text.partition("=")
    name, values = " ".join(name.split()), values.strip()
    span = re.fullmatch(r"(\d+)\s*\.\.\s*(\d+)", values)
    if not name or not equals:
        raise InvalidInput(f"vary {text!r}: no setting and its values; write {FORMS}")
    if span is not None:
        low, high = int(span[1]), int(span[2])
        found = tuple(range(low, min(high, low + MOST) + 1))
    elif re.fullmatch(r"\d+(\s*,\s*\d+)*", values):
        found = tuple(sorted({int(value) for value in values.split(",")}))
    else:
        raise InvalidInput(f"vary {text!r}: {values!r} are no values; write 1..6 or 1,2,4")
    if not found or len(found) > MOST:
        raise InvalidInput(f"vary {text!r}: from 1 to {MOST} values can be tried")
    return Setting(name, found)


def with_setting(scenario: Scenario, name: str, value: int) -> Scenario:
    """The scenario with another value of a setting; what was chosen for it is kept.

    Raises:
        InvalidInput: there is no such setting in it.
    """
    for pattern, changed in _SETTINGS:
        if found := re.fullmatch(pattern, name):
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


def _worker_slots(scenario: Scenario, of: str | None, slots: int) -> Scenario:
    groups = scenario.cluster.workers or ()
    names = [group.name for group in groups]
    if not groups:
        raise InvalidInput("vary worker slots: the cluster has no workers whose slots are counted")
    if of is not None and of not in names:
        raise InvalidInput(f"vary worker slots of {of}: no such group; {nearest(of, names)}")
    changed = tuple(
        group.model_copy(update={"slots": slots}) if of in (None, group.name) else group
        for group in groups
    )
    return _with_cluster(scenario, workers=changed)


def _of_dag(scenario: Scenario, limit: str, dag_id: str, value: int) -> Scenario:
    ids = [dag.dag_id for dag in scenario.fleet.dags]
    if dag_id not in ids:
        raise InvalidInput(f"vary {limit} of {dag_id}: no such DAG; {nearest(dag_id, ids)}")

    def changed(dag: Dag) -> Dag:
        return dag.model_copy(update={limit: value}) if dag.dag_id == dag_id else dag

    dags = tuple(changed(dag) for dag in scenario.fleet.dags)
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


_SETTINGS: tuple[tuple[str, Callable[..., Scenario]], ...] = (
    (r"pool (.+)", _pool),
    (r"parallelism", _parallelism),
    (r"worker slots(?: of (.+))?", _worker_slots),
    (r"(max_active_runs|max_active_tasks) of (.+)", _of_dag),
    (r"resource (.+)", _resource),
)
