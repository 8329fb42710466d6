"""The intervals on fleets whose answer is known in closed form. Here a few times of each; score.py
does it 200 times, on queues, too."""

from __future__ import annotations

import pytest

from capacity.closed_form.asked import Simulations, estimate_mean, estimate_share
from capacity.closed_form.fleets import Known, fixed, landings, queues
from windtunnel.capacity import growing

TIMES = 12


@pytest.mark.parametrize("known", landings(), ids=lambda known: known.name)
def test_a_landing_time_of_known_distribution_is_within_the_interval(known: Known) -> None:
    looks, holds = growing(20, 80), 0
    for seed in range(TIMES):
        found = estimate_share(known, Simulations(known.scenario, seed), looks, precision=0.05)
        holds += found.holds(known.truth)
    assert holds >= TIMES - 2


@pytest.mark.parametrize("known", fixed(), ids=lambda known: known.name)
def test_what_is_not_drawn_is_known_exactly(known: Known) -> None:
    found = estimate_share(known, Simulations(known.scenario, 0), growing(10, 40), precision=0.05)
    assert found.value == pytest.approx(known.truth)
    assert found.holds(known.truth)


@pytest.mark.parametrize("known", queues()[:5:4], ids=lambda known: known.name)
def test_a_queue_that_begins_empty_is_asked_about_when_it_is_warm(known: Known) -> None:
    simulations = Simulations(known.scenario, 1)
    share = estimate_share(known, simulations, growing(10, 20), precision=0.05)
    assert share.holds(known.truth)
    assert known.mean_s is not None
    mean = estimate_mean(known, simulations, growing(10, 20), precision=0.1)
    assert mean.holds(known.mean_s)
