"""What is drawn for a task depends on that task alone, not on the rest of the fleet or cluster."""

from __future__ import annotations

import pytest

from windtunnel.engine.luck import draw
from windtunnel.model import Dag, Pool, Rule, Task, Uniform, When

ANY = {"*": Uniform(low=10, high=1000)}


@pytest.fixture
def dags():
    tasks = tuple(Task(task_id=f"t{i}", pool="db", retries=1) for i in range(4))
    return [Dag(dag_id=name, tasks=tasks) for name in ("a", "b", "c")]


def durations(flight, *, of="abc"):
    return {
        ti.name: ti.ended_us - ti.started_us
        for ti in flight.trace.task_instances()
        if ti.dag_id in of
    }


def test_durations_are_drawn_within_their_bounds_and_differ(fly, dags):
    found = durations(fly(*dags, seconds=ANY, pools={"db": Pool(slots=9)}))
    assert len(set(found.values())) == len(found) == 12
    assert all(10_000_000 <= length <= 1_000_000_000 for length in found.values())


def test_a_smaller_pool_does_not_change_how_long_tasks_take(fly, dags):
    wide = fly(*dags, seconds=ANY, pools={"db": Pool(slots=9)})
    narrow = fly(*dags, seconds=ANY, pools={"db": Pool(slots=1)})
    assert durations(wide) == durations(narrow)
    assert wide.span("c.t3") != narrow.span("c.t3")


def test_dropping_a_dag_does_not_reshuffle_the_others(fly, dags):
    whole = fly(*dags, seconds=ANY, pools={"db": Pool(slots=2)})
    part = fly(dags[0], dags[2], seconds=ANY, pools={"db": Pool(slots=2)})
    assert durations(whole, of="ac") == durations(part)


def test_each_try_draws_anew(fly, dags):
    first = Rule(when=When(try_number=1), duration_s=ANY["*"], outcome="fail")
    flight = fly(dags[0], rules=[first], seconds=ANY, pools={"db": Pool(slots=4)})
    started, retried = flight.times("a.t0", "running")
    failed, done = flight.times("a.t0", "up_for_retry") + flight.times("a.t0", "success")
    assert failed - started != done - retried


def test_a_draw_is_the_same_on_every_machine():
    assert draw(0, "duration", "etl", "load", 1) == draw(0, "duration", "etl", "load", 1)
    assert draw(1, "a", "b") != draw(0, "a", "b")
    assert draw(0, "ab", "c") != draw(0, "a", "bc")
    assert draw(7, "tie", 1) == 14042807082817771896
