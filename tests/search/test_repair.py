"""Repair: the smallest change of each setting that a simulation shows to be enough."""

from __future__ import annotations

import pytest

from windtunnel.detect import Fix
from windtunnel.model import (
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Task,
    WorkerGroup,
)
from windtunnel.search import explore, repair


@pytest.fixture
def fixes():
    """What cures the first finding, by setting."""

    def fixes(scenario, seeds=4) -> dict[str, Fix]:
        finding, _ = explore(scenario, seeds).found[0]
        return {fix.setting: fix for fix in repair(scenario, finding, seeds)}

    return fixes


def on(scenario, **cluster):
    changed = scenario.cluster.model_copy(update={"default_pool_slots": 128, **cluster})
    return scenario.model_copy(update={"cluster": changed})


def moved(scenario, **options):
    """The same fleet with this option on every task."""
    dags = tuple(
        dag.model_copy(update={"tasks": tuple(t.model_copy(update=options) for t in dag.tasks)})
        for dag in scenario.fleet.dags
    )
    return scenario.model_copy(update={"fleet": scenario.fleet.model_copy(update={"dags": dags})})


def test_the_smallest_pool_that_is_enough_is_named(parents, fixes):
    """Three runs hold three slots, so it takes a fourth."""
    found = fixes(parents)
    assert (found["pool default_pool"].before, found["pool default_pool"].after) == ("2", "4")


def test_a_pool_that_is_listed_keeps_its_other_settings(parents, fixes):
    listed = {"db": Pool(slots=1, include_deferred=True)}
    found = fixes(on(moved(parents, pool="db"), pools=listed))
    assert (found["pool db"].before, found["pool db"].after) == ("1", "4")


def test_the_smallest_parallelism_that_is_enough_is_named(parents, fixes):
    found = fixes(on(parents, parallelism=2))
    assert (found["parallelism"].before, found["parallelism"].after) == ("2", "4")


def test_the_fewest_worker_slots_that_are_enough_are_named(parents, fixes):
    found = fixes(on(parents, workers=(WorkerGroup(slots=2),)))
    fix = found["worker slots"]
    assert (fix.before, fix.after, fix.note) == ("2", "4", "worker: 4 each")


def test_workers_grow_all_together(parents, fixes):
    """Two machines of one slot; two each are the next size, and enough."""
    found = fixes(on(parents, workers=(WorkerGroup(count=2, slots=1),)))
    assert (found["worker slots"].before, found["worker slots"].after) == ("2", "4")


def test_waiting_in_the_triggerer_is_offered(parents, fixes):
    (fix,) = [f for name, f in fixes(parents).items() if name.startswith("deferrable")]
    assert (fix.before, fix.after) == ("False", "True")
    assert fix.setting == "deferrable of parent.call"


def test_a_fix_of_what_luck_decides_holds_for_all_seeds_that_were_checked(by_tie, fixes):
    found = fixes(by_tie, seeds=8)
    assert found["pool default_pool"].after == "2"
    assert "deferrable of mart.wait" in found


@pytest.mark.parametrize("name", ["pool default_pool", "deferrable"])
def test_what_a_fix_says_is_true(parents, fixes, name):
    """Applied by hand, the finding is gone; one size smaller, it is still there."""
    assert any(setting.startswith(name) for setting in fixes(parents))
    if name == "deferrable":
        dags = tuple(
            dag.model_copy(update={"tasks": tuple(_deferring(task) for task in dag.tasks)})
            for dag in parents.fleet.dags
        )
        fleet = parents.fleet.model_copy(update={"dags": dags})
        assert explore(parents.model_copy(update={"fleet": fleet}), 8).found == []
        return
    assert explore(on(parents, default_pool_slots=4), 8).found == []
    assert explore(on(parents, default_pool_slots=3), 8).found != []


def _deferring(task):
    if not hasattr(task.kind, "deferrable"):
        return task
    return task.model_copy(update={"kind": task.kind.model_copy(update={"deferrable": True})})


def test_a_limit_that_has_no_part_in_it_is_not_offered(parents, fixes):
    assert set(fixes(parents)) == {
        "pool default_pool",
        "deferrable of parent.call",
    }


def test_a_circle_that_no_size_cures_is_offered_none(parents, fixes):
    """Two DAGs wait for each other: no limit takes part."""
    dags = tuple(
        Dag(
            dag_id=one,
            tasks=(
                Task(task_id="wait", kind=ExternalTaskSensor(external_dag_id=two)),
                Task(task_id="x", upstream=("wait",)),
            ),
        )
        for one, two in ("ab", "ba")
    )
    runs = (ManualRun(dag_id="a"), ManualRun(dag_id="b"))
    changes = {"fleet": Fleet(dags=dags), "manual_runs": runs}
    assert fixes(parents.model_copy(update=changes)) == {}
