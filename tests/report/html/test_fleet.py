"""The columns of the page, and where the time of task instances went in them."""

from __future__ import annotations

import base64
import itertools
import random
import zlib

import pytest

import windtunnel as wt
from great_fleet import great_fleet
from windtunnel.report.html import Subject, fleet
from windtunnel.report.html.columns import column
from windtunnel.report.html.segments import Segments, group_of, segments
from windtunnel.result.limits import KINDS


def read(packed) -> list[int]:
    """As static/columns.js does."""
    if isinstance(packed, list):
        return packed
    raw = zlib.decompress(base64.b64decode(packed["z"]), wbits=-15)
    n, values, last = packed["n"], [], 0
    for i in range(n):
        zigzag = sum(raw[plane * n + i] << (8 * plane) for plane in range(packed["w"]))
        last += -(zigzag + 1) // 2 if zigzag % 2 else zigzag // 2
        values.append(last)
    return values


@pytest.mark.parametrize("high", [1, 200, 70_000, 2**40])
def test_columns_come_back_as_they_were(high):
    luck = random.Random(high)
    values = [luck.randint(-high, high) for _ in range(999)]
    assert read(column(values)) == values
    assert read(column(values[:9])) == values[:9]
    assert read(column([])) == []


def test_the_life_of_a_task_instance_has_no_gap_and_is_what_it_waited_and_ran():
    result = wt.simulate(great_fleet(dags=7, runs=3))
    subject = Subject(result, "run")
    found = segments(result.trace, subject.waits)
    assert found.shortest_us == 0
    for ti, own in enumerate(found.of):
        for one, after in itertools.pairwise(own):
            assert one[2] == after[1]
        waited = {w.limit: 0 for w in subject.waits[ti]}
        for kind, begin, end in own:
            assert end > begin
            if kind in waited:
                waited[kind] += end - begin
        for limit, us in waited.items():
            assert us == sum(w.to_us - w.from_us for w in subject.waits[ti] if w.limit == limit)


def test_tries_that_fail_are_told_from_those_that_do_not():
    dag = wt.Dag(dag_id="etl", tasks=(wt.Task(task_id="load", retries=1, retry_delay_s=60),))
    result = wt.simulate(
        wt.Fleet(dags=(dag,)), runs=["etl"], start="2026-03-01", window="1h",
        faults=[wt.fail("etl.load", tries=1)],
    )  # fmt: skip
    found = segments(result.trace, Subject(result, "run").waits)
    kinds = [kind for kind, _, _ in found.of[0]]
    assert kinds[-2:] == ["retry delay", "running"]
    assert set(kinds) <= {"failed try", "retry delay", "running"}


def test_pokes_of_a_sensor_that_reschedules_are_one_stretch():
    wait = wt.Task(task_id="wait", operator="PythonSensor", kind=wt.model.Sensor(mode="reschedule"))
    behavior = wt.Behavior(rules=(wt.Rule(tasks="*", duration_s=1, true_at_s=1800),))
    result = wt.simulate(
        wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=(wait,)),)), behavior=behavior, runs=["etl"],
        start="2026-03-01", window="1h",
    )  # fmt: skip
    own = segments(result.trace, Subject(result, "run").waits).of[0]
    assert [kind for kind, _, _ in own] == ["reschedule", "running"]


def test_a_sensor_that_pokes_does_not_look_like_work():
    poke = wt.Task(task_id="poke", operator="PythonSensor", kind=wt.model.Sensor())
    work = wt.Task(task_id="work")
    behavior = wt.Behavior(rules=(wt.Rule(tasks="*.poke", duration_s=1, true_at_s=1800),))
    result = wt.simulate(
        wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=(poke, work)),)), behavior=behavior,
        runs=["etl"], start="2026-03-01", window="1h",
    )  # fmt: skip
    data = fleet.data(Subject(result, "run"))
    assert data is not None
    kinds = [data["kinds"][kind]["name"] for kind in read(data["kind"])]
    assert kinds == ["waiting on its worker", "running"]
    assert read(data["instances"]["ended"]) == [1_831_000, 60_000]


def test_each_limit_has_a_colour_of_its_own_or_one_that_says_what_it_is():
    groups = {limit: group_of(limit) for limit in (*KINDS, "pool db", "resource db")}
    assert groups["pool db"] == "pool"
    assert groups["resource db"] == "resource"
    assert groups["nodes"] == groups["worker slots"] == "workers"
    assert all(groups.values())


def test_far_too_many_pieces_are_told_with_their_neighbours(monkeypatch):
    monkeypatch.setattr("windtunnel.report.html.segments.MOST", most := 400)
    result = wt.simulate(great_fleet(dags=5, runs=3))
    found: Segments = segments(result.trace, Subject(result, "run").waits)
    assert found.shortest_us > 0
    assert sum(map(len, found.of)) <= most
    assert all(own for own in found.of)


def test_the_page_s_columns_say_what_the_trace_says():
    result = wt.simulate(great_fleet(dags=4, runs=2))
    data = fleet.data(Subject(result, "run"))
    assert data is not None
    own = data["instances"]
    named = [
        (data["dags"][data["tasks"][task]["dag"]]["id"], data["tasks"][task]["id"],
         data["runs"]["name"][run], data["states"][state], tries)
        for task, run, state, tries in zip(
            read(own["task"]), read(own["run"]), read(own["state"]), read(own["tries"]), strict=True
        )
    ]  # fmt: skip
    told = [
        (one.dag_id, one.task_id, one.run, one.state, one.try_number)
        for one in result.trace.task_instances()
    ]
    assert sorted(named) == sorted(told)


def test_where_nothing_was_simulated_there_is_no_fleet():
    dag = wt.Dag(dag_id="etl", tasks=())
    assert fleet.data(Subject(wt.simulate(wt.Fleet(dags=(dag,))), "run")) is None
    assert fleet.data(Subject(object(), "plan")) is None
