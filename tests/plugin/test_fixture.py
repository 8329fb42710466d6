"""The fixture `windtunnel` in somebody's test suite."""

from __future__ import annotations

import os
import re
import sys

import pytest

NESTED = """\
from airflow import DAG
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.operators.bash import BashOperator

for name in "ab":
    with DAG(name, schedule=None):
        TriggerDagRunOperator(task_id="call", trigger_dag_id="child", wait_for_completion=True)
with DAG("child", schedule=None):
    BashOperator(task_id="work", bash_command="true")
"""
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


REAL = """\
import os
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator

with DAG("real", schedule=None):
    PythonOperator(task_id="ends", python_callable=lambda: os._exit(3))
    PythonOperator(task_id="says", python_callable=lambda: print("hello"))
"""


def test_real_callables_run_and_isolated_ones_cannot_end_the_test(project: pytest.Pytester) -> None:
    project.path.joinpath("dags", "real.py").write_text(REAL)
    project.makepyfile("""
        import windtunnel as wt

        def test_real(windtunnel):
            for limits in (True, wt.Isolation(memory_mb=256, wall_s=30)):
                run = windtunnel.simulate("dags/real.py", execute=True, isolate=limits)
                assert run.task("real.says").state == "success"
                assert run.task("real.ends").state == "failed"
                assert [output.text for output in run.trace.output] == ["hello\\n"]

        def test_without_callables(windtunnel):
            windtunnel.simulate("dags/", isolate=True)
    """)

    result = project.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*isolate: only real callables can be isolated*"])


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
            r"E +assert not <1 finding: WT\d+ .*",
            r"-+ windtunnel findings -+",
            r"WT\d+ .*",
            r".*\bdb\b.*",
            r"FAILED test_it.py::test_pool - assert not <1 finding: WT\d+.*",
        ]
    )


def test_a_failure_without_findings_says_nothing_of_windtunnel(project: pytest.Pytester) -> None:
    project.makepyfile(NIGHTLY + "    assert run.task('etl.load').state == 'failed'\n")

    result = project.runpytest()

    result.assert_outcomes(failed=1)
    assert "windtunnel findings" not in result.stdout.str()


@pytest.fixture
def broken(project: pytest.Pytester) -> pytest.Pytester:
    """The project with one more DAG file, which has a syntax error."""
    project.path.joinpath("dags", "broken.py").write_text("from airflow import DAG\ndef f(:\n")
    return project


def test_a_broken_dag_file_costs_only_itself_and_is_warned_of(broken: pytest.Pytester) -> None:
    broken.makepyfile(NIGHTLY)

    result = broken.runpytest()

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*PytestWarning: windtunnel: not used: broken.py:2: syntax*"])


def test_the_problems_of_a_fleet_can_be_asserted_on(broken: pytest.Pytester) -> None:
    broken.makepyfile("""
        def test_loaded(windtunnel):
            fleet = windtunnel.load("dags/")
            assert [problem.file for problem in fleet.problems] == ["broken.py"]
            assert [dag.dag_id for dag in fleet.dags] == ["etl"]
    """)

    broken.runpytest().assert_outcomes(passed=1)


def test_a_folder_of_broken_files_fails_the_test_with_the_message_alone(
    broken: pytest.Pytester,
) -> None:
    broken.path.joinpath("dags", "etl.py").unlink()
    broken.makepyfile(NIGHTLY)

    result = broken.runpytest()

    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert text.count("broken.py:2") == 1
    assert "Traceback" not in text
    assert "fixture.py" not in text


def test_an_error_is_printed_once_and_in_our_words(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        def test_knob(windtunnel):
            windtunnel.cluster(paralelism=3)

        def test_value(windtunnel):
            windtunnel.cluster(parallelism=0)

        @pytest.mark.windtunnel(dags="dags", profile="airflow-9")
        def test_profile(windtunnel):
            windtunnel.run()
    """)

    result = project.runpytest()

    result.assert_outcomes(failed=3)
    text = result.stdout.str()
    assert "During handling" not in text
    assert "pydantic" not in text
    assert "windtunnel.cluster(paralelism=...): unknown key; did you mean 'parallelism'?" in text
    assert "cluster: parallelism = 0: must be greater than or equal to 1" in text
    assert "profile airflow-9: no such profile; did you mean 'airflow-3.3'?" in text


def test_what_a_check_finds_can_be_replayed_as_it_says(project: pytest.Pytester) -> None:
    project.path.joinpath("cluster.toml").write_text("[[workers]]\nslots = 2\n")
    project.path.joinpath("dags", "nested.py").write_text(NESTED)
    project.makepyfile("""
        def test_checked(windtunnel):
            assert not windtunnel.check("dags/nested.py", cluster="cluster.toml").findings
    """)

    text = project.runpytest().stdout.str()

    (name,) = set(re.findall(r"windtunnel replay (wt1-\w+)", text))
    assert project.path.joinpath(".windtunnel", f"{name}.json").is_file()
    replayed = project.run(sys.executable, "-m", "windtunnel", "replay", name)
    assert replayed.ret == 1


def test_a_store_elsewhere_is_named(project: pytest.Pytester) -> None:
    project.path.joinpath("dags", "nested.py").write_text(NESTED)
    project.makeini("[pytest]")
    test = project.mkdir("deep").joinpath("test_deep.py")
    test.write_text(
        "import windtunnel as wt\n"
        "def test_checked(windtunnel):\n"
        "    cluster = wt.Cluster(workers=(wt.WorkerGroup(slots=2),))\n"
        "    assert not windtunnel.check('dags/nested.py', cluster=cluster).findings\n"
    )

    os.chdir("deep")
    text = project.runpytest(str(test)).stdout.str()

    assert f"Counterexamples are in {project.path / '.windtunnel'}" in text


def test_arguments_are_taken_as_people_write_them(project: pytest.Pytester) -> None:
    project.makepyfile("""
        def test_run(windtunnel):
            run = windtunnel.simulate(
                "dags/", cluster="cluster.toml", runs="etl", start="2026-05-01", window="1d"
            )
            assert {one.run_type for one in run.dag_runs("etl")} == {"manual", "scheduled"}
            assert run.scenario.cluster.pool("db").slots == 3
    """)

    project.runpytest().assert_outcomes(passed=1)


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


def test_a_shipped_scenario_is_struck_as_on_the_command_line(pytester):
    pytester.makepyfile(
        """
        def test_it(windtunnel):
            fault = "worker lost: 1 of 4 at +10m"
            calm, struck = (
                windtunnel.simulate("nested_deadlock", faults=faults) for faults in ((), (fault,))
            )
            assert struck.findings and calm.findings != struck.findings
        """
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=1)


def test_faults_strike_what_a_test_simulates(pytester):
    (pytester.mkdir("dags") / "nested.py").write_text(NESTED)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.windtunnel(dags="dags/")
        def test_it(windtunnel):
            run = windtunnel.run(runs=["child"], faults=windtunnel.fail("child.work"))
            assert run.task("child.work").state == "failed"
        """
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=1)


ACCEPTING = """
import pytest

def test_found(windtunnel):
    assert not windtunnel.simulate("dags/", cluster=windtunnel.cluster("pools.toml")).findings

def test_argument(windtunnel):
    cluster = windtunnel.cluster("pools.toml")
    result = windtunnel.simulate("dags/", cluster=cluster, accept={"etl": ["WT110"]})
    assert not result.findings
    assert [one.finding.code for one in result.accepted] == ["WT110"]

@pytest.mark.windtunnel(cluster="pools.toml", accept={"etl": {"WT110": "the pool comes later"}})
def test_marker(windtunnel):
    assert not windtunnel.check("dags/", seeds=0).findings
"""


def test_findings_are_accepted_by_argument_marker_and_project(project: pytest.Pytester) -> None:
    project.path.joinpath("pools.toml").write_text("[pools.other]\nslots = 1\n")
    project.makepyfile(test_it=ACCEPTING)
    project.runpytest().assert_outcomes(passed=2, failed=1)
    project.makepyprojecttoml('[tool.windtunnel.accept]\netl = ["WT110"]\n')
    project.runpytest().assert_outcomes(passed=3)


def test_the_fixture_has_every_verb(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import windtunnel as wt
        from windtunnel import faults

        def test_it(windtunnel):
            for verb in faults.VERBS:
                assert getattr(windtunnel, verb.__name__) is verb
            assert windtunnel.fail("etl.load", tries=1) == wt.fail("etl.load", tries=1)
    """)
    pytester.runpytest().assert_outcomes(passed=1)


def test_behavior_cluster_and_faults_are_said_in_few_words(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from datetime import timedelta

        import pytest
        from pytest_windtunnel import Windtunnel

        pytestmark = pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")

        def test_behavior(windtunnel: Windtunnel):
            slow = windtunnel.behavior(
                {"etl.load": "20m", "etl.s*": {"duration": timedelta(hours=1), "outcome": "fail"}},
                default_duration="5m",
            )
            run = windtunnel.run(behavior=slow)
            assert run.task("load").took == timedelta(minutes=20)
            assert run.task("save").state == "failed"
            assert windtunnel.run(behavior={"etl.*": 90}).task("save").took.seconds == 90

        @pytest.mark.windtunnel(behavior={"etl.load": "2m"}, faults="task fails: etl.save")
        def test_marker(windtunnel):
            run = windtunnel.run()
            assert run.task("load").took == timedelta(minutes=2)
            assert run.task("save").state == "failed"

        def test_cluster(windtunnel):
            cluster = windtunnel.cluster(pools={"other": 2}, parallelism=4)
            assert {name: pool.slots for name, pool in cluster.pools.items()} == {
                "db": 3, "other": 2
            }
            assert cluster.parallelism == 4

        def test_faults(windtunnel):
            asked = windtunnel.faults("scheduler down: for 1m", windtunnel.exhaust("db"))
            assert len(windtunnel.run(faults=asked).scenario.faults) == 2
    """)
    project.runpytest("--strict-markers").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{"etl.laod": "5m"}', "behavior of 'etl.laod': no task matches; did you mean 'etl.load'"),
        ('{"etl.load": "soon"}', "behavior of 'etl.load': duration"),
        ('{"etl.load": {"duratoin": "5m"}}', "did you mean 'duration'"),
    ],
)
def test_a_behavior_that_cannot_be_used_is_refused(
    project: pytest.Pytester, given: str, said: str
) -> None:
    project.makepyfile(f"""
        def test_it(windtunnel):
            windtunnel.run("dags", behavior={given})
    """)
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    assert said in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_explain_says_what_the_command_says(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import pytest

        @pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")
        def test_it(windtunnel):
            assert windtunnel.explain("WT101").startswith("# WT101: ")
            run = windtunnel.run()
            assert "etl.save  scheduled@2026-01-01" in windtunnel.explain("etl.save", of=run)
            assert windtunnel.explain("save") == windtunnel.explain("etl.save", of=run)
    """)
    project.runpytest().assert_outcomes(passed=1)


def test_a_broken_file_is_warned_of_once_however_often_a_test_simulates(
    broken: pytest.Pytester,
) -> None:
    broken.makepyfile("""
        def test_often(windtunnel):
            for _ in range(3):
                windtunnel.run("dags", cluster="cluster.toml", window="1d")
    """)
    broken.runpytest().assert_outcomes(passed=1, warnings=1)


def test_a_dag_without_a_schedule_runs_once_in_a_scenario_as_on_the_command_line(pytester):
    pytester.makepyfile(
        """
        def test_it(windtunnel):
            run = windtunnel.simulate("simple")
            assert [one.run_type for one in run.dag_runs()] == ["manual"]
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)
