"""WT210: locks that tasks take in opposite orders."""

from __future__ import annotations

import pytest

from data_use import MINUTE, does, found, scenario, work
from windtunnel import api
from windtunnel.model import Dag, Pool, Resource, Rule, Step, Task

A, B, C = (Step(acquire=f"lock:{name}") for name in "abc")


def dags(*names):
    return [Dag(dag_id=name, tasks=(Task(task_id="t"),)) for name in names]


def could(*steps, apart=10, resources=None, of=None, **options):
    """Tasks that begin so many minutes after each other, and take what they take."""
    fleet = of or dags(*"pqrs"[: len(steps)])
    rules = [does(f"{name}.t", *taken) for name, taken in zip("pqrs", steps, strict=False)]
    runs = [(name, apart * n) for n, name in enumerate("pqrs"[: len(steps)])]
    options = {"runs": runs, "until": 120, **options}
    return found("WT210", *fleet, rules=rules, resources=resources or {}, **options)


ONE, OTHER = (A, work(1), B, work(1)), (B, work(1), A, work(1))


def test_opposite_orders_could_be_a_deadlock_and_are_told_as_that():
    (finding,) = could(ONE, OTHER)
    assert not finding.certain
    assert "p.t takes lock:a, then lock:b; q.t takes lock:b, then lock:a" in finding.summary
    assert finding.identity == ("WT210", "p.t", "q.t")
    assert finding.cycle == ("p.t", "lock:b", "q.t", "lock:a", "p.t")


def test_where_it_is_one_the_deadlock_says_so():
    result = api.simulate(scenario(*dags("p", "q"), rules=[does("p.t", *ONE), does("q.t", *OTHER)]))
    (finding,) = (one for one in result.findings if one.code == "WT101")
    assert any("q.t takes lock:b, then lock:a" in note for note in finding.notes)
    assert not [one for one in result.possible if one.code == "WT210"]


def test_a_ring_of_three_is_found_and_consistent_orders_are_none():
    ring = (A, work(1), B), (B, work(1), C), (C, work(1), A)
    (finding,) = could(*ring)
    assert len(finding.holding) == 3
    assert not could((A, B), (A, B), (B, C))
    assert not could(ONE, ONE)


@pytest.mark.parametrize(
    "second",
    [
        (B, work(1), Step(release="lock:b"), A),  # one after the other, not both
        (B, work(1)),
        (Step(acquire="lock:x"), B, A),
    ],
)
def test_near_misses(second):
    first = ONE if second[0] != Step(acquire="lock:x") else (Step(acquire="lock:x"), *ONE)
    assert not could(first, second)


def test_counted_locks_that_leave_room_are_no_circle():
    two = {name: Resource(slots=2) for name in ("lock:a", "lock:b")}
    assert not could(ONE, OTHER, resources=two)
    both = Step(acquire="lock:a", slots=2), Step(acquire="lock:b", slots=2)
    assert could((both[0], work(1), both[1]), (both[1], work(1), both[0]), resources=two)


@pytest.mark.parametrize(
    "lock",
    [Resource(slots=1, when_full="fail"), Resource(slots=1, wait_at_most_s=60)],
)
def test_locks_that_nobody_waits_for_without_end_are_no_circle(lock):
    assert not could(ONE, OTHER, resources={"lock:a": lock})


def test_what_a_rule_needs_counts_in_its_order():
    rules = [
        Rule(tasks="p.t", duration_s=MINUTE, needs={"lock:a": 1, "lock:b": 1}),
        Rule(tasks="q.t", duration_s=MINUTE, needs={"lock:b": 1, "lock:a": 1}),
    ]
    assert found("WT210", *dags("p", "q"), rules=rules, runs=[("p", 0), ("q", 10)])


def test_tasks_that_a_dag_orders_or_a_pool_keeps_apart_are_left_alone():
    tasks = Task(task_id="t"), Task(task_id="u", upstream=("t",))
    rules = [does("p.t", *ONE), does("p.u", *OTHER)]
    assert not found("WT210", Dag(dag_id="p", tasks=tasks), rules=rules)
    loose = tasks[0], Task(task_id="u")
    rules = [does("p.t", *ONE), does("p.u", work(5), *OTHER)]
    assert found("WT210", Dag(dag_id="p", tasks=loose), rules=rules)
    pooled = [Dag(dag_id=name, tasks=(Task(task_id="t", pool="one"),)) for name in ("p", "q")]
    assert not could(ONE, OTHER, of=pooled, pools={"one": Pool(slots=1)})
    assert could(ONE, OTHER, of=pooled, pools={"one": Pool(slots=2)})


def test_fewer_seats_than_a_ring_needs():
    ring = (A, work(1), B), (B, work(1), C), (C, work(1), A)
    seated = [Dag(dag_id=name, tasks=(Task(task_id="t", pool="seats"),)) for name in "pqr"]
    assert not could(*ring, of=seated, pools={"seats": Pool(slots=2)})
    assert could(*ring, of=seated, pools={"seats": Pool(slots=3)})
