"""The trace for Perfetto: slices that nest, a lane for what overlaps, counters that add up."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from windtunnel.capacity import every_limit
from windtunnel.report.exports import perfetto


@pytest.fixture(scope="module")
def events(night):
    return json.loads(perfetto(night))["traceEvents"]


def slices(events, kind):
    return [one for one in events if one["ph"] == "X" and one["cat"] in kind]


def test_each_task_instance_is_a_slice_under_its_dag(night, events):
    processes = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    tasks = [f"{processes[one['pid']]}.{one['name']}" for one in slices(events, ["task"])]

    assert sorted(tasks) == sorted(one.name for one in night.tasks())


def test_slices_of_a_lane_follow_each_other(events):
    lanes: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for one in slices(events, ["task"]):
        lanes.setdefault((one["pid"], one["tid"]), []).append((one["ts"], one["ts"] + one["dur"]))
    assert len(lanes) > 1
    for own in lanes.values():
        assert all(end <= begin for (_, end), (begin, _) in pairwise(sorted(own)))


def test_what_it_did_lies_within_it_and_without_overlap(events):
    for whole in slices(events, ["task"]):
        inside = [
            (one["ts"], one["ts"] + one["dur"], one["name"])
            for one in slices(events, ["try", "wait"])
            if (one["pid"], one["tid"]) == (whole["pid"], whole["tid"])
            and whole["ts"] <= one["ts"] < whole["ts"] + whole["dur"]
        ]
        assert inside
        assert inside[-1][1] == whole["ts"] + whole["dur"]
        assert all(end <= begin for (_, end, _), (begin, _, _) in pairwise(inside))


def test_the_wait_for_a_pool_and_the_failed_try_have_names(events):
    names = {one["name"] for one in slices(events, ["try", "wait"])}
    assert {"running", "failed try", "waits for pool db", "waits for retry delay"} <= names


def test_counters_are_all_limits(night, events):
    told = [(e["name"], e["ts"], e["args"]["slots"]) for e in events if e["ph"] == "C"]
    known = [(o.limit, *step) for o in every_limit(night.scenario, night.trace) for step in o.steps]
    assert told == known


def test_the_same_simulation_is_the_same_file(night):
    assert perfetto(night) == perfetto(night)
