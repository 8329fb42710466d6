"""Bugs that were found once, across rooms: each of these failed before its bug was mended."""

from __future__ import annotations

import signal

import pytest

from windtunnel import api
from windtunnel.errors import InvalidInput, SimulationRunaway
from windtunnel.model import (
    Cleared,
    Dag,
    DagChanged,
    DagPaused,
    Every,
    ExternalTaskSensor,
    Fleet,
    ManualRun,
    Pool,
    Rule,
    RunMarked,
    Task,
    TaskHangs,
    TriggerDagRun,
)


def test_waits_come_in_order_of_time(fly):
    """`late` waits for parallelism until 20 s, then for its pool, as `Waits.of` promises."""
    tasks = (
        Task(task_id="hog", pool="db", priority_weight=9),
        Task(task_id="first", priority_weight=8),
        Task(task_id="second", pool="api", priority_weight=7, upstream=("first",)),
        Task(task_id="late", pool="api"),
    )
    flight = fly(
        Dag(dag_id="d", tasks=tasks),
        seconds={"d.hog": 500, "d.first": 20, "d.second": 30, "d.late": 5},
        pools={"db": Pool(slots=1), "api": Pool(slots=1)},
        parallelism=2,
    )
    begins = [begin for _, begin, _ in flight.waits("d.late")]
    assert begins == sorted(begins), flight.waits("d.late")


def test_a_runaway_is_told_within_ten_seconds_of_cpu(fly, one_task, within_ten_seconds_of_cpu):
    """With the engine's own patience: 20,000 passes, each of which creates one more run."""
    echo = one_task("echo", kind=TriggerDagRun(trigger_dag_id="echo"))
    with pytest.raises(SimulationRunaway):
        fly(echo, rules=[Rule(tasks="echo.t", duration_s=0)], until=100)


@pytest.fixture
def within_ten_seconds_of_cpu():
    def stop(*_):
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 10)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def test_a_task_is_found_by_the_run_id_of_its_run_as_its_run_is():
    """`Result.dag_run` takes a run's name or run_id; `Result.task` and `tasks` only the name."""
    dag = Dag(dag_id="etl", tasks=(Task(task_id="t"),), schedule=Every(seconds=3600))
    result = api.simulate(Fleet(dags=(dag,)), window="2h")
    run = result.dag_runs()[0]
    assert result.dag_run("etl", run.run_id) == run
    assert result.task("etl.t", run.run_id).run == run.run


@pytest.mark.parametrize("window", [float("inf"), float("nan")])
def test_a_window_that_is_no_number_of_seconds_is_refused(window):
    with pytest.raises(InvalidInput):
        api.simulate(Fleet(dags=(Dag(dag_id="d"),)), window=window)


def test_a_sensor_that_is_deployed_away_while_it_waits_does_not_stop_the_simulation():
    """When something ended that it waits for, its kind was looked up in the new version."""
    sensor = ExternalTaskSensor(external_dag_id="a")
    dag = Dag(dag_id="a", tasks=(Task(task_id="wait", kind=sensor), Task(task_id="work")))
    result = api.simulate(
        Fleet(dags=(dag,)),
        window="1h",
        runs=["a"],
        faults=[DagChanged(at_s=50, dag_id="a", without=("wait",))],
    )
    assert result.task("a.work").state == "success"


def test_a_queued_run_that_is_marked_and_cleared_while_its_dag_is_paused_starts_once():
    """It was in the queue of runs twice, and started from both places."""
    dag = Dag(dag_id="a", tasks=(Task(task_id="t"),))
    result = api.simulate(
        Fleet(dags=(dag,)),
        window="1h",
        runs=[ManualRun(dag_id="a", run_id="m", at_s=10)],
        faults=[
            DagPaused(dags="a", at_s=1, for_s=60),
            RunMarked(dags="a", state="success", run_id="m", at_s=20),
            Cleared(tasks="a.*", run_id="m", states=(), at_s=30),
        ],
    )
    assert [run.state for run in result.dag_runs("a")] == ["success"]
    assert result.task("a.t").state == "success"


def test_a_sensor_that_hangs_in_its_poke_is_waited_for_without_end():
    """Its own timeout, which is only looked at after a poke, was foreseen for a year without
    number."""
    sensor = ExternalTaskSensor(external_dag_id="a", mode="reschedule")
    dag = Dag(dag_id="a", tasks=(Task(task_id="t", kind=sensor),))
    hangs = TaskHangs(tasks="a.t", tries=(1,))
    result = api.simulate(Fleet(dags=(dag,)), window="1h", runs=["a"], faults=[hangs])
    (waiting,) = result.trace.snapshots[-1].actors
    assert waiting.name == "a.t"
    assert waiting.gives_up_us is None
