"""Spread: minutes that flatten a herd whose best arrangement is known; what must not be moved."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from windtunnel.capacity import Spread, make_spread
from windtunnel.model import (
    Behavior,
    Cluster,
    Cron,
    Dag,
    Deadline,
    ExternalTaskSensor,
    Fleet,
    Scenario,
    Task,
)


def dag(
    dag_id: str, cron: str = "0 * * * *", tasks: int = 4, waits_for: str = "", **how: Any
) -> Dag:
    own = [Task(task_id=f"t{number}") for number in range(tasks)]
    if waits_for:
        kind = ExternalTaskSensor(external_dag_id=waits_for, mode="reschedule", **how)
        own.append(Task(task_id="wait", kind=kind))
    return Dag(
        dag_id=dag_id,
        tasks=tuple(own),
        schedule=Cron(expression=cron),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
    )


def spread(*dags: Dag, deadlines: tuple[Deadline, ...] = (), slots: int = 6) -> Spread:
    scenario = Scenario(
        fleet=Fleet(dags=dags),
        cluster=Cluster(parallelism=slots),
        behavior=Behavior(default_duration_s=600),
        start=datetime(2026, 3, 1, tzinfo=UTC),
        duration_s=6 * 3600,
    )
    return make_spread(scenario, deadlines, days=1)


def test_a_herd_is_taken_apart() -> None:
    found = spread(dag("a"), dag("b"), dag("c"))
    assert found.before.wanted == 12
    assert found.after.wanted == 4
    assert found.before.waits_s > 0
    assert found.after.waits_s == 0
    assert len(found.moves) == 2  # one may stay
    assert all(0 < one.minutes <= 55 for one in found.moves)
    assert all(one.after == f"{one.minutes} * * * *" for one in found.moves)


def test_what_is_flat_stays() -> None:
    found = spread(dag("a"), dag("b", "30 * * * *"))
    assert not found.moves
    assert found.after == found.before


def test_dags_that_wait_for_each_other_move_together() -> None:
    found = spread(dag("a"), dag("mart", tasks=1, waits_for="a"), dag("b"), dag("c"))
    minutes = {one.dag_id: one.minutes for one in found.moves}
    assert minutes.get("a", 0) == minutes.get("mart", 0)
    assert found.after.wanted < found.before.wanted


def test_what_waits_for_one_that_can_not_be_moved_stays() -> None:
    ticking = dag("ticking", "*/20 * * * *", tasks=1)
    tied = dag("tied", tasks=1, waits_for="ticking")
    found = spread(ticking, tied, dag("a"), dag("b"))
    assert {one.dag_id for one in found.moves} <= {"a", "b"}
    stays = dict(found.stays)
    assert "one minute in its hour" in stays["ticking"]
    assert stays["tied"] == "sensors tie it to ticking, which stays"


def test_a_date_that_a_function_says_ties_to_the_clock() -> None:
    tied = dag("tied", tasks=1, waits_for="a", execution_date_fn=True)
    found = spread(dag("a"), tied, dag("b"))
    assert {one.dag_id for one in found.moves} <= {"b"}
    assert "a function says" in dict(found.stays)["a"]


def test_what_has_to_land_by_a_time_of_day_stays_and_others_make_room() -> None:
    soon = Deadline(of="a", by=time(2, 11, tzinfo=UTC))
    daily = dag("a", "0 2 * * *", tasks=6)
    found = spread(daily, dag("b"), dag("c"), slots=20, deadlines=(soon,))
    assert found.after.on_time == (1.0,)
    assert {one.dag_id for one in found.moves} == {"b", "c"}
    assert dict(found.stays)["a"] == "it has to land by a time of day"


def test_what_would_be_late_beside_others_is_not_moved_there() -> None:
    busy = [dag(name, f"{minute} * * * *") for name, minute in (("x", 20), ("y", 40))]
    quick = Deadline(of="b", within_s=601)
    found = spread(dag("a"), dag("b"), *busy, slots=20, deadlines=(quick,))
    assert found.after.on_time >= found.before.on_time
