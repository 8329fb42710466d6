"""Execution traces in WfFormat: a fleet of one DAG that behaves as the trace says."""

import json

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.loaders import load, read_scenario
from windtunnel.loaders.wfcommons import load_wfformat


def task(name, *parents, **more):
    return {"name": name, "id": name, "parents": list(parents), "children": [], **more}


def ran(name, seconds, machine=None, **more):
    machines = {"machines": [machine]} if machine else {}
    return {"id": name, "runtimeInSeconds": seconds, **machines, **more}


def machine(name, cores):
    return {"nodeName": name, "cpu": {"coreCount": cores}}


def trace(tasks, runs, machines=()):
    execution = {"makespanInSeconds": 1, "tasks": runs, "machines": list(machines)}
    workflow = {"specification": {"tasks": tasks}, "execution": execution}
    return {"name": "a diamond", "schemaVersion": "1.5", "workflow": workflow}


DIAMOND = [task("split"), task("left", "split"), task("right", "split"), task("join", "left")]
DIAMOND[2]["children"] = ["join"]
RUNS = [ran("split", 10, "n1"), ran("left", 60, "n1"), ran("right", 30.5, "n2"), ran("join", 5)]


@pytest.fixture
def written(tmp_path):
    def write(data):
        place = tmp_path / "trace.json"
        place.write_text(json.dumps(data))
        return place

    return write


def test_a_trace_runs_as_long_as_its_critical_path_when_nothing_is_short(written):
    place = written(trace(DIAMOND, RUNS, [machine("n1", 2), machine("n2", 1)]))
    result = wt.simulate(read_scenario(place).scenario)
    run = result.dag_run("a_diamond")
    assert run.state == "success"
    started = result.task("a_diamond.split").started
    assert (result.task("a_diamond.join").ended - started).total_seconds() == 10 + 60 + 5


def test_a_trace_takes_longer_on_a_single_core(written):
    place = written(trace(DIAMOND, RUNS, [machine("n1", 1)]))
    result = wt.simulate(read_scenario(place).scenario)
    started = result.task("a_diamond.split").started
    assert (result.task("a_diamond.join").ended - started).total_seconds() == 10 + 60 + 30.5 + 5


def test_an_edge_counts_whichever_of_its_ends_names_it(written):
    join = load(written(trace(DIAMOND, RUNS))).fleet.dag("a_diamond").task("join")
    assert sorted(join.upstream) == ["left", "right"]


def test_only_machines_that_ran_tasks_are_workers(written):
    machines = [machine("n1", 4), machine("n2", 4), machine("head", 64)]
    cluster = read_scenario(written(trace(DIAMOND, RUNS, machines))).scenario.cluster
    assert [(group.count, group.slots) for group in cluster.workers] == [(2, 4)]
    assert cluster.parallelism == 8


def test_a_cluster_that_is_asked_for_takes_the_place_of_the_traces_machines(written):
    place = written(trace(DIAMOND, RUNS, [machine("n1", 1)]))
    scenario = read_scenario(place, cluster=wt.Cluster(parallelism=2)).scenario
    assert (scenario.cluster.parallelism, scenario.cluster.workers) == (2, None)
    assert len(scenario.behavior.rules) == 4


def test_no_task_waits_for_a_limit_of_airflow_that_the_trace_knew_nothing_of(written):
    many = [task(f"t{n}") for n in range(300)]
    place = written(trace(many, [ran(f"t{n}", 100) for n in range(300)]))
    result = wt.simulate(read_scenario(place).scenario)
    ended = {t.ended for t in result.tasks()}
    started = {t.started for t in result.tasks()}
    assert (max(ended) - min(started)).total_seconds() < 200


def test_what_the_trace_does_not_say_is_assumed(written):
    runs = [*RUNS[:3], ran("x", 1)]
    said = load(written(trace(DIAMOND, runs))).fleet.assumptions
    assert {a.subject: a.assumed for a in said} == {
        "1 task": "no runtime in the trace: 0 s each",
        "machines": "none in the trace, so every task starts as soon as it may",
    }


def test_older_traces_with_one_list_of_tasks_are_read_too(written):
    jobs = [
        {"name": "a", "runtime": 3.0, "parents": [], "machine": "m"},
        {"name": "b", "runtime": 4.0, "parents": ["a"], "machine": "m"},
    ]
    machines = [{"nodeName": "m", "cpu": {"count": 2}}]
    data = {"name": "w", "schemaVersion": "1.0", "workflow": {"jobs": jobs, "machines": machines}}
    found = load_wfformat(written(data))
    assert found.fleet.dag("w").task("b").upstream == ("a",)
    assert [rule.duration_s for rule in found.behavior.rules] == [3.0, 4.0]
    assert found.cluster.workers[0].slots == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (trace([], []), "the workflow has no tasks"),
        (trace([task("a", "zz")], []), "task 'a' names 'zz' as its parent or child"),
        (trace([task("a", "b"), task("b", "a")], []), "has a cycle: a >> b >> a|b >> a >> b"),
        ({"schemaVersion": "1.5", "workflow": {"specification": []}}, "not WfFormat 1.5"),
    ],
)
def test_a_trace_that_can_not_be_used_is_refused_with_its_file_and_the_reason(written, data, said):
    with pytest.raises(InvalidInput, match=rf"trace\.json: .*({said})"):
        load(written(data))
