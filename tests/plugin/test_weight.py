"""What the plugin costs a session that doesn't use it: nothing but pytest is imported."""

from __future__ import annotations

import pytest

LOADED = """
def test_modules():
    import sys

    ours = {"windtunnel", "pytest_windtunnel"}
    loaded = {name for name in sys.modules if name.partition(".")[0] in ours}
    assert loaded == {"pytest_windtunnel", "pytest_windtunnel.plugin"}
    heavy = {"simpy", "hypothesis", "pydantic", "jinja2", "croniter", "freezegun", "typer"}
    brought = {name.partition(".")[0] for name in sys.modules} & heavy
    assert not brought
"""


@pytest.fixture
def alone() -> tuple[str, ...]:
    """Options that keep the other plugins of this environment out: they import what they like."""
    others = ("hypothesispytest", "xdist", "benchmark", "cacheprovider")
    return tuple(word for name in others for word in ("-p", f"no:{name}"))


def test_a_session_without_the_fixture_imports_only_the_plugin_itself(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile(LOADED)

    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1)


def test_a_failing_session_without_the_fixture_stays_light_too(
    pytester: pytest.Pytester, alone: tuple[str, ...]
) -> None:
    pytester.makepyfile("def test_first():\n    assert [1] == [2]\n" + LOADED)

    pytester.runpytest_subprocess(*alone).assert_outcomes(passed=1, failed=1)


def test_the_plugin_can_be_switched_off(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_with(windtunnel):\n    pass\n")

    result = pytester.runpytest_subprocess("-p", "no:windtunnel")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'windtunnel' not found*"])


def test_other_tests_keep_their_options_warnings_and_folder(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import os, warnings

        def test_environment(pytestconfig):
            assert os.getcwd() == str(pytestconfig.rootpath)
            assert not [name for name in os.environ if "WINDTUNNEL" in name or "AIRFLOW" in name]
            assert pytestconfig.option.tbstyle == "auto"
    """)

    pytester.runpytest_subprocess().assert_outcomes(passed=1)
