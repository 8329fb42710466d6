"""Why a task waited: each stretch with its limit, and the value that really would have done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import windtunnel as wt
from windtunnel.explain.enough import smallest_above
from windtunnel.model import (
    Behavior,
    Every,
    ExecutorConfig,
    KubernetesSettings,
    Resource,
    Rule,
    Scenario,
    TriggerDagRun,
)
from windtunnel.report import waiting_json, waiting_text

START = datetime(2026, 3, 1, tzinfo=UTC)
WIDE = 4
"""Tasks without order among them; the last one waits for the others where room is for one."""


def fleet(*, tasks: int = WIDE, task: dict[str, Any] | None = None, **dag: Any) -> wt.Fleet:
    made = tuple(wt.Task(task_id=f"t{n}", **(task or {})) for n in range(tasks))
    return wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=made, **dag),))


def scenario(dags: wt.Fleet, *, runs: int = 1, rule: dict[str, Any] | None = None, **more: Any):
    rules = () if rule is None else (Rule(**rule),)
    cluster = wt.Cluster(**{k: more.pop(k) for k in list(more) if k in wt.Cluster.model_fields})
    return Scenario(
        fleet=dags,
        cluster=cluster,
        behavior=Behavior(rules=rules),
        start=START,
        duration_s=7200,
        manual_runs=tuple(wt.ManualRun(dag_id="etl", run_id=f"r{n}", at_s=n) for n in range(runs)),
        **more,
    )


ONE_SLOT = {
    "pool db": scenario(fleet(task={"pool": "db"}), pools={"db": wt.Pool(slots=1)}),
    "parallelism": scenario(fleet(), parallelism=1),
    "worker slots": scenario(fleet(), workers=(wt.WorkerGroup(slots=1),)),
    "max_active_tasks": scenario(fleet(max_active_tasks=1)),
    "max_active_runs": scenario(fleet(tasks=1, max_active_runs=1), runs=WIDE),
    "max_active_tis_per_dag": scenario(
        fleet(tasks=1, task={"max_active_tis_per_dag": 1}), runs=WIDE
    ),
    "resource gate": scenario(
        fleet(), rule={"needs": {"gate": 1}}, resources={"gate": Resource(slots=1)}
    ),
    "nodes": scenario(
        fleet(task={"executor_config": ExecutorConfig(request_cpus=1)}),
        executor="KubernetesExecutor",
        kubernetes_executor=KubernetesSettings(
            nodes=1, node_cpus=1, worker_pods_creation_batch_size=16
        ),
    ),
}
"""Limit -> a scenario in which it lets one after the other through."""


@pytest.mark.parametrize("limit", ONE_SLOT)
def test_the_smallest_value_that_is_enough_is_found_and_one_less_is_not(limit) -> None:
    given = ONE_SLOT[limit]
    result = wt.simulate(given)
    name = max(f"etl.t{n}" for n in range(len(given.fleet.dags[0].tasks)))
    told = result.explain(name)
    assert told.total(limit) >= 120, "it came last, or nearly so"
    (enough,) = told.enough
    assert (enough.limit, enough.before, enough.after) == (limit, "1", str(WIDE))
    assert enough.started is not None
    assert enough.started <= told.due + timedelta(seconds=WIDE + 11)
    assert told.not_enough == ()
    stretch = next(one for one in told.stretches if one.limit == limit)
    assert limit in ("resource gate", "nodes") or stretch.holders


def test_what_is_said_to_be_enough_is_when_one_does_it() -> None:
    told = wt.simulate(ONE_SLOT["pool db"]).explain("etl.t3")
    (enough,) = told.enough
    waits = []
    for slots in (3, 4):
        again = scenario(fleet(task={"pool": "db"}), pools={"db": wt.Pool(slots=slots)})
        result = wt.simulate(again)
        waits.append([wait.limit for wait in result.task("etl.t3").waited_on])
        if slots == int(enough.after):
            assert result.task("etl.t3").started == enough.started
    assert waits == [["pool db"], []]


def test_behind_one_limit_another_one_may_wait() -> None:
    two = scenario(fleet(task={"pool": "db"}), pools={"db": wt.Pool(slots=1)}, parallelism=2)
    told = wt.simulate(two).explain("etl.t3")
    (enough,) = told.enough
    assert enough.setting == "pool db"
    assert enough.left
    assert enough.left[0][0] == "parallelism"
    assert "still waits 1m for parallelism" in " ".join(waiting_text(told).split())


def test_who_held_the_limit_is_named_and_not_the_waiting_one() -> None:
    told = wt.simulate(ONE_SLOT["pool db"]).explain("etl.t3")
    assert told.stretches[0].holders == ("etl.t0 (r0)",)


def test_waits_that_are_no_number_are_told_in_words() -> None:
    tasks = (
        wt.Task(task_id="a", retries=1, retry_delay_s=300),
        wt.Task(task_id="b", upstream=("a",)),
    )
    dags = wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=tasks),))
    result = wt.simulate(scenario(dags, rule={"tasks": "etl.a", "outcome": ("fail", "success")}))
    (retry,) = result.explain("etl.a").stretches
    assert (retry.limit, round(retry.seconds)) == ("retry delay", 300)
    told = result.explain("etl.b")
    assert told.stretches[0].why == "upstream tasks; the last to end was etl.a"
    assert told.last_upstream == "etl.a"
    assert (told.enough, told.not_enough) == ((), ())
    assert "windtunnel explain etl.a" in waiting_text(told)


def test_an_upstream_task_that_never_ended_is_named_with_its_state() -> None:
    tasks = (wt.Task(task_id="a"), wt.Task(task_id="b", upstream=("a",)))
    dags = wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=tasks),))
    told = wt.simulate(scenario(dags, rule={"tasks": "etl.a", "duration_s": 9000})).explain("etl.b")
    assert told.stretches[0].why == "upstream tasks; etl.a is still running"
    assert told.started is None
    assert "it never started here" in waiting_text(told)


def test_of_several_runs_the_longest_wait_is_told_unless_one_is_named() -> None:
    result = wt.simulate(ONE_SLOT["max_active_runs"])
    assert result.explain("etl.t0", search=False).run == "r3"
    assert result.explain("etl.t0", search=False).others == WIDE - 1
    assert result.explain("etl.t0", "r1", search=False).run == "r1"
    with pytest.raises(wt.InvalidInput, match=r"no task 'etl\.t7'"):
        result.explain("etl.t7")


def test_where_no_value_is_enough_that_is_said() -> None:
    """A lock has one slot; more of them would be another lock."""
    locked = scenario(fleet(), rule={"needs": {"lock:x": 1}})
    told = wt.simulate(locked).explain("etl.t3")
    assert (told.enough, told.not_enough) == ((), ("resource lock:x",))
    assert "resource lock:x: no larger value alone is enough." in waiting_text(told)


def test_without_a_wait_there_is_nothing_to_explain() -> None:
    told = wt.simulate(scenario(fleet())).explain("etl.t0")
    assert told.stretches == ()
    assert "It waited for nothing." in waiting_text(told)


def test_scheduled_runs_are_found_again_in_other_simulations() -> None:
    dags = fleet(tasks=1, task={"pool": "db"}, schedule=Every(seconds=600), start_date=START)
    slow = scenario(dags, runs=0, rule={"duration_s": 1500}, pools={"db": wt.Pool(slots=1)})
    told = wt.simulate(slow).explain("etl.t0")
    assert told.run.startswith("scheduled@")
    assert told.enough[0].after == "3", "2.5 tries overlap at a time"


def test_the_json_has_all_of_it() -> None:
    text = waiting_json(wt.simulate(ONE_SLOT["parallelism"]).explain("etl.t3"))
    assert '"kind": "explanation"' in text
    assert '"after": "4"' in text


@pytest.mark.parametrize("needed", [1, 2, 3, 7, 64, 1000, 65_000])
def test_the_smallest_number_is_found_wherever_it_is(needed) -> None:
    assert smallest_above(0, lambda value: value >= needed) == needed
    assert smallest_above(0, lambda _: False) is None


def test_a_pool_with_too_few_slots_left_is_not_taken_for_a_limit_of_the_task() -> None:
    """Three slots, two for each: one of the two waits for the pool, and its own limit is far."""
    task = {"pool": "db", "pool_slots": 2, "max_active_tis_per_dag": 5}
    told = wt.simulate(scenario(fleet(tasks=2, task=task), pools={"db": wt.Pool(slots=3)})).explain(
        "etl.t1"
    )
    assert [one.limit for one in told.stretches] == ["pool db"]
    assert [(one.setting, one.after) for one in told.enough] == [("pool db", "4")]


def test_a_run_that_a_task_triggers_is_found_again_although_its_name_is_a_moment() -> None:
    """The parent starts later or earlier with another size of the pool, and so does the child."""
    call = wt.Task(task_id="call", pool="db", kind=TriggerDagRun(trigger_dag_id="child"))
    first = wt.Task(task_id="first", pool="db", priority_weight=9)
    work = wt.Task(task_id="work", pool="db")
    dags = wt.Fleet(
        dags=(
            wt.Dag(dag_id="etl", tasks=(first, call)),
            wt.Dag(dag_id="other", tasks=(first.model_copy(update={"task_id": "long"}),)),
            wt.Dag(dag_id="child", tasks=(work, work.model_copy(update={"task_id": "more"}))),
        )
    )
    given = scenario(dags, pools={"db": wt.Pool(slots=1)}).model_copy(
        update={"manual_runs": (wt.ManualRun(dag_id="etl"), wt.ManualRun(dag_id="other", at_s=60))}
    )
    result = wt.simulate(given)
    told = result.explain("child.more")
    assert told.run.startswith("manual__")
    assert told.total("pool db") > 0
    assert [one.setting for one in told.enough] == ["pool db"]
