"""What a search never came to is told, and what it came to is not."""

from __future__ import annotations

import pytest

from windtunnel.model import (
    Behavior,
    Cluster,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Resource,
    Rule,
    Sensor,
    Step,
    Task,
    TaskFails,
)
from windtunnel.search import explore
from windtunnel.search.reached import Reached


def unreached(scenario, kind, more=6):
    return [(u.subject, u.why) for u in explore(scenario, more).unreached if u.kind == kind]


def test_a_limit_that_somebody_set_and_nobody_waited_for(by_tie):
    pools = {"db": Pool(slots=1), "big": Pool(slots=9), "unused": Pool(slots=1)}
    etl, mart = by_tie.fleet.dags
    tasks = tuple(Task(task_id=f"t{i}", pool="db") for i in range(2))
    more = Dag(dag_id="x", tasks=(*tasks, Task(task_id="b", pool="big")))
    scenario = by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(etl, mart, more)),
            "manual_runs": (*by_tie.manual_runs, ManualRun(dag_id="x")),
            "cluster": Cluster(pools=pools, parallelism=100, default_pool_slots=1),
        }
    )
    why = "nobody ever waited for it"
    assert unreached(scenario, "limit") == [("pool big", why), ("parallelism", why)]
    assert unreached(by_tie.model_copy(update={"cluster": Cluster()}), "limit") == []


def test_a_resource_that_nobody_waited_for(by_tie):
    rules = (Rule(tasks="etl.load", needs={"warehouse": 1}),)
    scenario = by_tie.model_copy(
        update={
            "resources": {"warehouse": Resource(slots=5)},
            "behavior": Behavior(rules=rules),
        }
    )
    found = [subject for subject, _ in unreached(scenario, "limit")]
    assert found == ["resource warehouse"]


def test_a_fault_that_struck_nothing_in_any_simulation(by_tie):
    faults = (TaskFails(tasks="etl.load", tries=(7,)), TaskFails(tasks="etl.load", probability=0.2))
    scenario = by_tie.model_copy(update={"faults": faults})
    assert [s for s, _ in unreached(scenario, "fault", more=30)] == ["task fails: etl.load try 7"]
    assert len(unreached(scenario, "fault", more=0)) in (1, 2)


def test_a_dag_of_which_no_run_started(by_tie):
    idle = Dag(dag_id="idle", tasks=(Task(task_id="t"),))
    fleet = Fleet(dags=(*by_tie.fleet.dags, idle))
    assert unreached(by_tie.model_copy(update={"fleet": fleet}), "dag") == [
        ("idle", "none of its runs started")
    ]


@pytest.mark.parametrize(
    ("kind", "rule", "waited"),
    [
        (Sensor(), Rule(), False),
        (Sensor(), Rule(true_at_s=600), True),
        (Sensor(), Rule(true_at_s=None), True),
        (Sensor(mode="reschedule"), Rule(), False),
        (Sensor(mode="reschedule"), Rule(true_at_s=600), True),
        (Sensor(deferrable=True), Rule(true_at_s=600), True),
        (ExternalTaskSensor(external_dag_id="etl"), Rule(tasks="no.task"), True),
    ],
)
def test_a_sensor_that_never_waited(by_tie, kind, rule, waited):
    etl, _ = by_tie.fleet.dags
    mart = Dag(dag_id="mart", tasks=(Task(task_id="wait", kind=kind),))
    rule = rule.model_copy(update={"tasks": "mart.wait"})
    scenario = by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(etl, mart)),
            "behavior": Behavior(rules=(rule,)),
            "cluster": Cluster(),
        }
    )
    why = "it was right at its first look"
    assert unreached(scenario, "sensor") == ([] if waited else [("mart.wait", why)])


def test_what_there_was_nothing_to_look_for_in(by_tie):
    wide = by_tie.model_copy(update={"cluster": Cluster()})
    told = [codes for codes, _ in unreached(wide, "detector")]
    assert told == ["WT101, WT104, WT105", "WT202, WT204"]
    reached = Reached(wide)
    told = [one.subject for one in reached.unreached({"WT101"}) if one.kind == "detector"]
    assert told == ["WT202, WT204"]  # what was found was looked for
    faulty = wide.model_copy(
        update={
            "faults": (TaskFails(tasks="etl.load"),),
            "resources": {"warehouse": Resource(slots=5)},
        }
    )
    told = [codes for codes, _ in unreached(faulty, "detector")]
    assert told == ["WT101, WT104, WT105", "WT201", "WT202, WT204", "WT115"]
    rules = (Rule(tasks="etl.load", steps=(Step(write="table", work_s=5),)),)
    touching = by_tie.model_copy(update={"behavior": Behavior(rules=rules)})
    assert unreached(touching, "detector") == []
