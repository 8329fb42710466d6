"""Repair: the smallest change of each setting that a simulation shows to be enough."""

from __future__ import annotations

import pytest

from windtunnel.detect import Fix
from windtunnel.model import (
    Cluster,
    Dag,
    ExecutorConfig,
    ExternalTaskSensor,
    Fleet,
    KubernetesSettings,
    ManualRun,
    Pool,
    Task,
    TriggerDagRun,
    WorkerGroup,
)
from windtunnel.search import explore, repair


@pytest.fixture
def fixes():
    """What cures the first finding, by setting."""

    def fixes(scenario, seeds=4) -> dict[str, Fix]:
        finding, _ = explore(scenario, seeds).found[0]
        return {fix.setting: fix for fix in repair(scenario, finding, seeds).fixes}

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
    assert (fix.before, fix.after, fix.note) == ("2", "4", "")


def test_the_slots_of_all_workers_of_a_group_are_counted_together(parents, fixes):
    """Two workers of two slots and three parents: one slot is left, so four are enough, and with
    one worker less they would be too few."""
    runs = (*parents.manual_runs, ManualRun(dag_id="parent", run_id="run3"))
    four = parents.model_copy(update={"manual_runs": runs})
    fix = fixes(on(four, workers=(WorkerGroup(count=2, slots=2),)))["worker slots"]
    assert (fix.before, fix.after) == ("4", "5")
    assert fix.note == "over all workers of this group, now 2 with 2 each"


def test_workers_of_other_queues_are_left_alone(parents, fixes):
    groups = (WorkerGroup(slots=2), WorkerGroup(name="gpu", count=10, slots=8, queues=("gpu",)))
    found = fixes(on(parents, workers=groups))
    assert (found["worker slots of worker"].before, found["worker slots of worker"].after) == (
        "2",
        "4",
    )
    assert not [setting for setting in found if "gpu" in setting]


def test_each_of_two_deadlocks_is_cured_although_the_other_stays(two_pools):
    found = [finding for finding, _ in explore(two_pools, 2).found]
    cures = {
        finding.limits[0].subject: {
            (fix.setting, fix.before, fix.after)
            for fix in repair(two_pools, finding, 2, known=found).fixes
        }
        for finding in found
    }
    assert cures == {
        "team one": {
            ("pool team one", "1", "2"),
            ("deferrable of a.call", "False", "True"),
            ("pool of a.call", "team one", "waits"),
            ("wait_for_completion of a.call", "True", "False"),
        },
        "team two": {
            ("pool team two", "1", "2"),
            ("deferrable of b.call", "False", "True"),
            ("pool of b.call", "team two", "waits"),
            ("wait_for_completion of b.call", "True", "False"),
        },
    }


def test_a_change_that_makes_another_deadlock_cures_nothing(parents):
    """With a pool as large as parallelism, parallelism is what is full."""
    tight = on(parents, default_pool_slots=2, parallelism=3)
    finding, _ = explore(tight, 2).found[0]
    assert [limit.name for limit in finding.limits] == ["pool default_pool"]
    repaired = repair(tight, finding, 2)
    assert "deferrable of parent.call" in {fix.setting for fix in repaired.fixes}
    assert "pool default_pool" not in {fix.setting for fix in repaired.fixes}
    assert "pool default_pool of any larger size" in repaired.no_help


def test_a_size_far_away_is_found(parents, fixes):
    many = tuple(ManualRun(dag_id="parent", run_id=f"run{i}") for i in range(100))
    wide = on(parents.model_copy(update={"manual_runs": many}), default_pool_slots=3)
    dags = tuple(
        dag.model_copy(update={"max_active_runs": 200, "max_active_tasks": 200})
        for dag in wide.fleet.dags
    )
    wide = wide.model_copy(update={"fleet": Fleet(dags=dags)})
    cluster = wide.cluster.model_copy(update={"parallelism": 500})
    found = fixes(wide.model_copy(update={"cluster": cluster}), seeds=1)
    assert (found["pool default_pool"].before, found["pool default_pool"].after) == ("3", "101")


def test_all_tasks_that_wait_on_the_limit_are_changed_if_those_that_hold_it_are_not_enough(
    parents, fixes
):
    """Two parents share one slot: with one of them deferrable the other one takes it."""
    parent, child = parents.fleet.dags
    twin = parent.model_copy(update={"dag_id": "twin"})
    scenario = on(
        parents.model_copy(
            update={
                "fleet": Fleet(dags=(parent, twin, child)),
                "manual_runs": (ManualRun(dag_id="parent"), ManualRun(dag_id="twin")),
            }
        ),
        default_pool_slots=1,
    )
    assert "deferrable of parent.call, twin.call" in fixes(scenario)


def test_sensors_that_poke_are_offered_to_reschedule(by_tie, fixes):
    fix = fixes(by_tie, seeds=8)["mode of mart.wait"]
    assert (fix.before, fix.after) == ("poke", "reschedule")


def test_a_pool_that_counts_deferred_tasks_is_offered_not_to(parents, fixes):
    pools = {"db": Pool(slots=2, include_deferred=True)}
    kind = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True, deferrable=True)
    parent, child = moved(parents, pool="db").fleet.dags
    parent = parent.model_copy(
        update={"tasks": (parent.tasks[0].model_copy(update={"kind": kind}),)}
    )
    deferred = parents.model_copy(update={"fleet": Fleet(dags=(parent, child))})
    found = fixes(on(deferred, pools=pools))
    assert found["include_deferred of pool db"].after == "False"
    assert found["pool db"].after == "4"


def test_the_runs_that_may_be_active_at_once_are_offered(parents, fixes):
    """A run of ``a`` waits, through ``b`` and ``late``, for a task of the next run of ``a``."""
    look = TriggerDagRun(trigger_dag_id="late", wait_for_completion=True)
    dags = (
        Dag(
            dag_id="a",
            max_active_runs=1,
            tasks=(
                Task(
                    task_id="call", kind=TriggerDagRun(trigger_dag_id="b", wait_for_completion=True)
                ),
            ),
        ),
        Dag(dag_id="b", max_active_runs=1, tasks=(Task(task_id="back", kind=look),)),
        Dag(
            dag_id="late",
            tasks=(
                Task(
                    task_id="wait",
                    kind=ExternalTaskSensor(external_dag_id="a", external_task_ids=("mark",)),
                ),
            ),
        ),
    )
    mark = Dag(
        dag_id="a",
        max_active_runs=1,
        tasks=(*dags[0].tasks, Task(task_id="mark")),
    )
    runs = (
        ManualRun(dag_id="a", run_id="one"),
        ManualRun(dag_id="a", run_id="two", at_s=2, logical_date="2026-03-01T00:00:02Z"),
    )
    scenario = on(
        parents.model_copy(update={"fleet": Fleet(dags=(mark, *dags[1:])), "manual_runs": runs})
    )
    found = fixes(scenario)
    assert (found["max_active_runs of a"].before, found["max_active_runs of a"].after) == ("1", "2")


@pytest.mark.parametrize("name", ["max_active_tis_per_dag", "max_active_tasks"])
def test_limits_of_a_dag_and_of_a_task_are_offered(parents, fixes, name):
    """Both sensors wait for the task of their own DAG that the limit keeps out."""
    kind = ExternalTaskSensor(external_dag_id="d", external_task_ids=("load",))
    tasks = (Task(task_id="wait", kind=kind, priority_weight=9), Task(task_id="load"))
    dag = Dag(dag_id="d", tasks=tasks, max_active_tasks=1)
    if name == "max_active_tis_per_dag":
        later = ExternalTaskSensor(
            external_dag_id="d", external_task_ids=("wait",), execution_delta_s=-3600
        )
        own = Task(task_id="wait", kind=later, max_active_tis_per_dag=1)
        dag = Dag(dag_id="d", tasks=(own,))
    runs = (
        ManualRun(dag_id="d", logical_date="2026-03-01T00:00:00Z"),
        ManualRun(dag_id="d", logical_date="2026-03-01T01:00:00Z", at_s=3600),
    )
    scenario = on(parents.model_copy(update={"fleet": Fleet(dags=(dag,)), "manual_runs": runs}))
    found = fixes(scenario)
    (fix,) = [fix for setting, fix in found.items() if setting.startswith(name)]
    assert fix.before == "1"


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
        "max_active_runs of parent",
        "pool of parent.call",
        "wait_for_completion of parent.call",
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
    (only,) = fixes(parents.model_copy(update=changes)).values()
    assert (only.setting, only.level) == ("timeout of a.wait, b.wait", "shortens")


def of(scenario, **cluster):
    """The same fleet with another executor."""
    return scenario.model_copy(update={"cluster": Cluster(**cluster)})


def test_processes_of_a_local_executor_are_its_parallelism(parents, fixes):
    found = fixes(of(parents, executor="LocalExecutor", parallelism=3))
    assert (found["parallelism"].before, found["parallelism"].after) == ("3", "4")


def test_nodes_are_what_pods_need_more_of(parents, fixes):
    pods = KubernetesSettings(
        nodes=3, node_cpus=1, pod=ExecutorConfig(request_cpus=1), pod_start_s=0,
        worker_pods_creation_batch_size=100,
    )  # fmt: skip
    found = fixes(of(parents, executor="KubernetesExecutor", kubernetes_executor=pods))
    assert (found["nodes"].before, found["nodes"].after) == ("3", "4")
