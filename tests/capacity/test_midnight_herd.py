"""The question that the scenario midnight_herd asks, with fewer nights than it asks for itself."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.target import Asked, read


@pytest.fixture(scope="module")
def herd():
    return read("midnight_herd", Asked())


def test_the_scenario_asks_until_when_the_report_has_to_be_there(herd):
    question = herd.question
    assert [one.of for one in question.deadlines] == ["board_report"]
    assert [one.name for one in question.vary] == ["workers", "worker slots"]


def test_three_workers_with_as_many_slots_as_memory_has_room_for_are_enough(herd):
    plan = wt.plan(
        herd.scenario,
        herd.question,
        vary=["workers=2,3", "worker slots=5,8"],
        share="80%",
        days=100,
        backend="here",
    )
    assert dict(plan.answer.settings) == {"workers": 3, "worker slots": 5}
    killed = [one for one in plan.points if dict(one.settings)["worker slots"] == 8]
    assert {one.findings[0][0] for one in killed} == {"WT402"}
    assert {one.verdict for one in killed} == {"no"}
