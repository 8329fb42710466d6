"""Loop timing: what waits for the scheduler's next loop, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import examples
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cleared,
    Cluster,
    Dag,
    Deferrable,
    Every,
    Fleet,
    ManualRun,
    Rule,
    Scenario,
    SchedulerLoop,
    Sensor,
    Task,
    TriggerRule,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
S = 1_000_000
NO_COST = SchedulerLoop(duration_s=0, per_run_s=0, per_task_s=0, idle_sleep_s=0, hand_over_s=0)
SLOW = SchedulerLoop(duration_s=2, per_run_s=0, per_task_s=0, idle_sleep_s=1, hand_over_s=0.25)


def chain(length: int, dag_id: str = "d", **values: object) -> Dag:
    tasks = tuple(
        Task(task_id=f"t{i}", upstream=(f"t{i - 1}",) if i else ()) for i in range(length)
    )
    return Dag(dag_id=dag_id, tasks=tasks, **values)


def scenario(*dags: Dag, cluster: Cluster, runs: int = 1, **values: object) -> Scenario:
    manual = tuple(
        ManualRun(dag_id=dag.dag_id, run_id=f"r{i}", logical_date=None)
        for dag in dags
        if dag.schedule is None
        for i in range(runs)
    )
    given = {"behavior": Behavior(default_duration_s=10), "duration_s": 3600, **values}
    return Scenario(
        fleet=Fleet(dags=dags), cluster=cluster, start=START, manual_runs=manual, **given
    )


def moments(trace, task: str, state: str) -> list[float]:
    return [e.at_us / S for e in trace.events() if e.task_id == task and e.state == state]


def test_a_task_starts_when_the_executor_handed_it_over_at_the_end_of_the_loop():
    trace = simulate(scenario(chain(1), cluster=Cluster(loop=SLOW)))
    assert moments(trace, "t0", "queued") == [0]
    assert moments(trace, "t0", "running") == [2.25]
    assert moments(trace, "t0", "success") == [12.25]


def test_each_level_waits_for_the_next_loop():
    """Loops begin at 0 and, since that one queued something, at 2, then every 3 seconds."""
    trace = simulate(scenario(chain(2), cluster=Cluster(loop=SLOW)))
    assert moments(trace, "t0", "success") == [12.25]
    assert moments(trace, "t1", "scheduled") == [14]
    assert moments(trace, "t1", "queued") == [14]
    assert moments(trace, "t1", "running") == [16.25]


def test_a_run_ends_at_a_loop_not_with_its_last_task():
    (run,) = simulate(scenario(chain(1), cluster=Cluster(loop=SLOW))).dag_runs()
    assert (run.state, run.ended_us) == ("success", 14 * S)


def test_a_scheduled_run_is_created_by_the_first_loop_after_it_is_due():
    dag = Dag(
        dag_id="d", tasks=(Task(task_id="t0"),), schedule=Every(seconds=100), start_date=START
    )
    runs = simulate(scenario(dag, cluster=Cluster(loop=SLOW), duration_s=250)).dag_runs()
    dues = [run.queued_us / S for run in runs]
    assert all(0 <= at % 100 <= 3 for at in dues)
    assert any(at % 100 for at in dues)


def test_no_more_than_the_ceiling_of_runs_is_started_in_one_loop():
    cluster = Cluster(loop=SLOW, max_dagruns_per_loop_to_schedule=2, max_active_runs_per_dag=100)
    runs = simulate(scenario(chain(1), cluster=cluster, runs=5)).dag_runs()
    assert sorted(run.started_us / S for run in runs) == [0, 0, 2, 2, 4]


def test_no_more_than_the_ceiling_of_task_instances_is_queued_in_one_loop():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(5))
    cluster = Cluster(loop=SLOW, max_tis_per_query=2)
    trace = simulate(scenario(Dag(dag_id="d", tasks=tasks), cluster=cluster))
    queued = sorted(e.at_us / S for e in trace.events() if e.state == "queued" and e.task_id)
    assert queued == [0, 0, 2, 2, 4]


def test_with_many_running_runs_each_is_looked_at_more_rarely():
    """Airflow examines 20 runs a loop: of 60, each every third loop."""

    def latency(runs: int) -> float:
        loop = SchedulerLoop(duration_s=1, per_run_s=0, per_task_s=0, idle_sleep_s=1, hand_over_s=0)
        cluster = Cluster(loop=loop, parallelism=1000, max_active_runs_per_dag=1000)
        trace = simulate(scenario(chain(2), cluster=cluster, runs=runs))
        ended = {
            e.run: e.at_us for e in trace.events() if e.task_id == "t0" and e.state == "success"
        }
        seen = {
            e.run: e.at_us for e in trace.events() if e.task_id == "t1" and e.state == "scheduled"
        }
        return max(seen[run] - ended[run] for run in ended) / S

    assert latency(10) <= 2
    assert latency(60) >= 3


def test_a_slot_of_the_executor_is_free_one_loop_after_the_heartbeat_that_saw_the_end():
    """t0 ends at 12.25. The heartbeat at 13 sees it, and the loop at 14 fills its slot."""
    dag = Dag(dag_id="d", tasks=(Task(task_id="t0"), Task(task_id="t1")))
    trace = simulate(scenario(dag, cluster=Cluster(loop=SLOW, parallelism=1)))
    assert moments(trace, "t0", "success") == [12.25]
    assert moments(trace, "t1", "queued") == [14]


def test_each_scheduler_has_a_parallelism_of_its_own():
    tasks = tuple(Task(task_id=f"t{i}") for i in range(8))
    dag = Dag(dag_id="d", tasks=tasks)

    def at_once(cluster: Cluster) -> int:
        trace = simulate(scenario(dag, cluster=cluster))
        held = most = 0
        for event in trace.events():
            if event.task_id:
                held += (event.state == "queued") - (event.state == "success")
            most = max(most, held)
        return most

    assert at_once(Cluster(parallelism=2)) == 2
    assert at_once(Cluster(parallelism=2, schedulers=2)) == 4
    assert at_once(Cluster(parallelism=2, schedulers=2, loop=SLOW)) == 4


def test_a_slow_loop_makes_a_chain_late_by_its_delays_only():
    fast = simulate(scenario(chain(20), cluster=Cluster())).dag_runs()[0].ended_us
    slow = (
        simulate(scenario(chain(20), cluster=Cluster(loop=SchedulerLoop()))).dag_runs()[0].ended_us
    )
    assert fast == 200 * S
    assert 200 * S + 20 * S * 0.5 < slow < 200 * S + 21 * S * 2


def test_nothing_is_simulated_while_nothing_can_happen():
    trace = simulate(
        scenario(
            chain(1),
            cluster=Cluster(loop=SchedulerLoop(duration_s=0, idle_sleep_s=0.001)),
            behavior=Behavior(default_duration_s=80_000),
            duration_s=86_400,
        )
    )
    assert trace.dag_runs()[0].state == "success"
    assert trace.complete


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Small fleets with all that goes through the passes."""
    dags = []
    rules = []
    for number in range(draw(st.integers(1, 3))):
        tasks = []
        for index in range(draw(st.integers(1, 6))):
            kind = draw(st.sampled_from((None, None, "sensor", "deferrable")))
            kinds = {
                "sensor": Sensor(mode="reschedule", poke_interval_s=7),
                "deferrable": Deferrable(),
            }
            ups = draw(st.sets(st.integers(0, index - 1), max_size=2)) if index else ()
            tasks.append(
                Task(
                    task_id=f"t{index}",
                    upstream=tuple(f"t{u}" for u in sorted(ups)),
                    priority_weight=draw(st.integers(1, 3)),
                    trigger_rule=draw(st.sampled_from(tuple(TriggerRule)[:9])),
                    retries=draw(st.integers(0, 1)),
                    retry_delay_s=draw(st.sampled_from((0, 5))),
                    **({"kind": kinds[kind]} if kind else {}),
                )
            )
            rules.append(
                Rule(
                    tasks=f"d{number}.t{index}",
                    duration_s=draw(st.integers(1, 9)),
                    outcome=draw(st.sampled_from(("success", "success", "fail", "skip"))),
                    true_at_s=draw(st.integers(0, 30)),
                    fire_after_s=draw(st.integers(0, 9)),
                )
            )
        dags.append(
            Dag(
                dag_id=f"d{number}",
                tasks=tuple(tasks),
                max_active_tasks=draw(st.integers(1, 4)),
                max_active_runs=draw(st.integers(1, 2)),
                schedule=draw(st.sampled_from((None, Every(seconds=20)))),
                start_date=START,
                catchup=True,
                dagrun_timeout_s=draw(st.sampled_from((None, 25))),
            )
        )
    cluster = Cluster(
        profile=draw(st.sampled_from(("airflow-3.3", "airflow-2.11"))),
        parallelism=draw(st.integers(1, 4)),
        default_pool_slots=draw(st.integers(1, 4)),
    )
    return scenario(
        *dags, cluster=cluster, runs=2, behavior=Behavior(rules=tuple(rules)), duration_s=60
    )


@examples(60)
@given(scenarios())
def test_without_cost_a_loop_decides_at_the_same_instants_as_no_loop(fleet):
    """Instant timing is the limit of loop timing: event by event."""
    looped = fleet.model_copy(
        update={"cluster": fleet.cluster.model_copy(update={"loop": NO_COST})}
    )
    assert list(simulate(looped).events()) == list(simulate(fleet).events())


@pytest.mark.parametrize("seconds", [0.001, 0.01])
def test_a_quick_loop_comes_close_to_no_loop(seconds):
    quick = SchedulerLoop(
        duration_s=0, per_run_s=0, per_task_s=0, idle_sleep_s=seconds, hand_over_s=0
    )
    exact = simulate(scenario(chain(10), cluster=Cluster())).dag_runs()[0].ended_us
    close = simulate(scenario(chain(10), cluster=Cluster(loop=quick))).dag_runs()[0].ended_us
    assert 0 <= close - exact <= 11 * seconds * S


@pytest.mark.parametrize("profile", ["airflow-3.3", "airflow-2.11"])
@pytest.mark.parametrize(
    "executor", [None, "CeleryExecutor", "KubernetesExecutor", "LocalExecutor"]
)
def test_a_running_task_that_is_cleared_gives_its_part_of_parallelism_back(fly, executor, profile):
    """Its executor counts it until its process has stopped."""
    flight = fly(
        chain(1),
        chain(1, "e"),
        seconds={"*": 60},
        runs=["d", ManualRun(dag_id="e", at_s=20)],
        faults=[Cleared(tasks="d.t0", states=("running",), at_s=30)],
        until=600,
        executor=executor,
        profile=profile,
        parallelism=1,
        loop=SLOW,
    )
    assert [flight.state("d.t0"), flight.state("e.t0")] == ["success", "success"]
