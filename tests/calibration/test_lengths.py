"""Distributions fitted to times whose true distribution is known, some of them cut short."""

import numpy as np
import pytest

from windtunnel.calibration import Lengths, fitted
from windtunnel.model import Gamma, LogNormal, Sample, Weibull

N = 2_000


def drawn(name, n=N, seed=1):
    rng = np.random.default_rng(seed)
    return {
        "lognormal": lambda: 600 * rng.lognormal(0, 0.5, n),
        "wild": lambda: 600 * rng.lognormal(0, 1.2, n),
        "gamma": lambda: 600 * rng.gamma(2, 0.5, n),
        "weibull": lambda: 600 * rng.weibull(0.7, n),
    }[name]()


MEANS = {
    "lognormal": 600 * np.exp(0.125),
    "wild": 600 * np.exp(0.72),
    "gamma": 600.0,
    "weibull": 600 * 1.26582,
}
HOW = {"wild": "lognormal"}


@pytest.mark.parametrize("name", sorted(MEANS))
def test_the_distribution_that_times_come_from_is_found_again(name):
    fit = fitted(Lengths(exact=tuple(drawn(name))))
    assert fit.how == HOW.get(name, name)
    assert fit.mean_s == pytest.approx(MEANS[name], rel=0.06)
    assert fit.distance < 0.03


@pytest.mark.parametrize("name", sorted(MEANS))
def test_it_is_found_where_a_timeout_cut_the_longest_short(name):
    times = drawn(name)
    limit = float(np.quantile(times, 0.75))
    done = tuple(times[times < limit])
    fit = fitted(Lengths(exact=done, cut=(limit,) * (N - len(done))))
    assert fit.cut == N - len(done)
    assert fit.mean_s == pytest.approx(MEANS[name], rel=0.12)
    assert np.mean(done) < 0.8 * MEANS[name], "those that ended alone would say too little"


@pytest.mark.parametrize("name", sorted(MEANS))
def test_it_is_found_where_tries_were_killed_at_any_moment(name):
    times = drawn(name)
    kills = np.random.default_rng(2).exponential(2 * MEANS[name], N)
    done, cut = times[times <= kills], kills[times > kills]
    fit = fitted(Lengths(exact=tuple(done), cut=tuple(cut)))
    assert len(cut) > N / 5
    assert fit.mean_s == pytest.approx(MEANS[name], rel=0.12)


def test_it_is_found_where_times_are_known_between_two_pokes_only():
    times = drawn("lognormal")
    pokes = tuple((60.0 * (t // 60), 60.0 * (t // 60 + 1)) for t in times)
    fit = fitted(Lengths(between=pokes))
    assert fit.how == "lognormal"
    assert fit.mean_s == pytest.approx(MEANS["lognormal"], rel=0.05)


def test_what_no_distribution_is_near_stays_what_was_measured():
    times = np.where(np.arange(N) % 2, 10.0, 300.0) * drawn("lognormal") ** 0.05
    fit = fitted(Lengths(exact=tuple(times)))
    assert fit.how == "sample"
    assert fit.mean_s == pytest.approx(times.mean(), rel=0.02)
    assert len(fit.given.values_s) <= 40


def test_a_few_times_are_kept_as_they_are():
    assert fitted(Lengths(exact=(3.0, 1.0, 9.0))).given == Sample(values_s=(1.0, 3.0, 9.0))


def test_a_few_of_which_some_were_cut_short_count_the_longer_ones_more():
    fit = fitted(Lengths(exact=(10.0, 20.0, 90.0), cut=(30.0, 30.0)))
    assert fit.given.values_s.count(90.0) > fit.given.values_s.count(10.0)


def test_what_hardly_varies_is_a_number():
    fit = fitted(Lengths(exact=(5.0, 5.02, 5.01, 5.0)))
    assert (fit.how, fit.given) == ("constant", pytest.approx(5.01, abs=0.011))


def test_of_what_never_ended_nothing_is_known():
    assert fitted(Lengths(cut=(30.0, 40.0))) is None
    assert fitted(Lengths()) is None


def test_a_tail_that_nobody_saw_does_not_grow_without_end():
    times = drawn("wild", 60)
    limit = float(np.quantile(times, 0.3))
    done = tuple(times[times < limit])
    fit = fitted(Lengths(exact=done, cut=(limit,) * (60 - len(done))))
    assert fit.how == "sample"
    assert max(fit.given.values_s) <= 3 * max(done) * 1.01


@pytest.mark.parametrize("times", [(0.0,) * 30, (0.0, 5.0) * 20, tuple(range(1, 40))])
def test_zeros_and_round_seconds_can_be_fitted(times):
    fit = fitted(Lengths(exact=tuple(map(float, times))))
    assert fit.mean_s == pytest.approx(sum(times) / len(times), rel=0.1, abs=0.01)


def test_the_same_times_give_the_same_fit_whatever_their_order():
    times = tuple(drawn("gamma", 300))
    assert fitted(Lengths(exact=times)) == fitted(Lengths(exact=times[::-1]))


@pytest.mark.parametrize("kind", [LogNormal, Gamma, Weibull])
def test_what_is_written_has_the_fitted_mean(kind):
    name = {LogNormal: "lognormal", Gamma: "gamma", Weibull: "weibull"}[kind]
    given = fitted(Lengths(exact=tuple(drawn(name)))).given
    assert isinstance(given, kind)
    text = " ".join(f"{value:.6g}" for value in given.model_dump().values())
    assert all(len(one.replace(".", "")) <= 7 for one in text.split())
