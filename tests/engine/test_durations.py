"""Drawn durations: their distributions, against what is known of each in closed form."""

from __future__ import annotations

import math
import statistics

import pytest
from pydantic import ValidationError

from windtunnel.engine.luck import draw
from windtunnel.engine.tries.durations import drawn_us, longest_us
from windtunnel.model import Gamma, LogNormal, Sample, Triangular, Uniform, Weibull

DRAWS = [draw(1, "test", i) for i in range(20_000)]


def seconds(given):
    return [drawn_us(given, each) / 1e6 for each in DRAWS]


@pytest.mark.parametrize(
    ("given", "mean"),
    [
        (Uniform(low=10, high=30), 20),
        (Triangular(low=10, mode=20, high=60), 30),
        (LogNormal(median_s=60, sigma=0.5), 60 * math.exp(0.125)),
        (Gamma(mean_s=45, shape=3), 45),
        (Gamma(mean_s=45, shape=0.5), 45),
        (Weibull(scale_s=100, shape=2), 100 * math.gamma(1.5)),
        (Sample(values_s=(1, 2, 9)), 4),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_mean_is_what_it_should_be(given, mean):
    assert statistics.fmean(seconds(given)) == pytest.approx(mean, rel=0.02)


def test_quantiles_of_the_lognormal():
    found = statistics.quantiles(seconds(LogNormal(median_s=60, sigma=0.5)), n=10)
    assert found[4] == pytest.approx(60, rel=0.02)
    assert found[8] == pytest.approx(60 * math.exp(0.5 * 1.2816), rel=0.03)


def test_bounds_are_never_left_and_both_ends_come_near():
    for given in (Uniform(low=5, high=7), Triangular(low=5, mode=5, high=7)):
        found = seconds(given)
        assert 5 <= min(found) < 5.01
        assert 6.9 < max(found) <= 7
        assert longest_us(given) == 7_000_000


def test_a_sample_gives_each_of_its_values():
    assert set(seconds(Sample(values_s=(1, 2, 9)))) == {1, 2, 9}


def test_only_some_distributions_have_a_longest():
    assert longest_us(LogNormal(median_s=1, sigma=1)) is None
    assert longest_us(Sample(values_s=(3, 1))) == 3_000_000


def test_the_extreme_draws_are_finite():
    for given in (
        LogNormal(median_s=1, sigma=1),
        Weibull(scale_s=1, shape=0.5),
        Gamma(mean_s=1, shape=1),
    ):
        for each in (0, 2**64 - 1):
            assert 0 <= drawn_us(given, each) < 10**12


def test_bounds_in_the_wrong_order_are_refused():
    with pytest.raises(ValidationError, match="above"):
        Uniform(low=9, high=1)
    with pytest.raises(ValidationError, match="not in order"):
        Triangular(low=1, mode=9, high=5)
