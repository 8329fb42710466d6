"""WT211: more of a resource at once than there is, and no limit that holds it."""

from __future__ import annotations

import pytest

from data_use import MINUTE, does, found, minutes, names, span, work
from windtunnel.model import (
    Dag,
    HeartbeatLost,
    Pool,
    Resource,
    ResourceDown,
    ResourceResized,
    Rule,
    Step,
    Task,
)

THREE = {"warehouse": Resource(slots=3, when_full="exceed")}
USES = [Rule(tasks="*", duration_s=10 * MINUTE, needs={"warehouse": 1})]


def excess(*dags, rules=USES, resources=THREE, **options):
    return found("WT211", *dags, rules=rules, resources=resources, **options)


def queries(dag_id, count, **options):
    tasks = [Task(task_id=f"q{i}", **options) for i in range(count)]
    return Dag(dag_id=dag_id, tasks=tuple(tasks))


def test_each_pool_is_within_its_limit_and_together_they_exceed_the_warehouse():
    dags = queries("etl", 2, pool="etl"), queries("bi", 2, pool="bi")
    pools = {"etl": Pool(slots=2), "bi": Pool(slots=2)}
    (finding,) = excess(*dags, pools=pools)
    assert set(names(finding)) == {"etl.q0", "etl.q1", "bi.q0", "bi.q1"}
    assert finding.identity == ("WT211", "resource warehouse")
    assert "pool bi (2), pool etl (2)" in finding.notes[0]
    assert "gets in all the same" in finding.summary
    assert span(finding) == (0, 10)
    assert not excess(*dags, pools={"etl": Pool(slots=2), "bi": Pool(slots=1)})


def test_one_pool_as_large_as_the_limit_holds_it():
    dags = [queries(name, 3, pool="wh") for name in ("etl", "bi")]
    assert not excess(*dags, pools={"wh": Pool(slots=3)})
    assert excess(*dags, pools={"wh": Pool(slots=4)})
    twice = [Rule(tasks="*", duration_s=60, needs={"warehouse": 2})]
    assert excess(*dags, rules=twice, pools={"wh": Pool(slots=3)})


@pytest.mark.parametrize("when_full", ["wait", "slow"])
def test_a_resource_that_limits_itself_or_bears_it_is_left_alone(when_full):
    resources = {"warehouse": Resource(slots=3, when_full=when_full)}
    assert not excess(queries("etl", 5), resources=resources)


def test_deferred_tasks_leave_the_pool_and_keep_the_connection():
    steps = Step(acquire="warehouse"), Step(defer_s=20 * MINUTE), work(1)
    rules = [does("etl.*", *steps)]
    dag = queries("etl", 4, pool="wh")
    (finding,) = excess(dag, rules=rules, pools={"wh": Pool(slots=3)})
    assert "While deferred, etl.q0, etl.q1, etl.q2 keep it" in finding.notes[0]
    assert {party.state for party in finding.holding[:3]} == {"deferred"}
    assert not excess(dag, rules=rules, pools={"wh": Pool(slots=3, include_deferred=True)})


def test_a_process_that_was_given_up_is_counted_by_nobody():
    dag = queries("etl", 3, pool="wh", retries=1, retry_delay_s=0)
    lost = HeartbeatLost(tasks="etl.q0", tries=(1,))
    pools = {"wh": Pool(slots=3)}
    first, second = excess(dag, pools=pools, faults=(lost,))
    assert [one.limits[0].name for one in (first, second) if one.limits] == ["resource warehouse"]
    assert second.summary.startswith("Pool wh has 3 slots, and processes for 4 are at work")
    assert "processes that were given up: etl.q0" in first.notes[0]
    assert minutes(first.since) > 5
    assert not excess(dag, pools=pools)


# -- resources that refuse -------------------------------------------------------------------------

REFUSES = {"warehouse": Resource(slots=3, when_full="fail")}


def test_who_is_refused_fails_for_good():
    (finding,) = excess(queries("etl", 4), resources=REFUSES)
    assert names(finding)[-1] == "etl.q3"
    assert "and fails for good" in finding.summary


def test_who_has_it_at_a_later_try_has_what_retries_are_for():
    dag = queries("etl", 4, retries=1, retry_delay_s=11 * MINUTE)
    assert not excess(dag, resources=REFUSES)
    too_soon = queries("etl", 4, retries=1, retry_delay_s=5 * MINUTE)
    (finding,) = excess(too_soon, resources=REFUSES)
    assert "(try 2)" in finding.holding[-1].does


def test_a_rate_is_no_number_of_slots():
    rate = {"warehouse": Resource(per_minute=2, when_full="fail")}
    (finding,) = excess(queries("etl", 2), resources=rate)
    assert "more than 2 in a minute" in finding.summary
    assert names(finding) == ["etl.q1"]


def test_an_outage_is_no_excess_and_a_smaller_warehouse_is_one():
    down = ResourceDown(resource="warehouse")
    assert not excess(queries("etl", 3), resources=REFUSES, faults=(down,))
    smaller = ResourceResized(resource="warehouse", slots=2)
    assert excess(queries("etl", 3), resources=REFUSES, faults=(smaller,))
    assert excess(queries("etl", 3), faults=(smaller,))
    assert not excess(queries("etl", 3))


# -- pools and processes that were given up --------------------------------------------------------

LOST = HeartbeatLost(tasks="first.q0", tries=(1,))


def in_pool(pool="one", faults=(LOST,), slots=1, apart=7, **options):
    """A second DAG comes while the process of the first one, given up at five minutes, goes on."""
    dags = [queries(name, 1, pool=pool) for name in ("first", "second")]
    pools = {"one": Pool(slots=slots), **options.pop("pools", {})}
    runs = [("first", 0), ("second", apart)]
    rules = [Rule(tasks="*", duration_s=10 * MINUTE)]
    return found("WT211", *dags, rules=rules, runs=runs, faults=faults, pools=pools, **options)


def test_a_pool_of_one_slot_has_two_processes_when_one_was_given_up():
    (finding,) = in_pool()
    assert names(finding) == ["first.q0", "second.q0"]
    assert span(finding) == (7, 10)
    assert finding.identity == ("WT211", "first.q0", "second.q0")
    assert "given up (no heartbeat)" in finding.summary


def test_pools_with_room_others_and_the_default_pool_are_left_alone():
    assert not in_pool(slots=2)
    assert not in_pool(faults=())
    assert not in_pool(apart=11)
    assert not in_pool(pool="default_pool", default_pool_slots=1)
