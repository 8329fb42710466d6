"""Other values of a setting: each is searched, and nothing is said of what was not tried."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.loaders import parse_setting, with_setting
from windtunnel.model import (
    Cluster,
    Dag,
    Elastic,
    Fleet,
    ManualRun,
    Pool,
    Resource,
    Task,
    TriggerDagRun,
    WorkerGroup,
)
from windtunnel.report.varied_text import varied_text
from windtunnel.search import vary


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("pool db=1..3", "pool db", (1, 2, 3)),
        ("parallelism = 8, 2,2", "parallelism", (2, 8)),
        ("max_active_runs  of etl=4", "max_active_runs of etl", (4,)),
        ("offset of etl=0..45 step 15", "offset of etl", (0, 15, 30, 45)),
    ],
)
def test_a_setting_is_said_with_its_values(text, name, values):
    setting = parse_setting(text)
    assert (setting.name, setting.values) == (name, values)


@pytest.mark.parametrize(
    "text",
    ["pool db", "=1..3", "pool db=", "pool db=3..1", "pool db=1..100000000", "pool db=-1..3"],
)
def test_what_is_no_setting_is_told_with_what_to_write(text):
    with pytest.raises(InvalidInput, match=r"vary '.*write|from 1 to 64"):
        parse_setting(text)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pool x", "no such pool"),
        ("worker slots", "no workers"),
        ("workers", "no workers"),
        ("offset of x", "no such DAG"),
        ("max_active_runs of x", "no such DAG"),
        ("resource x", "no such resource"),
        ("color", "no such setting"),
    ],
)
def test_a_setting_that_the_scenario_does_not_have_is_told(by_tie, name, says):
    with pytest.raises(InvalidInput, match=says):
        with_setting(by_tie, name, 3)
    with pytest.raises(InvalidInput, match=says):
        wt.check(by_tie, seeds=2, vary=f"{name}=1..2")


def test_each_setting_changes_what_it_names_and_nothing_else(by_tie):
    groups = (WorkerGroup(name="a", slots=2), WorkerGroup(name="b", slots=2))
    scenario = by_tie.model_copy(
        update={
            "cluster": Cluster(pools={"db": Pool(slots=1, include_deferred=True)}, workers=groups),
            "resources": {"warehouse": Resource(slots=2)},
        }
    )

    def changed(name):
        return with_setting(scenario, name, 7)

    assert changed("pool db").cluster.pools == {"db": Pool(slots=7, include_deferred=True)}
    assert changed("parallelism").cluster.parallelism == 7
    assert [g.slots for g in changed("worker slots").cluster.workers] == [7, 7]
    assert [g.slots for g in changed("worker slots of b").cluster.workers] == [2, 7]
    assert [g.slots for g in changed("worker_concurrency").cluster.workers] == [7, 7]
    assert [g.count for g in changed("workers of a").cluster.workers] == [7, 1]
    assert changed("max_active_runs").cluster.max_active_runs_per_dag == 7
    assert [d.max_active_runs for d in changed("max_active_runs of etl").fleet.dags] == [7, None]
    assert [d.max_active_tasks for d in changed("max_active_tasks of etl").fleet.dags] == [7, None]
    assert changed("resource warehouse").resources["warehouse"].slots == 7


def test_of_elastic_workers_it_is_how_many_there_are_at_most(by_tie):
    groups = (WorkerGroup(count=3, elastic=Elastic(most=5)),)
    scenario = by_tie.model_copy(update={"cluster": Cluster(workers=groups)})

    (fewer,) = with_setting(scenario, "workers", 2).cluster.workers
    (more,) = with_setting(scenario, "workers", 9).cluster.workers
    assert (fewer.count, fewer.elastic.most) == (2, 2)
    assert (more.count, more.elastic.most) == (3, 9)


def test_no_setting_becomes_smaller_than_it_can_be(by_tie):
    with pytest.raises(InvalidInput, match="0 is too small; 1 is the smallest"):
        with_setting(by_tie, "parallelism", 0)


def test_a_pool_is_enough_from_some_size_on(parents):
    (varied,) = vary(parents, [parse_setting("pool default_pool=1..5")], 20)
    assert [(one.value, one.codes) for one in varied.tried] == [
        (1, ("WT101",)),
        (2, ("WT101",)),
        (3, ("WT101",)),
        (4, ()),
        (5, ()),
    ]
    assert (varied.clean, varied.clean_from) == ((4, 5), 4)
    assert varied.tried[0].simulations == 1, "what fails at once is not searched further"
    assert varied.tried[4].simulations == 21


def test_a_larger_limit_may_be_worse_and_no_size_is_claimed_then():
    """With two seats only two parents run at once, each with room for its child; with more, the
    parents fill what is behind the pool."""
    call = TriggerDagRun(trigger_dag_id="child", wait_for_completion=True)
    scenario = wt.Scenario(
        fleet=Fleet(
            dags=(
                Dag(dag_id="parent", tasks=(Task(task_id="call", kind=call, pool="seats"),)),
                Dag(dag_id="child", tasks=(Task(task_id="run"),)),
            )
        ),
        start="2026-03-01T00:00:00Z",
        manual_runs=tuple(ManualRun(dag_id="parent", run_id=f"r{i}") for i in range(6)),
        cluster=Cluster(pools={"seats": Pool(slots=1)}, parallelism=4),
    )
    (varied,) = vary(scenario, [parse_setting("pool seats=1..5")], 12)
    assert varied.clean == (1, 2, 3)
    assert varied.clean_from is None
    said = "\n".join(varied_text([varied], width=80))
    assert said == (
        "Varied pool seats:\n"
        "  1 to 3: nothing found in 13 simulations each\n"
        "  4, 5: WT101\n"
        "  No size is enough from which on nothing is found: larger ones are worse again."
    )


def test_the_answer_says_only_what_was_tried(parents):
    report = wt.check(parents, seeds=6, vary=["pool default_pool=3,4", "parallelism=1..2"])
    assert [one.setting for one in report.varied] == ["pool default_pool", "parallelism"]
    said = varied_text(report.varied, width=80)
    assert said == [
        "Varied pool default_pool:",
        "  3: WT101",
        "  4: nothing found in 7 simulations",
        "  No finding for pool default_pool >= 4, as far as was tried (up to 4). Not",
        "  found is not proved.",
        "Varied parallelism:",
        "  1, 2: WT101",
        "  None of these values is enough.",
    ]


def test_where_nothing_can_go_another_way_that_is_said(by_tie):
    fleet = by_tie.fleet.model_copy(update={"dags": by_tie.fleet.dags[:1]})
    alone = by_tie.model_copy(update={"fleet": fleet, "manual_runs": by_tie.manual_runs[:1]})
    varied = vary(alone, [parse_setting("parallelism=1..2")])
    assert varied_text(varied, width=100)[1] == (
        "  1, 2: nothing found in 2 simulations each, in which nothing could go another way"
    )
