"""A limit that gets more work than it can do is told; bursts, peaks and waits are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from windtunnel import api
from windtunnel.detect import detect
from windtunnel.engine import simulate
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Every,
    Fleet,
    ManualRun,
    Pool,
    PoolResized,
    Rule,
    Scenario,
    Sensor,
    Task,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0


def feed(*, schedule=None, tasks=None, **options):
    """A DAG that brings a task for pool ``db`` each minute."""
    given = {"schedule": schedule or Every(seconds=60), "start_date": START, **options}
    return Dag(
        dag_id="feed",
        tasks=tasks or (Task(task_id="t", pool="db"),),
        max_active_runs=5000,
        **given,
    )


def scenario(*dags, length=90.0, slots=1, until=HOUR, runs=(), faults=(), **options):
    return Scenario(
        fleet=Fleet(dags=dags),
        start=START,
        duration_s=until,
        manual_runs=tuple(runs),
        behavior=Behavior(rules=(*options.pop("rules", ()), Rule(tasks="*", duration_s=length))),
        faults=tuple(faults),
        cluster=Cluster(**{"pools": {"db": Pool(slots=slots)}, **options}),
    )


def found(*dags, **options):
    one = scenario(*dags, **options)
    return [finding for finding in detect(one, simulate(one)) if finding.code == "WT403"]


def test_a_pool_that_gets_one_and_a_half_times_what_it_can_do():
    (finding,) = found(feed())
    assert finding.title == "More work than a limit can do"
    assert "150 % of their time, of which 100 % was used" in finding.summary
    assert [limit.name for limit in finding.limits] == ["pool db"]
    assert "5, 10, 15, 20 tasks were waiting" in finding.notes[0]
    assert finding.notes[1] == "At least 2 slots would be used all the time."
    assert finding.holding[0].does == "feed asks for 150 % of pool db"


def test_the_same_over_parallelism():
    (finding,) = found(feed(), slots=9, parallelism=1)
    assert [limit.name for limit in finding.limits] == ["parallelism"]


def test_tasks_of_several_slots_count_as_often():
    (finding,) = found(feed(tasks=(Task(task_id="t", pool="db", pool_slots=3),)), slots=4)
    assert "112 % of their time" in finding.summary


SAFE = {
    "it can do as much": {"length": 60},
    "one slot more": {"slots": 2},
    "it leaves out what it can't do": {"dags": (feed().model_copy(update={"max_active_runs": 1}),)},
    "a pool that somebody makes smaller": {
        "faults": [PoolResized(pool="db", slots=1, at_s=1)],
        "slots": 2,
    },
    "it came in the first half of the window": {
        "dags": (feed(end_date=START + timedelta(minutes=30)),)
    },
}


@pytest.mark.parametrize("why", SAFE)
def test_these_are_not_overloaded(why):
    options = dict(SAFE[why])
    assert not found(*options.pop("dags", (feed(),)), **options)


def test_a_burst_leaves_a_queue_that_drains():
    many = Dag(
        dag_id="many",
        tasks=(Task(task_id="t", pool="db", expand=(500,)),),
        max_active_tasks=1000,
    )
    assert not found(many, runs=[ManualRun(dag_id="many")])


def test_hours_of_the_day_are_no_day():
    """It falls behind from 0 to 4, and has the rest of the day to catch up."""
    at_night = feed(schedule=Cron(expression="* 0-3 * * *"))
    assert not found(at_night, until=4 * HOUR)
    assert not found(at_night, until=DAY)


def test_a_day_that_is_too_much_is_told_whatever_its_schedule():
    by_cron = feed(schedule=Cron(expression="*/30 0-23 * * *"))
    assert found(by_cron, until=DAY, length=2400)


def test_slots_in_which_sensors_wait_are_not_overloaded():
    task = Task(task_id="s", pool="db", kind=Sensor(timeout_s=600))
    never = Rule(tasks="feed.s", true_at_s=None)
    assert not found(feed(tasks=(task,)), rules=[never])


def test_a_check_names_the_size_that_is_enough():
    (finding,) = (f for f in api.check(scenario(feed()), seeds=0).findings if f.code == "WT403")
    assert ("pool db", "1", "2") in {(fix.setting, fix.before, fix.after) for fix in finding.fixes}
