"""What is drawn is valid as it is, and everything that a fleet can have is drawn."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import windtunnel
from effort import examples
from windtunnel import strategies
from windtunnel.loaders import check_backfills, check_targets
from windtunnel.model import Cluster, Dag, Fleet, Scenario, Task


@examples(40)
@given(strategies.scenarios())
def test_every_scenario_can_be_simulated_stored_and_keeps_all_limits(scenario):
    check_targets(
        scenario.faults, scenario.fleet, scenario.cluster, scenario.start, scenario.resources
    )
    check_backfills(scenario)
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario
    result = windtunnel.simulate(scenario)
    kept = [f for f in scenario.faults if f.type != "limit_not_kept"]
    assert len(kept) < len(scenario.faults) or not strategies.exceeded(result)


def test_every_kind_of_task_argument_and_executor_is_drawn():
    seen: Counter = Counter()

    @examples(200)
    @given(strategies.fleets(), st.data())
    def look(fleet, data):
        cluster = data.draw(strategies.clusters(fleet))
        seen.update((cluster.profile, cluster.executor))
        for dag in fleet.dags:
            seen.update(f"dag {name}" for name in dag.model_fields_set)
            for task in dag.tasks:
                seen[task.kind.type] += 1
                seen.update(f"task {name}" for name in task.model_fields_set)
                seen[getattr(task.kind, "mode", None)] += 1

    look()
    kinds = "work empty sensor external_task_sensor trigger_dag_run deferrable branch short_circuit"
    executors = "LocalExecutor CeleryExecutor KubernetesExecutor SequentialExecutor"
    of_tasks = "pool pool_slots trigger_rule retries depends_on_past expand outlets priority_weight"
    of_dags = "schedule asset_condition max_active_runs max_active_tasks dagrun_timeout_s"
    wanted = {*kinds.split(), "latest_only", "reschedule", "poke", *executors.split(), None}
    wanted |= {f"task {name}" for name in of_tasks.split()} | {"task is_teardown"}
    wanted |= {f"dag {name}" for name in of_dags.split()} | {"airflow-3.3", "airflow-2.11"}
    assert wanted <= set(seen), wanted - set(seen)


def test_only_the_features_that_are_asked_for_are_used():
    @examples(40)
    @given(strategies.fleets(features={"pools"}))
    def look(fleet):
        for dag in fleet.dags:
            assert dag.schedule is None
            assert {task.kind.type for task in dag.tasks} <= {"work", "empty"}
            assert all(not task.retries for task in dag.tasks)

    look()


def test_tasks_fit_into_their_pools_and_somebody_serves_their_queues():
    @examples(30)
    @given(strategies.scenarios(faults=0, ties=0))
    def look(scenario):
        codes = {finding.code for finding in windtunnel.simulate(scenario).findings}
        assert not codes & {"WT110", "WT111"}

    look()


FLEET = Fleet(dags=(Dag(dag_id="etl", tasks=(Task(task_id="t"),)),))


def test_what_is_healed_is_over_in_time():
    @examples(150)
    @given(strategies.faults(FLEET, healed_by_s=2000, window_s=900))
    def look(fault):
        if getattr(fault, "for_s", None) is not None:
            times = fault.times or 1
            last = fault.at_s + (times - 1) * (fault.every_s or 0) + fault.for_s
            assert last <= 2000
            assert fault.at_s < 900
        else:
            assert fault.type in {
                "cleared", "task_marked", "run_marked", "executor_slots_leaked", "late_data",
            }  # fmt: skip

    look()


def test_only_workers_that_are_there_are_lost():
    with pytest.raises(windtunnel.InvalidInput, match="nothing of worker_lost can strike"):
        strategies.faults(FLEET, Cluster(), only=["worker_lost"])
    lost = strategies.faults(
        FLEET, Cluster(workers=(windtunnel.WorkerGroup(count=3),)), only=["worker_lost"]
    )

    @examples(40)
    @given(lost)
    def look(fault):
        assert fault.type == "worker_lost"
        assert fault.share or fault.count <= 3

    look()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: strategies.fleets(features={"sensorz"}), "no such feature 'sensorz'"),
        (lambda: strategies.fleets(most_dags=0), "most_dags=0"),
        (lambda: strategies.scenarios(runs=-1), "runs=-1"),
        (lambda: strategies.scenarios(vary=("pool",)), "no such setting 'pool'"),
        (lambda: strategies.scenarios(Fleet()), "nothing to simulate"),
        (lambda: strategies.scenarios(FLEET, features={"pools"}), "a fleet is given"),
        (lambda: strategies.scenarios(FLEET, window="soon"), "soon"),
        (lambda: strategies.durations(60, 1), "not in order"),
    ],
)
def test_what_can_not_be_drawn_is_refused_where_it_is_asked_for(ask, said):
    with pytest.raises(windtunnel.InvalidInput, match=said):
        ask()
