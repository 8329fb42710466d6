"""Settings: from the command line, else the marker, else the ini file."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from pytest_windtunnel.settings import KNOWN

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
    result.stdout.fnmatch_lines(["windtunnel: *no argument 'dag'*dags*"])
    result.stdout.no_fnmatch_line("*settings.py*")


ODD = """\
import pytest

VALUES = [3, True, [7], {3: 4}, object(), b"x", (None,), lambda: 1]

@pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")
@pytest.mark.parametrize("value", [
    pytest.param(value, marks=pytest.mark.windtunnel(**{name: value}), id=f"{name}-{n}")
    for name in pytest.importorskip("pytest_windtunnel.settings").KNOWN
    for n, value in enumerate(VALUES)
])
def test_it(windtunnel, value):
    windtunnel.run()
"""


def test_a_value_of_any_type_is_used_or_refused_in_words(project: pytest.Pytester) -> None:
    project.makepyfile(ODD)

    result = project.runpytest("--tb=short", "--assert=plain", "-rfE")

    result.stdout.no_re_match_line(r"^(E  |.*\.py:\d+: in ).*")
    refused = [line for line in result.outlines if line.startswith(("FAILED", "ERROR "))]
    for name in KNOWN:
        assert sum(f"[{name}-" in line for line in refused) >= 5, name
    assert sum(line.startswith("windtunnel: ") for line in result.outlines) == len(refused)


def test_so_is_an_argument_of_the_fixture(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.windtunnel(dags="dags", window="1d")

        @pytest.mark.parametrize("call", [
            lambda windtunnel: windtunnel.load(3),
            lambda windtunnel: windtunnel.run(3),
            lambda windtunnel: windtunnel.cluster(3),
            lambda windtunnel: windtunnel.behavior(3),
            lambda windtunnel: windtunnel.check(seeds="x"),
            lambda windtunnel: windtunnel.check(vary=3),
            lambda windtunnel: windtunnel.check(jitter=[3]),
        ])
        def test_it(windtunnel, call):
            with pytest.raises(pytest.fail.Exception, match=r"^windtunnel: \\w+=.*: must be "):
                call(windtunnel)
    """)

    project.runpytest().assert_outcomes(passed=7)


@pytest.mark.parametrize("name", ["window", "faults"])
def test_so_is_one_of_the_project(project: pytest.Pytester, name: str) -> None:
    project.makefile(".toml", windtunnel=f"{name} = [[1]]")

    result = project.runpytest("--windtunnel=dags", "-k", "WT1")

    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stderr.fnmatch_lines([f"ERROR: *windtunnel.toml: {name} =*: must be *"])


def test_the_marker_of_a_parameter_is_nearer_than_that_of_its_test(
    project: pytest.Pytester,
) -> None:
    project.makepyfile("""
        import pytest

        @pytest.mark.windtunnel(dags="dags", window="1d", seed=4)
        @pytest.mark.parametrize(
            "days", [1, pytest.param(2, marks=pytest.mark.windtunnel(window="2d"))]
        )
        def test_days(windtunnel, days):
            run = windtunnel.run()
            assert len(run.dag_runs("etl")) == days
            assert run.scenario.seed == 4
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_a_window_may_be_a_timedelta(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import datetime
        import pytest

        @pytest.mark.windtunnel(dags="dags", window=datetime.timedelta(days=2))
        def test_days(windtunnel):
            assert len(windtunnel.run().dag_runs("etl")) == 2
            assert len(windtunnel.run(window=datetime.timedelta(days=3)).dag_runs("etl")) == 3
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_a_seed_that_is_no_number_is_named(project: pytest.Pytester) -> None:
    project.makepyfile("def test_seed(windtunnel):\n    pass\n")

    result = project.runpytest("--windtunnel-seed=x")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*windtunnel seed: 'x' is not a whole number*"])


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


PROJECT = """\
[tool.windtunnel]
dags = "fleet"
cluster = "fleet/cluster.toml"
start = 2026-03-02
window = "1d"
seed = 7
runs = "etl"
faults = ["task fails: etl.load"]
profile = "airflow-2.11"

[tool.windtunnel.accept]
etl = ["WT111"]
"""
SAYS = """\
import pytest

def test_project(windtunnel):
    run = windtunnel.run()
    scenario = run.scenario
    assert (scenario.seed, scenario.start.day, scenario.duration_s) == (7, 2, 86400)
    assert scenario.cluster.profile == "airflow-2.11"
    assert scenario.cluster.pool("db").slots == 3
    assert run.task("load").state == "failed"
    assert {one.run_type for one in run.dag_runs("etl")} == {"manual", "scheduled"}

@pytest.mark.windtunnel(seed=2, faults=[], runs=())
def test_marker(windtunnel):
    run = windtunnel.run()
    assert (run.scenario.seed, run.scenario.faults) == (2, ())
    assert run.task("load").state == "success"
    assert windtunnel.run(seed=9).scenario.seed == 9
"""


def moved(project: pytest.Pytester) -> None:
    """The DAGs and the cluster lie in ``fleet``, and the ini file says something else."""
    project.path.joinpath("dags").rename(project.path / "fleet")
    project.path.joinpath("cluster.toml").rename(project.path / "fleet" / "cluster.toml")
    project.makeini("[pytest]\nwindtunnel_seed = 3\n")


def test_the_repository_says_what_no_marker_does(project: pytest.Pytester) -> None:
    moved(project)
    project.makepyprojecttoml(PROJECT)
    project.makepyfile(SAYS)

    project.runpytest().assert_outcomes(passed=2)
    project.runpytest("--windtunnel-seed=5").assert_outcomes(failed=2)


def test_a_windtunnel_toml_says_it_without_the_table(project: pytest.Pytester) -> None:
    moved(project)
    project.makepyprojecttoml("[tool.windtunnel]\nseed = 8\n")
    own = PROJECT.replace("[tool.windtunnel]\n", "").replace("tool.windtunnel.", "")
    project.path.joinpath("windtunnel.toml").write_text(own)
    project.makepyfile(SAYS)

    project.runpytest().assert_outcomes(passed=2)


def test_a_misspelt_setting_of_the_repository_is_named(project: pytest.Pytester) -> None:
    project.makepyprojecttoml('[tool.windtunnel]\nclutser = "cluster.toml"\n')
    project.makepyfile("def test_it(windtunnel):\n    pass\n")

    result = project.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*windtunnel has no setting 'clutser'; did you mean 'cluster'?*"])


def test_the_last_seed_can_be_taken_again(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_seed(windtunnel):
            print("seed is", windtunnel.run("dags").scenario.seed)
    """)

    assert project.runpytest("--windtunnel-seed=last").ret == pytest.ExitCode.USAGE_ERROR
    drawn = project.runpytest("-s", "--windtunnel-seed=random").stdout.str()
    again = project.runpytest("-s", "--windtunnel-seed=last").stdout.str()

    (seed,) = {line.partition("seed=")[2] for line in drawn.splitlines() if "seed=" in line}
    assert seed.isdecimal()
    if find_spec("xdist"):
        workers = project.runpytest("-n2", "--windtunnel-seed=last")
        workers.assert_outcomes(passed=1)
    for text in (drawn, again):
        assert f"windtunnel: seed={seed}" in text
        assert f"seed is {seed}" in text


def test_a_release_and_how_hard_to_search_are_both_profiles(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        pytestmark = pytest.mark.windtunnel(dags="dags", window="1d")

        @pytest.mark.windtunnel(profile=["airflow-2.11", "dev"])
        def test_both(windtunnel):
            assert windtunnel.run().scenario.cluster.profile == "airflow-2.11"
            assert windtunnel.check().profile == "dev"

        @pytest.mark.windtunnel(profile="airflow-9")
        def test_none(windtunnel):
            windtunnel.run()
    """)
    result = project.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*profile airflow-9: no such profile;*airflow-3.3*nightly*"])


def test_a_cluster_may_be_a_size_that_a_provider_sells(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_size(windtunnel):
            run = windtunnel.simulate("dags", cluster="mwaa:mw1.small*4")
            assert run.scenario.cluster == windtunnel.cluster("mwaa:mw1.small*4")
            assert run.scenario.cluster.executor_names
    """)

    project.runpytest().assert_outcomes(passed=1)
