"""The fixture `windtunnel` in somebody's test suite."""

from __future__ import annotations

import pytest

NIGHTLY = """\
import pytest

@pytest.mark.windtunnel(dags="dags/", cluster="cluster.toml", window="1d")
def test_nightly(windtunnel):
    run = windtunnel.run()
    assert run.task("etl.load").state == "success"
    assert not run.findings
"""


def test_a_run_is_asserted_on_in_three_lines(project: pytest.Pytester) -> None:
    project.makepyfile(NIGHTLY)

    project.runpytest("--strict-markers").assert_outcomes(passed=1)


def test_paths_are_taken_from_the_rootdir_wherever_the_test_lies(project: pytest.Pytester) -> None:
    project.makeini("[pytest]")
    project.mkdir("deep").joinpath("test_deep.py").write_text(NIGHTLY)

    project.runpytest("deep").assert_outcomes(passed=1)


def test_a_fleet_can_be_loaded_changed_and_simulated(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import windtunnel as wt

        def test_loaded(windtunnel):
            fleet = windtunnel.load("dags/")
            assert [dag.dag_id for dag in fleet.dags] == ["etl"]
            cluster = windtunnel.cluster(pools={"db": wt.Pool(slots=1)}, parallelism=4)
            run = windtunnel.simulate(fleet, cluster=cluster, window="2d")
            assert len(run.dag_runs("etl")) == 2
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_check_looks_at_several_orders(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_checked(windtunnel):
            report = windtunnel.check()
            assert not report.findings
            assert report.simulations > 1
    """)

    result = project.runpytest("--windtunnel-dags=dags", "--windtunnel-cluster=cluster.toml")

    result.assert_outcomes(passed=1)


def test_a_shipped_scenario_is_a_target_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_incident(windtunnel):
            assert windtunnel.check("nested_deadlock").findings
    """)

    pytester.runpytest().assert_outcomes(passed=1)


def test_findings_are_named_where_they_are_asserted_on_and_explained_below(
    project: pytest.Pytester,
) -> None:
    project.path.joinpath("pools.toml").write_text("[pools.other]\nslots = 1\n")
    project.makepyfile(
        test_it="""
        def test_pool(windtunnel):
            run = windtunnel.simulate("dags/", cluster=windtunnel.cluster("pools.toml"))
            assert not run.findings
    """
    )

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"E +AssertionError: assert not <1 finding: WT\d+ .*",
            r"-+ windtunnel findings -+",
            r"WT\d+ .*",
            r".*\bdb\b.*",
            r"FAILED test_it.py::test_pool - AssertionError: assert not <1 finding: WT\d+.*",
        ]
    )


def test_a_failure_without_findings_says_nothing_of_windtunnel(project: pytest.Pytester) -> None:
    project.makepyfile(NIGHTLY + "    assert run.task('etl.load').state == 'failed'\n")

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    assert "windtunnel findings" not in result.stdout.str()


def test_a_broken_dag_file_fails_the_test_with_the_message_alone(project: pytest.Pytester) -> None:
    project.path.joinpath("dags", "broken.py").write_text("from airflow import DAG\ndef f(:\n")
    project.makepyfile(NIGHTLY)

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "broken.py:2" in text
    assert "Traceback" not in text
    assert "fixture.py" not in text


def test_a_folder_that_does_not_exist_fails_the_test_with_the_message_alone(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("""
        def test_load(windtunnel):
            windtunnel.load("nowhere")
    """)

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    assert "nowhere" in result.stdout.str()
    assert "fixture.py" not in result.stdout.str()


def test_nothing_set_says_what_to_set(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_run(windtunnel):\n    windtunnel.run()\n")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*dags=*--windtunnel-dags*windtunnel_dags*"])
