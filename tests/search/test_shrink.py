"""Shrinking: the same finding with less, until nothing can be left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    Scenario,
    Task,
    TaskFails,
    TaskIsSlow,
    Uniform,
    WeightRule,
)
from windtunnel.search import explore, shown, shrink
from windtunnel.search.shrinking.cuts import cuts, of_dags, of_tasks
from windtunnel.search.shrinking.minimal import minimal


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_of_some_things_just_those_are_left_that_are_needed(things, more):
    tried = []

    def holds(some):
        tried.append(some)
        return things <= set(some)

    assert minimal(sorted(things | more), holds) == sorted(things)
    assert len(tried) <= 2 + 10 * (1 + len(things)) * 7


@pytest.fixture
def crowded(by_tie) -> Scenario:
    """The sensor and its producer among others: DAGs, tasks, runs and faults that don't matter."""
    etl, mart = by_tie.fleet.dags
    load = Task(task_id="load", upstream=("extract",))
    etl = etl.model_copy(update={"tasks": (Task(task_id="extract", pool="own"), load)})
    (wait,) = mart.tasks
    wait = wait.model_copy(update={"upstream": ("prepare",), "weight_rule": WeightRule.ABSOLUTE})
    tasks = (Task(task_id="prepare", pool="own"), wait, Task(task_id="x", upstream=("wait",)))
    mart = mart.model_copy(update={"tasks": tasks})
    others = tuple(
        Dag(
            dag_id=f"other{i}",
            schedule=Cron(expression="0 */8 * * *"),
            tasks=(Task(task_id="a", pool="own"), Task(task_id="b", pool="own", upstream=("a",))),
        )
        for i in range(5)
    )
    return by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(*others[:3], etl, *others[3:], mart)),
            "cluster": Cluster(default_pool_slots=1, pools={"own": Pool(slots=50)}),
            "faults": (
                TaskFails(tasks="other*"),
                TaskIsSlow(tasks="other1.a", factor=3),
                TaskFails(tasks="mart.x"),
            ),
            "behavior": Behavior(rules=(Rule(duration_s=Uniform(low=50, high=60)),)),
        }
    )


@pytest.fixture
def shrunk(crowded):
    found = [(f, s) for f, s in explore(crowded, 60).found if f.code == "WT101"]
    assert len(found) == 1
    small = shrink(found[0][1], found[0][0])
    assert small is not None
    return small


def test_what_does_not_matter_is_left_out(shrunk, crowded):
    scenario, case = shrunk.shown.scenario, shrunk.case
    names = {dag.dag_id: [t.task_id for t in dag.tasks] for dag in scenario.fleet.dags}
    # Either its producer is late by itself, or a tie has to make it so.
    assert names["mart"] == ["wait"]
    assert names["etl"] in (["load"], ["extract", "load"])
    assert (case.before.dags, case.before.tasks, case.before.faults) == (7, 15, 3)
    assert (case.after.dags, case.after.faults) == (2, 0)
    assert case.after.tasks + case.after.choices == 3
    assert case.after.runs == 2 < case.before.runs
    assert case.minimal
    assert not case.by_seed
    assert scenario.duration_s <= 600
    assert len(scenario.model_dump_json()) < len(crowded.model_dump_json()) / 2


def test_it_shows_the_same_finding(shrunk, crowded):
    again = Scenario.model_validate_json(shrunk.shown.scenario.model_dump_json())
    found = shown(again, shrunk.shown.finding)
    assert found is not None
    assert found.finding == shrunk.shown.finding
    assert [(p.dag_id, p.task_id) for p in found.finding.holding] == [("mart", "wait")]


@pytest.mark.parametrize("name", ["parents", "two_pools", "shrunk", "late"])
def test_nothing_can_be_left_out_any_more(name, request):
    """Each DAG, run, task, fault and choice alone: without it the finding is gone."""
    given_ = request.getfixturevalue(name)
    small = given_
    if name != "shrunk":
        (finding, scenario), *_ = [(f, s) for f, s in explore(given_, 40).found]
        small = shrink(scenario, finding)
    scenario, finding = small.shown.scenario, small.shown.finding
    assert small.case.minimal
    tried = 0
    for cut in cuts(scenario):
        items, keep = cut(scenario)
        for one in range(len(items)):
            less = keep(items[:one] + items[one + 1 :])
            if less != scenario:
                tried += 1
                assert shown(less, finding) is None, f"{items[one]} can be left out"
    for one in range(len(scenario.choices or ())):
        choices = (*scenario.choices[:one], *scenario.choices[one + 1 :])
        less = scenario.model_copy(update={"choices": choices})
        tried += 1
        assert shown(less, finding) is None, f"{scenario.choices[one]} can be left out"
    assert tried > 1


@pytest.fixture
def late(by_tie) -> Scenario:
    """mart's sensor comes after 5 minutes; it is first only if etl.extract takes longer."""
    wait = ExternalTaskSensor(external_dag_id="etl", external_task_ids=("load",))
    tasks = (Task(task_id="extract", pool="own"), Task(task_id="load", upstream=("extract",)))
    date = by_tie.start
    return by_tie.model_copy(
        update={
            "fleet": Fleet(
                dags=(
                    Dag(dag_id="etl", tasks=tasks),
                    Dag(dag_id="mart", tasks=(Task(task_id="wait", kind=wait),)),
                )
            ),
            "cluster": Cluster(default_pool_slots=1, pools={"own": Pool(slots=50)}),
            "behavior": Behavior(
                rules=(Rule(tasks="etl.extract", duration_s=Uniform(low=10, high=1210)),)
            ),
            "manual_runs": (
                ManualRun(dag_id="etl", logical_date=date),
                ManualRun(dag_id="mart", at_s=300, logical_date=date),
            ),
        }
    )


def test_a_length_that_is_needed_is_as_short_as_it_may_be(late):
    found = [(f, s) for f, s in explore(late, 40).found if s.choices]
    small = shrink(found[0][1], found[0][0])
    (chosen,) = small.shown.scenario.choices
    assert (chosen.kind, chosen.actor[2], chosen.value) == ("duration", "extract", 4)
    assert [(m.what, m.needed) for m in small.case.timeline] == [
        ("etl has a run (manual)", False),
        ("etl.extract takes 5m30s", True),
        ("etl.extract starts", False),
        ("mart has a run (manual)", False),
        ("mart.wait starts", False),
        ("etl.extract succeeds", False),
        ("from here on nothing goes on", False),
    ]


def test_a_needed_fault_of_the_search_is_told(by_tie):
    """etl fails once, and its retry finds the slot taken."""
    etl, mart = by_tie.fleet.dags
    load = Task(task_id="load", retries=1, retry_delay_s=60, priority_weight=9)
    fleet = Fleet(dags=(etl.model_copy(update={"tasks": (load,)}), mart))
    scenario = by_tie.model_copy(update={"fleet": fleet, "faults_up_to": 2})
    assert explore(scenario.model_copy(update={"faults_up_to": 0}), 40).found == []
    found = [(f, s) for f, s in explore(scenario, 60).found if f.code == "WT101"]
    small = shrink(found[0][1], found[0][0])
    assert [m.what for m in small.case.timeline if m.needed] == ["a try of etl.load fails"]
    assert small.case.after.choices == 1


def test_what_a_seed_drew_is_told(by_tie):
    """No length is chosen, so the case needs the seed, or nothing of it."""
    rules = (Rule(tasks="etl.load", duration_s=Uniform(low=50, high=60)),)
    drawn = by_tie.model_copy(update={"behavior": Behavior(rules=rules)})
    (finding, scenario), *_ = explore(drawn, 40).found
    assert shrink(scenario, finding).case.by_seed is False


def test_a_finding_that_a_scenario_does_not_show_has_no_case(parents, by_tie):
    ((finding, _),) = explore(parents, 2).found
    assert shrink(by_tie, finding) is None


def test_shrinking_twice_gives_the_same(crowded):
    found = [(f, s) for f, s in explore(crowded, 40).found if f.code == "WT101"]
    first, second = (shrink(found[0][1], found[0][0]) for _ in range(2))
    assert first.shown.scenario == second.shown.scenario
    assert first.case == second.case


def test_a_case_that_took_too_many_simulations_says_so(crowded):
    found = [(f, s) for f, s in explore(crowded, 40).found if f.code == "WT101"]
    case = shrink(found[0][1], found[0][0], share=10**9).case
    assert not case.minimal
    assert case.simulations < 20


def test_what_a_sensor_or_a_trigger_names_stays_with_it(by_tie, parents):
    items, keep = of_dags(by_tie)
    assert items == ["etl", "mart"]
    assert [dag.dag_id for dag in keep(["mart"]).fleet.dags] == ["etl", "mart"]
    assert [dag.dag_id for dag in keep(["etl"]).fleet.dags] == ["etl"]
    assert [run.dag_id for run in keep(["etl"]).manual_runs] == ["etl"]
    assert [dag.dag_id for dag in of_dags(parents)[1](["parent"]).fleet.dags] == ["parent", "child"]


def test_what_came_after_a_task_comes_after_those_before_it(by_tie):
    chain = tuple(
        Task(task_id=name, upstream=(before,) if before else ())
        for before, name in zip(("", "a", "b", "c"), "abcd", strict=True)
    )
    scenario = by_tie.model_copy(update={"fleet": Fleet(dags=(Dag(dag_id="etl", tasks=chain),))})
    _, keep = of_tasks(scenario)
    (dag,) = keep([("etl", "a"), ("etl", "d")]).fleet.dags
    assert {task.task_id: task.upstream for task in dag.tasks} == {"a": (), "d": ("a",)}


def test_what_a_task_is_mapped_over_stays_with_it(by_tie):
    tasks = (Task(task_id="list"), Task(task_id="load", upstream=("list",), expand=("list",)))
    scenario = by_tie.model_copy(update={"fleet": Fleet(dags=(Dag(dag_id="etl", tasks=tasks),))})
    _, keep = of_tasks(scenario)
    assert keep([("etl", "load")]).fleet == scenario.fleet


def test_nothing_is_shrunk_to_what_is_no_scenario(crowded):
    """Each intermediate case can be read back from a file, so the last one can."""
    found = [(f, s) for f, s in explore(crowded, 30).found if f.code == "WT101"]
    small = shrink(found[0][1], found[0][0]).shown.scenario
    assert Scenario.model_validate_json(small.model_dump_json()) == small
    assert small.choices is None or all(c.value > 0 for c in small.choices)


def test_of_many_that_wait_for_the_same_in_vain_one_is_enough(by_tie):
    etl, mart = by_tie.fleet.dags
    marts = tuple(mart.model_copy(update={"dag_id": f"mart{i}"}) for i in range(5))
    scenario = by_tie.model_copy(
        update={
            "fleet": Fleet(dags=(etl, *marts)),
            "manual_runs": tuple(ManualRun(dag_id=d.dag_id) for d in (etl, *marts)),
            "cluster": Cluster(),
            "behavior": Behavior(rules=(Rule(tasks="etl.load", outcome="fail"),)),
        }
    )
    ((finding, shown_by),) = [(f, s) for f, s in explore(scenario, 4).found if f.code == "WT103"]
    assert len(finding.holding) == 5
    case = shrink(shown_by, finding).case
    assert (case.after.dags, case.after.tasks, case.after.runs) == (2, 2, 2)
    assert case.minimal
