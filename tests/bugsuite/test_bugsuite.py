"""Small fleets with known verdicts: the search, its judgement and its explanations on each.

``python tests/bugsuite/score.py tests/bugsuite/fleets`` measures the search as a whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from effort import EFFORT
from windtunnel.choices import Even
from windtunnel.slices import changed, read_slice
from windtunnel.slices.explore import Exploration
from windtunnel.slices.reduction import stuck
from windtunnel.slices.search import replay, search
from windtunnel.slices.shrink import Case, shows_without, shrink

FOLDER = Path(__file__).parent / "fleets"
FLEETS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
}
LARGE = ("b44", "b46", "b49", "b50", "b52", "b55")
"""Thousands of states each: with more effort only."""
WALKED = [name for name in FLEETS if EFFORT > 1 or not name.startswith(LARGE)]
BUGS = [name for name in FLEETS if name.startswith("b")]


@pytest.mark.parametrize("name", WALKED)
def test_all_futures_show_what_is_expected_and_nothing_else(name: str) -> None:
    expect = FLEETS[name]["expect"]
    futures = Exploration(read_slice(FLEETS[name]))
    assert futures.complete
    assert sorted(futures.found) == sorted(expect["verdicts"])
    if expect.get("p_random") is not None:
        assert futures.chance() == pytest.approx(expect["p_random"], rel=1e-6, abs=5e-9)
    assert sorted(Exploration(read_slice(FLEETS[name]), untimed=True).found) == expect["untimed"]


@pytest.mark.parametrize("name", WALKED)
def test_fixes_cure_and_what_only_looks_like_one_does_not(name: str) -> None:
    expect = FLEETS[name]["expect"]
    for change in (*expect.get("fixes", ()), *expect.get("not_fixes", ())):
        found = Exploration(read_slice(changed(FLEETS[name], change["set"]))).found
        assert sorted(found) == sorted(change["verdicts"]), change["set"]


@pytest.mark.parametrize("name", WALKED)
def test_who_is_said_never_to_end_never_does_and_in_silence_nobody_is_left_out(name: str) -> None:
    futures = Exploration(read_slice(FLEETS[name]))
    for number, state in enumerate(futures.states):
        said, doomed = stuck(futures.simulation, state), futures.doomed_in(number)
        assert said <= doomed
        if state.due() is None:
            assert said == doomed


@pytest.mark.parametrize("name", BUGS)
def test_the_search_finds_the_bug_names_who_takes_part_and_makes_it_small(name: str) -> None:
    of, expect = read_slice(FLEETS[name]), FLEETS[name]["expect"]
    found = search(of, 0, 3000)
    assert found is not None
    assert found.verdict in expect["verdicts"]
    assert sorted(found.involved) in expect["cores"]
    case = shrink(Case(of, found.answers), found.verdict)
    assert replay(case.of, case.answers)[found.verdict] == found.involved
    assert shows_without(case, found.verdict) is None


@pytest.mark.parametrize("name", [name for name in FLEETS if name.startswith("s")])
def test_no_simulation_flags_a_safe_fleet(name: str) -> None:
    assert search(read_slice(FLEETS[name]), 0, 150) is None


def test_steered_search_is_far_quicker_than_luck_on_a_rare_bug() -> None:
    """b47 takes plain random search some thousand simulations."""
    of = read_slice(FLEETS["b47_whole_chain_slow"])
    for seed in range(5):
        found = search(of, seed, 100)
        assert found is not None
    assert search(of, 0, 100, Even.name) is None


def test_the_shortest_way_to_a_deadlock_is_told_by_what_is_not_calm() -> None:
    small = read_slice(FLEETS["b10_sensor_on_failed_producer"])
    answers = Exploration(small).shortest("deadlock")
    assert answers is not None
    assert [(one.kind, one.actor) for one in answers] == [("fault", ("etl", 0, "load", 1))]
    assert "deadlock" in replay(small, answers)
    assert Exploration(small).shortest("overlap") is None
