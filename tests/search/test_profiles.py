"""Search profiles: the same search, more or less of it."""

from __future__ import annotations

import pytest

import windtunnel as wt
from windtunnel.errors import InvalidInput
from windtunnel.model import Behavior, Rule, Uniform
from windtunnel.report import check_text


@pytest.fixture
def by_length(by_tie) -> wt.Scenario:
    rule = Rule(duration_s=Uniform(low=10, high=600))
    return by_tie.model_copy(update={"behavior": Behavior(rules=(rule,))})


def test_dev_simulates_least_and_nightly_most(by_length):
    made = {
        name: wt.check(by_length, profile=wt.SearchProfile(name=name, searching=effort, fixing=0))
        for name, effort in (("dev", 0.1), ("ci", 0.5), ("nightly", 1.0))
    }
    assert [one.simulations for one in made.values()] == [21, 101, 201]


def test_the_usual_profile_is_ci_and_said_so(parents):
    report = wt.check(parents)
    assert report.profile == "ci"
    assert "\nCovered (profile ci): " in check_text(report)
    assert wt.check(parents, profile="ci") == report


def test_what_dev_finds_ci_finds_too_and_may_make_smaller(parents):
    dev, ci = (wt.check(parents, profile=name) for name in ("dev", "ci"))
    assert [one.identity for one in dev.findings] == [one.identity for one in ci.findings]
    assert dev.simulations < ci.simulations


def test_a_number_of_simulations_is_held_and_the_callers_own_comes_first(by_length):
    few = wt.SearchProfile(name="few", simulations=3)
    assert wt.check(by_length, profile=few).simulations == 3
    assert wt.check(by_length, profile=few, seeds=4).simulations == 5


def test_nightly_lets_tries_fail_and_runs_come_late_unless_somebody_says_otherwise(parents):
    short = wt.SearchProfile(name="short", simulations=6, jitter_s=300.0, faults_up_to=1)
    assert "a try may fail or die" in wt.check(parents, profile=short).covered
    assert "up to 300 s late" in wt.check(parents, profile=short).covered
    own = wt.check(parents, profile=short, faults_up_to=0, jitter=60)
    assert own.scenario.faults_up_to == 0
    assert "no faults; scheduled runs up to 60 s late" in own.covered
    said = parents.model_copy(update={"faults_up_to": 0})
    assert wt.check(said, profile=short).scenario.faults_up_to == 0


def test_without_effort_nothing_is_shrunk_or_repaired(parents):
    bare = wt.SearchProfile(name="bare", simulations=3, shrinking=0, fixing=0)
    (found,) = wt.check(parents, profile=bare).findings
    assert found.fixes == ()
    assert found.case is not None
    assert not found.case.minimal
    assert found.case.before == found.case.after


def test_a_profile_nobody_knows_is_refused(parents):
    with pytest.raises(InvalidInput, match="did you mean 'nightly'"):
        wt.check(parents, profile="nightly ")
