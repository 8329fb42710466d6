"""The same fleets on the whole engine: Airflow's own loops, executors and detectors find the bugs,
and flag no safe fleet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bugsuite.as_scenario import CannotSayError, as_scenario
from windtunnel.detect import detect
from windtunnel.model import Scenario
from windtunnel.search.simulations import simulations

FLEETS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "fleets").glob("*.json"))
}
CODES = {
    "deadlock": {"WT101", "WT102", "WT103", "WT115"},
    "livelock": {"WT101", "WT105"},
    "overlap": {"WT201", "WT202"},
    "starvation": {"WT104"},
    "overcommit": {"WT211"},
    "double_effect": {"WT204"},
    "runaway": {"WT230"},
}
FOR_A_BUG, FOR_A_SAFE_FLEET = 150, 40


def scenario_of(name: str) -> Scenario:
    try:
        return as_scenario(FLEETS[name])
    except CannotSayError as error:
        pytest.skip(f"a scenario has no words for: {error}")


@pytest.mark.parametrize("name", [name for name in FLEETS if name.startswith("b")])
def test_the_engine_shows_the_bug(name: str) -> None:
    expect = FLEETS[name]["expect"]
    wanted = {code for verdict in expect["verdicts"] for code in CODES.get(verdict, ())}
    for one in simulations(scenario_of(name), FOR_A_BUG):
        found = [finding for finding in detect(one.scenario, one.trace) if finding.code in wanted]
        if found:
            parties = (*found[0].holding, *found[0].waiting)
            named = {f"{party.dag_id}.{party.task_id}" for party in parties}
            named |= {f"{party.dag_id}.*" for party in parties}
            assert any(named & set(core) for core in expect["cores"])
            return
    pytest.fail(f"{FOR_A_BUG} simulations don't show {expect['verdicts']}")


@pytest.mark.parametrize("name", [name for name in FLEETS if name.startswith("s")])
def test_the_engine_flags_no_safe_fleet(name: str) -> None:
    for one in simulations(scenario_of(name), FOR_A_SAFE_FLEET):
        found = [finding for finding in detect(one.scenario, one.trace) if finding.certain]
        assert found == []
