"""WT204: a task instance adds to the same data in two of its tries."""

from __future__ import annotations

import pytest

from data_use import MINUTE, append, does, found, minutes, names, work, write
from windtunnel.model import Cleared, Dag, HeartbeatLost, ResultLost, Step, Task, TaskFails, When

FAILS = TaskFails(tasks="etl.load", tries=(1,))


def twice(*steps, faults=(FAILS,), rules=(), **task):
    given = {"retries": 1, "retry_delay_s": 0, **task}
    dag = Dag(dag_id="etl", tasks=(Task(task_id="load", **given),))
    return found("WT204", dag, rules=[*rules, does("etl.load", *steps)], faults=faults)


def test_rows_are_added_the_task_fails_and_the_retry_adds_them_again():
    (finding,) = twice(append("fact", 2), work(1))
    assert names(finding) == ["etl.load"] * 2
    assert [party.does for party in finding.holding] == [
        "adds to fact in try 1",
        "adds to fact in try 2",
    ]
    assert round(minutes(finding.since)) == 5
    assert finding.identity == ("WT204", "etl.load")


@pytest.mark.parametrize(
    "fault",
    [
        ResultLost(tasks="etl.load", tries=(1,)),
        Cleared(tasks="etl.load", at_s=20 * MINUTE, states=()),
        HeartbeatLost(tasks="etl.load", tries=(1,)),
    ],
)
def test_a_lost_report_a_person_and_a_lost_heartbeat_repeat_it_too(fault):
    (finding,) = twice(append("payments", 10), faults=(fault,))
    assert "payments" in finding.summary


@pytest.mark.parametrize(
    "steps",
    [
        (write("fact", 2), work(1)),  # in the place of what was there
        (write("fact"), append("fact", 2), work(1)),  # deleted first
        (append("fact/{map_index}", 2).model_copy(update={"unless": "fact/{map_index}"}), work(1)),
        (Step(done_if="fact"), append("fact", 2), work(1)),
    ],
)
def test_work_that_may_be_repeated_is_left_alone(steps):
    assert not twice(*steps)


def test_so_is_a_try_that_fails_before_or_while_it_adds():
    before = TaskFails(tasks="etl.load", tries=(1,), after_s=30)
    assert not twice(work(1), append("fact", 2), faults=(before,))
    amid = TaskFails(tasks="etl.load", tries=(1,), after_s=90)
    assert not twice(work(1), append("fact", 2), faults=(amid,))


def test_without_a_retry_and_with_another_way_at_the_second_try_it_is_done_once():
    assert not twice(append("fact", 2), retries=0)
    other = does("etl.load", work(1), when=When(try_number=2))
    assert not twice(append("fact", 2), rules=[other])


def test_different_instances_and_runs_add_their_own():
    assert not twice(append("fact", 2), faults=(), expand=(3,))
    dag = Dag(dag_id="etl", tasks=(Task(task_id="load"),))
    rules = [does("etl.load", append("fact", 2))]
    assert not found("WT204", dag, rules=rules, runs=[("etl", 0), ("etl", 1)])


def test_instances_and_data_sets_are_told_together():
    (finding,) = twice(append("fact", 2), append("log"), expand=(3,))
    assert finding.notes[:2] == ("3 of its task instances do so in this simulation.",
                                 "So it is with log.")  # fmt: skip
