"""`@given` together with the fixture: a search inside of somebody's test."""

from __future__ import annotations

import pytest

TEST = """\
import pytest
from hypothesis import Phase, given, settings
from pytest_windtunnel import Windtunnel, windtunnel_scenarios
from windtunnel.strategies import exhaust, fail, lose_worker

@pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")
@settings(max_examples=20, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
@given(scenario=windtunnel_scenarios({arguments}))
def test_searched(windtunnel: Windtunnel, scenario):
    run = windtunnel.run(scenario)
    assert {claim}
"""


def searched(project: pytest.Pytester, arguments: str, claim: str) -> pytest.RunResult:
    project.makepyfile(test_it=TEST.format(arguments=arguments, claim=claim))
    return project.runpytest("--strict-markers", "-p", "no:randomly")


def test_a_search_needs_no_health_check_to_be_suppressed(project: pytest.Pytester) -> None:
    arguments = 'faults=[fail("etl.load", tries=1), exhaust("db", at=("+0m", "+3h"))], ties=0'
    claim = 'run.scenario.duration_s == 86400 and run.scenario.cluster.pool("db").slots == 3'
    result = searched(project, arguments, claim)
    result.assert_outcomes(passed=1)


def test_what_fails_is_shrunk_and_reads_as_a_scenario(project: pytest.Pytester) -> None:
    arguments = 'faults=[fail("etl.load"), exhaust("db", at=("+0m", "+3h"), for_=("1m", "1h"))]'
    result = searched(project, arguments, 'run.task("load").state == "success"')

    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    told = text.partition("Failing test case: test_searched(")[2].partition("Explanation")[0]
    assert "TaskFails(tasks='etl.load')" in told
    assert "PoolResized" not in told, "it was left out"
    assert "fleet=<Fleet of etl>" in told
    assert "start='2026-01-01T00:00:00+00:00'" in told
    assert len(told.partition(")\nE")[0].splitlines()) < 20
    assert "etl.load of scheduled@2026-01-01T02:00:00+00:00: failed (fault " in text


def test_findings_are_told_of_the_case_that_is_shown_alone(project: pytest.Pytester) -> None:
    project.path.joinpath("cluster.toml").write_text("[pools.other]\nslots = 1\n")
    result = searched(project, 'faults=[fail("etl.load", tries=1)]', "not run.findings")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert text.count("WT110 Task can never be queued    ") == 1
    assert text.count("windtunnel findings") == 1


def test_names_that_do_not_exist_are_refused(project: pytest.Pytester) -> None:
    result = searched(project, 'faults=[fail("etl.laod")]', "True")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no task matches 'etl.laod'; did you mean 'etl.load'*"])


def test_dags_that_cannot_be_read_are_told_before_anything_is_drawn(
    project: pytest.Pytester,
) -> None:
    result = searched(project, '"nowhere"', "True")
    result.assert_outcomes(errors=1)
    text = result.stdout.str()
    assert "nowhere" in text
    assert "Traceback" not in text
    assert "searched.py" not in text


def test_a_fixture_of_a_wider_scope_can_use_it(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")

        @pytest.fixture(scope="module")
        def night(windtunnel):
            return windtunnel.run()

        def test_state(night):
            assert night.task("load").state == "success"

        def test_same(night, request):
            assert night is request.getfixturevalue("night")
    """)
    project.runpytest().assert_outcomes(passed=2)


def test_a_simulation_may_take_longer_than_a_function_unless_the_test_says_otherwise(
    project: pytest.Pytester,
) -> None:
    project.makepyfile("""
        import time

        from hypothesis import Phase, given, settings
        from pytest_windtunnel import windtunnel_scenarios

        @settings(max_examples=1, phases=[Phase.generate])
        @given(scenario=windtunnel_scenarios("dags"))
        def test_slow(scenario):
            time.sleep(0.25)

        @settings(max_examples=1, phases=[Phase.generate], deadline=100)
        @given(scenario=windtunnel_scenarios("dags"))
        def test_quick(scenario):
            time.sleep(0.25)
    """)
    project.runpytest().assert_outcomes(passed=1, failed=1)
