"""An operator at work: what is done later changes nothing before, what fails can be repeated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

import windtunnel
from effort import examples
from windtunnel.model import Cluster, Cron, Dag, Fleet, Pool, Task, TriggerDagRun, WorkerGroup
from windtunnel.strategies import FleetMachine

START = datetime(2026, 3, 1, tzinfo=UTC)
ETL = Dag(
    dag_id="etl",
    tasks=(Task(task_id="extract"), Task(task_id="load", upstream=("extract",), pool="db")),
    schedule=Cron(expression="@hourly"),
    start_date=START,
    max_active_runs=2,
)
BUILD = TriggerDagRun(trigger_dag_id="etl", wait_for_completion=True)
REPORT = Dag(dag_id="report", tasks=(Task(task_id="etl", kind=BUILD, pool="db"),))


class Operator(FleetMachine):
    fleet = Fleet(dags=(ETL, REPORT))
    cluster = Cluster(
        pools={"db": Pool(slots=4)}, workers=(WorkerGroup(count=2, slots=4),), parallelism=8
    )
    forbidden = frozenset()
    longest_s = 3600.0


def run(machine, count=15, steps=15, phases=tuple(Phase)):

    asked = settings(examples(count), stateful_step_count=steps, phases=phases)
    run_state_machine_as_test(machine, settings=asked)


def test_each_step_continues_the_last_one():
    class Watched(Operator):
        seen: tuple = ()

        @invariant()
        def what_was_stays(self):
            events = tuple(self.result.trace.events())
            assert events[: len(self.seen)] == self.seen
            self.seen = events

    run(Watched)


def test_the_scenario_repeats_what_the_machine_saw():
    class Repeated(Operator):
        def teardown(self):
            super().teardown()
            again = windtunnel.simulate(self.scenario)
            assert list(again.trace.events()) == list(self.result.trace.events())
            assert len(self.actions) == len(self.scenario.faults) + len(self.scenario.manual_runs)

    run(Repeated, count=10)


def test_runs_are_triggered_cleared_and_marked():
    machine = Operator()
    machine.trigger("report")
    machine.advance(10)
    assert machine.result.dag_run("report").state == "success"
    machine.clear_run(("report", "manual0"))
    assert machine.result.task("report.etl").state == "running"
    machine.mark_task(("report.etl", "manual0"), "skipped")
    assert machine.result.task("report.etl").state == "skipped"
    machine.clear_task(("report.etl", "manual0"), downstream=False)
    machine.mark_run(("report", "manual0"), "failed")
    assert machine.result.dag_run("report").state == "failed"
    assert machine.actions[:2] == (
        "trigger report at +1s",
        "cleared: report.* at +10m2s in any state run manual0",
    )
    assert len(machine.actions) == 5


def test_a_paused_dag_starts_nothing_until_it_is_unpaused():
    machine = Operator()
    machine.pause("report")
    machine.trigger("report")
    machine.advance(1)
    assert machine.result.dag_run("report").state == "queued"
    machine.unpause("report")
    assert machine.result.dag_run("report").state == "running"


def test_a_pool_without_room_and_workers_that_are_lost_hold_tasks_up():
    machine = Operator()
    machine.resize_pool("db", 1)
    machine.trigger("report")
    machine.trigger("report")
    assert [task.state for task in machine.result.tasks("report.etl")] == ["running", "scheduled"]
    machine = Operator()
    machine.lose_worker()
    machine.lose_worker()
    machine.trigger("report")
    assert machine.result.task("report.etl").state == "queued"
    machine.bring_back_worker()
    assert machine.result.task("report.etl").state == "running"


def test_a_deadlock_is_found_and_what_led_to_it_is_told():
    class Careful(Operator):
        forbidden = frozenset({"WT101"})
        cluster = Cluster(pools={"db": Pool(slots=1)})

    with pytest.raises(AssertionError, match="WT101 Pool deadlock") as caught:
        run(Careful, count=40, steps=3)
    told = "\n".join(caught.value.__notes__)
    assert "    trigger report at +1s\n" in told
    assert "state.trigger(dag_id='report')" in told
    assert "lose" not in told


def test_ones_own_invariants_are_kept_too():
    class NothingFails(Operator):
        @invariant()
        def nothing_fails(self):
            assert not [run for run in self.result.dag_runs() if run.state == "failed"]

    with pytest.raises(AssertionError) as caught:
        run(NothingFails, count=30, steps=8, phases=(Phase.generate,))
    assert "state='failed'" in "\n".join(caught.value.__notes__)


def test_a_machine_without_a_fleet_says_what_is_missing():
    with pytest.raises(windtunnel.InvalidInput, match="say which fleet it is about"):
        FleetMachine()
