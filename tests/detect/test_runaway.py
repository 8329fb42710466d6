"""WT230: runs that make runs without end."""

from __future__ import annotations

from data_use import MINUTE, every, found
from windtunnel.model import AssetUpdate, Dag, Rule, Sensor, ShortCircuit, Task, TriggerDagRun


def makes(dag_id, outlet, waits_for=None, **options):
    """A DAG that updates an asset, and is started by another."""
    task = Task(task_id="t", outlets=(outlet,))
    return Dag(dag_id=dag_id, tasks=(task,), asset_condition=waits_for, **options)


FEEDBACK = makes("enrich", "curated", "raw"), makes("curate", "raw", "curated")


def test_two_dags_that_start_each_other_through_assets():
    (finding,) = found("WT230", makes("start", "raw"), *FEEDBACK)
    assert finding.cycle in (
        ("enrich", "curate", "enrich"),
        ("curate", "enrich", "curate"),
    )
    assert {party.task_id for party in finding.holding} == {"t"}
    assert {party.does for party in finding.holding} == {
        "updates raw, which starts enrich",
        "updates curated, which starts curate",
    }
    assert finding.certain
    assert finding.until is None


def test_without_the_way_back_it_ends():
    assert not found("WT230", makes("start", "raw"), makes("enrich", "curated", "raw"))
    (enrich, curate) = FEEDBACK
    other = curate.model_copy(update={"tasks": (Task(task_id="t", outlets=("mart",)),)})
    assert not found("WT230", makes("start", "raw"), enrich, other)


def call(dag_id, **options):
    kind = TriggerDagRun(trigger_dag_id=dag_id, **options)
    return Task(task_id=f"call_{dag_id}", kind=kind)


def test_a_dag_that_triggers_itself():
    dag = Dag(dag_id="loop", tasks=(Task(task_id="work"), call("loop")))
    (finding,) = found("WT230", dag)
    assert finding.cycle == ("loop", "loop")
    assert finding.identity == ("WT230", "loop.call_loop")


def test_a_chain_of_triggers_and_a_schedule_that_feeds_it_end():
    dags = [every(5, "a", call("b")), Dag(dag_id="b", tasks=(call("c"),)), Dag(dag_id="c")]
    assert not found("WT230", *dags, runs=[])


def test_rounds_that_each_need_something_from_outside_are_not_without_end():
    """It waits for its own result and for a delivery, which comes every ten minutes."""
    both = {"type": "all", "of": ("own", "delivery")}
    dag = makes("daily", "own", both)
    deliveries = (AssetUpdate(asset="delivery", at_s=0, every_s=10 * MINUTE),)
    first = (AssetUpdate(asset="own", at_s=0),)
    assert not found("WT230", dag, asset_updates=(*first, *deliveries))


def test_a_chain_that_came_to_its_end_within_the_window_has_one():
    """Blocking triggers stand still when max_active_runs is reached."""
    dag = Dag(
        dag_id="nest",
        tasks=(call("nest", wait_for_completion=True),),
        max_active_runs=6,
    )
    assert not found("WT230", dag, until=600)


def test_where_something_may_end_it_that_nothing_is_said_of_it_only_could_be():
    decides = Task(task_id="more", kind=ShortCircuit())
    loop = call("loop").model_copy(update={"upstream": ("more",)})
    dag = Dag(dag_id="loop", tasks=(decides, loop))
    (finding,) = found("WT230", dag)
    assert not finding.certain
    assert "It ends if loop.more decides otherwise" in finding.notes[0]
    said = [Rule(tasks="loop.more", condition=True)]
    (finding,) = found("WT230", dag, rules=said)
    assert finding.certain
    assert not found("WT230", dag, rules=[Rule(tasks="loop.more", condition=False)])


def test_a_sensor_paces_it():
    wait = Task(task_id="file", kind=Sensor())
    loop = call("loop").model_copy(update={"upstream": ("file",)})
    (finding,) = found("WT230", Dag(dag_id="loop", tasks=(wait, loop)))
    assert "waits for something that doesn't come" in finding.notes[0]
