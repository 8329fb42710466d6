"""WT202: readers and writers of the same data at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data_use import (
    MINUTE,
    START,
    append,
    does,
    every,
    found,
    minutes,
    names,
    read,
    scenario,
    span,
    work,
    write,
)
from windtunnel import api
from windtunnel.model import (
    Backfill,
    Cleared,
    Dag,
    ExternalTaskSensor,
    HeartbeatLost,
    Rule,
    Step,
    Task,
    TaskFails,
    When,
)

EARLIER = START - timedelta(minutes=10)
REWRITE = Task(task_id="rewrite")
SLOW = [does("etl.rewrite", write("dim", 4))]


def overlaps(*dags, **options):
    return found("WT202", *dags, **options)


# -- runs of one DAG -------------------------------------------------------------------------------


def test_a_slow_run_is_overtaken_by_the_next_one():
    (finding,) = overlaps(every(3, "etl", REWRITE), rules=SLOW, until=10)
    assert names(finding) == ["etl.rewrite"] * 2
    assert finding.holding[0].run != finding.holding[1].run
    assert span(finding) == (3, 4)
    assert finding.ended_by == "etl.rewrite leaves it"
    assert finding.identity == ("WT202", "etl.rewrite")
    assert "max_active_runs=1" in " ".join(finding.notes)


@pytest.mark.parametrize(
    "kept_apart",
    [
        {"max_active_runs": 1},
        {"tasks": (REWRITE.model_copy(update={"max_active_tis_per_dag": 1}),)},
        {"tasks": (REWRITE.model_copy(update={"depends_on_past": True}),)},
    ],
)
def test_runs_that_are_kept_apart_are_left_alone(kept_apart):
    dag = every(3, "etl", REWRITE).model_copy(update=kept_apart)
    assert not overlaps(dag, rules=SLOW, until=20)


@pytest.mark.parametrize(
    "steps",
    [
        (write("dim/{run}", 4),),
        (Step(acquire="lock:dim"), write("dim", 4)),
        (write("dim", 3),),  # the next one begins when this one is done
    ],
)
def test_so_are_partitions_locks_and_those_that_take_turns(steps):
    assert not overlaps(every(3, "etl", REWRITE), rules=[does("etl.rewrite", *steps)], until=20)


def test_max_active_runs_does_not_hold_for_a_backfill():
    dag = every(10, "etl", REWRITE, max_active_runs=1, catchup=False)
    asked = Backfill(dag_id="etl", from_date=EARLIER, to_date=EARLIER, at_s=12 * MINUTE)
    (finding,) = overlaps(dag, rules=SLOW, backfills=(asked,), until=18)
    assert {party.run.split("@")[0] for party in finding.holding} == {"scheduled", "backfill"}
    assert "max_active_tis_per_dag counts both" in finding.notes[0]
    one = dag.model_copy(
        update={"tasks": (REWRITE.model_copy(update={"max_active_tis_per_dag": 1}),)}
    )
    assert not overlaps(one, rules=SLOW, backfills=(asked,), until=18)


def test_a_cleared_run_meets_the_current_one():
    dag = every(10, "etl", REWRITE)
    clear = Cleared(tasks="etl.rewrite", at_s=11 * MINUTE, states=("success",))
    (finding,) = overlaps(dag, rules=SLOW, faults=(clear,), until=19)
    assert minutes(finding.since) >= 11
    assert not overlaps(dag, rules=SLOW, until=19)


def test_in_one_run_tasks_without_an_order_meet():
    tasks = Task(task_id="rewrite"), Task(task_id="report")
    rules = [*SLOW, does("etl.report", work(1), read("dim", 1))]
    (finding,) = overlaps(Dag(dag_id="etl", tasks=tasks), rules=rules)
    assert "half of the new" in finding.summary
    after = tasks[1].model_copy(update={"upstream": ("rewrite",)})
    assert not overlaps(Dag(dag_id="etl", tasks=(tasks[0], after)), rules=rules)


# -- DAGs beside each other ------------------------------------------------------------------------


def two(first, second):
    """A task of each of two DAGs begins at the start, and a minute later."""
    dags = [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in ("a", "b")]
    rules = [does("a.t", first), does("b.t", second)]
    return overlaps(*dags, rules=rules, runs=[("a", 0), ("b", 1)])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (write("t", 5), write("t", 5)),
        (write("t", 5), append("t", 5)),
        (read("t", 5), write("t", 5)),
        (write("t", 5), read("t")),
    ],
)
def test_a_writer_spoils_what_others_do(first, second):
    (finding,) = two(first, second)
    assert names(finding) == ["a.t", "b.t"]
    assert minutes(finding.since) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (read("t", 5), read("t", 5)),
        (append("t", 5), append("t", 5)),
        (append("t", 5), read("t", 5)),
        (write("t", 5), write("u", 5)),
        (write("t", 1), write("t", 5)),
    ],
)
def test_readers_and_those_that_add_are_left_alone(first, second):
    assert not two(first, second)


def test_a_sensor_that_orders_two_writers_is_seen():
    wait = Task(task_id="wait", kind=ExternalTaskSensor(external_dag_id="a", poke_interval_s=60))
    one = every(30, "a", Task(task_id="t"))
    other = every(30, "b", wait, Task(task_id="t", upstream=("wait",)))
    rules = [does("*.t", write("t", 5))]
    assert not overlaps(one, other, rules=rules, until=29)
    assert overlaps(one, every(30, "b", Task(task_id="t")), rules=rules, until=29)


def test_outlets_are_no_evidence():
    dag = every(3, "etl", Task(task_id="rewrite", outlets=("dim",)))
    assert not overlaps(dag, rules=[Rule(tasks="etl.*", duration_s=4 * MINUTE)], until=20)


# -- processes that outlive their try --------------------------------------------------------------


def zombie(*steps, retries=1, **options):
    task = Task(task_id="load", retries=retries, retry_delay_s=0)
    lost = HeartbeatLost(tasks="etl.load", tries=(1,))
    rules = [does("etl.load", *steps)]
    return Dag(dag_id="etl", tasks=(task,)), {"rules": rules, "faults": (lost,), **options}


def test_the_retry_writes_beside_a_process_that_was_given_up():
    dag, options = zombie(write("fact", 20))
    (finding,) = overlaps(dag, **options)
    assert [party.state for party in finding.holding] == ["given up", "running"]
    assert "writes fact in try 2" in finding.holding[1].does
    assert "no limit of Airflow's counts it" in finding.notes[0]


def test_a_lock_fences_it_and_without_a_retry_it_is_alone():
    fenced, options = zombie(Step(acquire="lock:fact"), write("fact", 20))
    assert not overlaps(fenced, **options)
    alone, options = zombie(write("fact", 20), retries=0)
    assert not overlaps(alone, **options)
    apart, options = zombie(write("fact/{run}/{map_index}", 2))  # given up when it is done
    assert not overlaps(apart, **options)


def test_a_process_behind_a_green_retry_still_writes():
    """The retry is quick, the next task reads, and the first process is still at it."""
    dag, options = zombie(write("fact", 20))
    dag = dag.model_copy(update={"tasks": (*dag.tasks, Task(task_id="report", upstream=("load",)))})
    options["rules"] = [
        does("etl.load", work(1), when=When(try_number=2)),
        does("etl.load", write("fact", 20)),
        does("etl.report", read("fact", 1)),
    ]
    (finding,) = overlaps(dag, **options)
    assert names(finding) == ["etl.load", "etl.report"]
    assert "try 1 of etl.load was given up" in finding.notes[0].lower()


def test_a_run_that_timed_out_still_writes_when_the_next_one_begins():
    dag = every(10, "etl", REWRITE, max_active_runs=1, dagrun_timeout_s=600)
    slow = [does("etl.rewrite", write("dim", 15))]
    (finding,) = overlaps(dag, rules=slow, until=25, min_heartbeat_interval_s=60)
    assert finding.holding[0].state == "given up"
    assert not overlaps(dag, rules=SLOW, until=25)


# -- how it is told --------------------------------------------------------------------------------


def test_a_late_retry_is_the_only_one_that_collides():
    dags = (
        Dag(dag_id="a", tasks=(Task(task_id="t", retries=1, retry_delay_s=300),)),
        Dag(dag_id="b", tasks=(Task(task_id="t"),)),
    )
    rules = [does("a.t", write("t", 2)), does("b.t", write("t", 3))]
    options = {"rules": rules, "runs": [("a", 0), ("b", 6)]}
    assert not overlaps(*dags, **options)
    fails = TaskFails(tasks="a.t", tries=(1,))
    (finding,) = overlaps(*dags, faults=(fails,), **options)
    assert "try 2" in finding.holding[0].does + finding.holding[1].does


def test_each_pair_of_tasks_is_told_once_and_of_many_only_some():
    dags = [Dag(dag_id=f"d{i}", tasks=(Task(task_id="t", expand=(2,)),)) for i in range(8)]
    findings = overlaps(*dags, rules=[does("*.t", write("t", 5), write("u", 5))])
    assert len(findings) == 5
    assert len({finding.identity for finding in findings}) == 5
    (one,) = overlaps(dags[0], rules=[does("*.t", write("t", 5), write("u", 5))])
    assert one.notes[-1] == "It happens 2 times in this simulation; also at u."


def test_what_the_window_cuts_off_has_no_end():
    (finding,) = overlaps(every(3, "etl", REWRITE), rules=SLOW, until=3.5)
    assert (finding.until, finding.ended_by) == (None, "the window ends")


def test_check_keeps_a_scenario_that_shows_it(tmp_path):
    report = api.check(
        scenario(every(3, "etl", REWRITE), rules=SLOW, until=10), seeds=0, store=tmp_path
    )
    (finding,) = report.findings
    assert finding.counterexample
