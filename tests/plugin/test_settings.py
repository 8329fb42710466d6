"""Settings: from the command line, else the marker, else the ini file."""

from __future__ import annotations

import pytest

SEED = """\
import pytest

{marker}
def test_seed(windtunnel):
    assert windtunnel.run().scenario.seed == {expected}
"""


@pytest.mark.parametrize(
    ("option", "marker", "ini", "expected"),
    [
        ("1", "2", "3", 1),
        (None, "2", "3", 2),
        (None, None, "3", 3),
        (None, None, None, 0),
        ("0", "2", "3", 0),
    ],
)
def test_command_line_wins_over_marker_wins_over_ini(
    project: pytest.Pytester, option: str | None, marker: str | None, ini: str | None, expected: int
) -> None:
    project.makeini(
        "[pytest]\nwindtunnel_dags = dags\nwindtunnel_cluster = cluster.toml\n"
        + (f"windtunnel_seed = {ini}\n" if ini else "")
    )
    marked = f"@pytest.mark.windtunnel(seed={marker})" if marker else ""
    test = project.makepyfile(SEED.format(marker=marked, expected=expected))

    arguments = [f"--windtunnel-seed={option}"] if option else []
    project.runpytest(test, *arguments).assert_outcomes(passed=1)


def test_the_nearest_marker_wins_and_the_others_fill_in(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", seed=1)

        @pytest.mark.windtunnel(seed=2)
        def test_seed(windtunnel):
            assert windtunnel.run().scenario.seed == 2
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_a_misspelt_argument_of_the_marker_is_named(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        @pytest.mark.windtunnel(dag="dags")
        def test_seed(windtunnel):
            pass
    """)

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no argument 'dag'*dags*"])


def test_a_seed_that_is_no_number_is_named(project: pytest.Pytester) -> None:
    project.makepyfile("def test_seed(windtunnel):\n    pass\n")

    result = project.runpytest("--windtunnel-seed=last")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*windtunnel seed: 'last' is not a whole number*"])


def test_tests_that_use_the_fixture_can_be_selected(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_with(windtunnel):
            pass

        def test_without():
            pass
    """)

    project.runpytest("-m", "windtunnel", "--strict-markers").assert_outcomes(
        passed=1, deselected=1
    )
    project.runpytest("-m", "not windtunnel").assert_outcomes(passed=1, deselected=1)


def test_the_marker_is_documented(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.windtunnel(dags, cluster*"])


def test_the_options_are_documented(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--help").stdout.fnmatch_lines(
        ["*--windtunnel-dags=PATH*", "*--windtunnel-cluster=FILE*", "*--windtunnel-seed=N*"]
    )


def test_what_is_checked_is_what_a_test_simulates_that_names_nothing(
    project: pytest.Pytester,
) -> None:
    project.makepyfile("""
        import pytest

        def test_own(windtunnel):
            assert [dag.dag_id for dag in windtunnel.load().dags] == ["etl"]

        @pytest.mark.windtunnel(dags="nested_deadlock")
        def test_marked(windtunnel):
            assert len(windtunnel.load().dags) > 1
    """)
    chosen = ("-k", "own or marked")
    project.runpytest("--windtunnel=dags", *chosen).assert_outcomes(passed=2, deselected=12)
    several = ("--windtunnel=dags", "--windtunnel=simple")
    project.runpytest(*several, "-k", "own or marked").assert_outcomes(
        passed=1, failed=1, deselected=24
    )
