"""Warm-up: what is left out of a queue that begins empty, and that nothing is of a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from windtunnel.capacity.warm_up import PARTS, is_steady, warm_up
from windtunnel.model import (
    Arrivals,
    AssetUpdate,
    Behavior,
    Cron,
    Dag,
    Fleet,
    ManualRun,
    Scenario,
    Slowdown,
    Task,
    TaskFails,
)


def scenario(**given: Any) -> Scenario:
    dags = (
        Dag(dag_id="a", tasks=(Task(task_id="t"),)),
        Dag(dag_id="b", tasks=(Task(task_id="t"),), schedule=given.pop("schedule", None)),
    )
    given = {"arrivals": (Arrivals(dag_id="a", per_hour=5),)} | given
    return Scenario(fleet=Fleet(dags=dags), start=datetime(2026, 3, 1, tzinfo=UTC), **given)


def rising(rises_in: float, simulations: int = 50, seed: int = 0) -> list[list[tuple[float, int]]]:
    """Waits that come near to 10 exponentially, in so many parts."""
    luck = np.random.default_rng(seed)
    true = 10 * (1 - np.exp(-np.arange(PARTS) / rises_in)) if rises_in else np.full(PARTS, 10.0)
    return [[(float(value), 10) for value in 10 * luck.normal(true, 3)] for _ in range(simulations)]


def mean(simulations: list[list[tuple[float, int]]], begin: int) -> float:
    kept = [part for one in simulations for part in one[begin:]]
    return sum(value for value, _ in kept) / sum(count for _, count in kept)


@pytest.mark.parametrize("rises_in", [2, 5])
def test_what_is_left_out_takes_the_bias_with_it(rises_in) -> None:
    for seed in range(5):
        simulations = rising(rises_in, seed=seed)
        begin = warm_up(simulations)
        assert mean(simulations, 0) < 9.75
        assert mean(simulations, begin) == pytest.approx(10, abs=0.2)
        assert begin <= PARTS // 2


def test_little_is_left_out_where_nothing_rises() -> None:
    assert sum(warm_up(rising(0, seed=seed)) for seed in range(10)) / 10 < PARTS / 4
    assert warm_up([[(5.0, 5)] * PARTS] * 3) == 0


def test_at_most_half_is_left_out_of_a_window_that_is_too_short() -> None:
    assert warm_up(rising(60)) == PARTS // 2


def test_parts_in_which_nothing_came_are_no_evidence() -> None:
    assert warm_up([[(0.0, 0)] * PARTS] * 3) == 0
    assert warm_up([[(0.0, 0)] * 3 + [(5.0, 5)] * (PARTS - 3)]) == 0


def test_a_load_that_only_arrives_is_steady() -> None:
    assert is_steady(scenario())


@pytest.mark.parametrize(
    "given",
    [
        {"arrivals": ()},
        {"arrivals": (Arrivals(dag_id="a", per_hour=(1.0,) * 24),)},
        {"arrivals": (Arrivals(dag_id="a", every_s=60, until_s=3600),)},
        {"schedule": Cron(expression="@daily")},
        {"manual_runs": (ManualRun(dag_id="b"),)},
        {"asset_updates": (AssetUpdate(asset="x"),)},
        {"faults": (TaskFails(tasks="a.t"),)},
        {"behavior": Behavior(slowdowns=(Slowdown(factor=2.0),))},
    ],
)
def test_what_the_clock_brings_makes_a_day(given) -> None:
    assert not is_steady(scenario(**given))
