"""Estimates: the intervals hold the truth as often as they say, where it is known."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy.stats import binomtest

from windtunnel.capacity import Estimate, mean, quantile, share
from windtunnel.errors import InvalidInput


def luck(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def coverage(truth: float, repetitions: int, estimate) -> float:
    """How often the interval of ``estimate(luck)`` holds the truth."""
    return sum(estimate(luck(seed)).holds(truth) for seed in range(repetitions)) / repetitions


@pytest.mark.parametrize(("hits", "of"), [(0, 100), (1, 40), (37, 40), (400, 400)])
def test_a_share_of_independent_days_has_the_exact_interval(hits, of) -> None:
    found = share([(1, 1)] * hits + [(0, 1)] * (of - hits))
    exact = binomtest(hits, of).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert (found.value, found.n) == (hits / of, of)


def test_no_failure_at_all_is_no_proof_that_there_is_none() -> None:
    assert share([(1, 1)] * 100).low == pytest.approx(0.9638, abs=1e-4)
    assert share([(1, 1)] * 400).low == pytest.approx(0.9908, abs=1e-4)


def test_days_of_one_simulation_are_not_independent_where_nothing_failed() -> None:
    # Twenty simulations of twenty days each: if whole simulations fail, there may be one in six.
    assert share([(20, 20)] * 20).low == share([(1, 1)] * 20).low


def test_days_that_fail_together_make_the_interval_wider() -> None:
    apart = share([(19, 20)] * 40)
    together = share([(20, 20), (18, 20)] * 20)
    blocks = share([(20, 20)] * 20 + [(0, 20)] * 20)
    assert apart.half_width < 0.025
    assert together.half_width < 0.03
    assert blocks.half_width == pytest.approx(share([(1, 1), (0, 1)] * 20).half_width, rel=0.05)


@pytest.mark.parametrize(("chance", "own"), [(0.5, 0.5), (0.9, 2.0), (0.97, 5.0)])
def test_a_share_over_clusters_holds_the_truth(chance, own) -> None:
    """Each simulation has a share of its own, drawn from a beta distribution around the truth."""

    def once(luck):
        shares = luck.beta(chance * own, (1 - chance) * own, 60)
        return share([(int(hits), 30) for hits in luck.binomial(30, shares)])

    assert coverage(chance, 300, once) >= 0.93


@pytest.mark.parametrize("simulations", [12, 40])
def test_a_mean_of_long_tailed_values_holds_the_truth(simulations) -> None:
    def once(luck):
        return mean([list(luck.lognormal(0, 1, 1)) for _ in range(simulations)])

    assert coverage(np.exp(0.5), 500, once) >= 0.9


def test_a_mean_over_clusters_of_different_sizes_weighs_each_value_the_same() -> None:
    def once(luck):
        sizes = luck.poisson(20, 50)
        return mean([list(luck.exponential(1, 1) + luck.exponential(2, n)) for n in sizes])

    assert mean([[1.0], [4.0, 4.0, 4.0]]).value == 3.25
    assert coverage(3.0, 300, once) >= 0.93


def test_what_is_always_the_same_is_known() -> None:
    assert mean([[0.1]] * 7) == Estimate(0.1, 0.1, 0.1, 7, 0.95)


def test_one_simulation_alone_says_nothing_of_the_others() -> None:
    alone = mean([[1.0, 2.0, 3.0]])
    assert (alone.value, alone.low, alone.high) == (2.0, -inf, inf)
    assert share([(50, 100)]).half_width > 0.45


@pytest.mark.parametrize("at", [0.5, 0.95])
def test_a_quantile_holds_the_truth_whatever_the_distribution(at) -> None:
    truth = -np.log(1 - at)

    def once(luck):
        return quantile([[value] for value in luck.exponential(1, 200)], at)

    def clustered(luck):
        shift = luck.exponential(1, 50)  # the same for all of one simulation
        return quantile([list(np.maximum(luck.exponential(1, 10), each)) for each in shift], at)

    assert coverage(truth, 300, once) >= 0.93
    largest = -np.log(1 - np.sqrt(at))
    assert coverage(largest, 200, clustered) >= 0.93


def test_a_high_quantile_of_few_values_has_no_upper_bound() -> None:
    found = quantile([[float(value)] for value in range(50)], 0.95)
    assert (found.value, found.high) == (47.0, inf)
    assert quantile([[float(value)] for value in range(100)], 0.95).high == 99.0


def test_what_never_ended_counts() -> None:
    assert mean([[1.0], [inf]]).low == inf
    assert quantile([[1.0]] * 90 + [[inf]] * 10, 0.95).value == inf
    assert quantile([[1.0]] * 99 + [[inf]], 0.5).high == 1.0


def test_nothing_to_count_is_an_error_for_people() -> None:
    with pytest.raises(InvalidInput, match="no simulation had any"):
        share([(0, 0)])
    with pytest.raises(InvalidInput, match="no simulation had any"):
        mean([[], []])
    with pytest.raises(InvalidInput, match="no simulation had any"):
        quantile([])
