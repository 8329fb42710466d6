"""What is collected without a test file: a test for each DAG and check, and how one is named."""

from __future__ import annotations

import pytest

PLAIN = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("{dag_id}", schedule=None):
    BashOperator(task_id="work", bash_command="true")
"""
LOOP = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

for name in ("north", "south"):
    with DAG(f"sales_{name}", schedule=None):
        BashOperator(task_id="work", bash_command="true")
"""
FAMILIES = (
    "WT1 no progress",
    "WT2 data and runs",
    "WT3 work skipped",
    "WT4 exhaustion",
    "WT5 lateness",
)


def of_dag(file: str, dag_id: str) -> list[str]:
    return [f"{file}::{dag_id}[{family}]" for family in FAMILIES]


def of_file(file: str, *dag_ids: str) -> list[str]:
    named = (name for dag_id in dag_ids for name in of_dag(file, dag_id))
    return [f"{file}::[WT9 DAG file]", *named]


def of_fleet(place: str) -> list[str]:
    return [f"{place}::fleet[WT9 DAG file]", *of_dag(place, "fleet")]


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    result = pytester.runpytest("--collect-only", "-q", *arguments)
    return [line for line in result.outlines if "::" in line]


@pytest.fixture
def fleet(project: pytest.Pytester) -> pytest.Pytester:
    """A project with two DAG files, an ordinary test, and the ini option."""
    project.path.joinpath("dags", "regions.py").write_text(LOOP)
    project.mkdir("tests").joinpath("test_plain.py").write_text("def test_plain():\n    pass\n")
    project.makeini("[pytest]\nwindtunnel_dags = dags\nwindtunnel_cluster = cluster.toml\n")
    return project


ALL = [
    *of_file("dags/etl.py", "etl"),
    *of_file("dags/regions.py", "sales_north", "sales_south"),
    *of_fleet("dags"),
]


def test_an_ini_line_adds_a_test_for_each_dag_and_check_to_the_ordinary_ones(
    fleet: pytest.Pytester,
) -> None:
    assert collected(fleet) == ["tests/test_plain.py::test_plain", *ALL]


def test_the_option_does_the_same_and_is_of_the_command_line_or_of_the_root(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makeini("[pytest]\n")
    names = [*of_file("dags/etl.py", "etl"), *of_fleet("dags")]
    assert collected(project, "--windtunnel", "dags/") == names
    assert collected(project, "--windtunnel=dags", "--windtunnel=./dags/") == names
    assert collected(project, "--windtunnel=dags/etl.py", "--windtunnel=dags") == names
    monkeypatch.chdir(project.path / "dags")
    assert collected(project, "--windtunnel", ".") == names
    assert collected(project, "--windtunnel", "dags") == names


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("tests", ["tests/test_plain.py::test_plain"]),
        ("tests/test_plain.py::test_plain", ["tests/test_plain.py::test_plain"]),
        (".", ["tests/test_plain.py::test_plain", *ALL]),
        ("dags", ALL),
        ("dags/etl.py", of_file("dags/etl.py", "etl")),
        ("dags/regions.py::sales_south", of_dag("dags/regions.py", "sales_south")),
        ("dags::fleet", of_fleet("dags")),
        *((name, [name]) for name in (ALL[0], ALL[1], ALL[9], ALL[-1])),
    ],
)
def test_what_is_named_is_what_runs(
    fleet: pytest.Pytester, argument: str, expected: list[str]
) -> None:
    assert collected(fleet, argument) == expected


def test_an_option_beside_paths_adds_to_them_and_the_ini_file_does_not(
    fleet: pytest.Pytester,
) -> None:
    plain = ["tests/test_plain.py::test_plain"]
    assert collected(fleet, "tests", "--windtunnel=dags") == [*plain, *ALL]
    assert collected(fleet, "dags/etl.py", "--windtunnel=dags") == of_file("dags/etl.py", "etl")
    assert collected(fleet, "tests", "dags/etl.py") == [*plain, *of_file("dags/etl.py", "etl")]


def test_testpaths_and_ignored_folders_do_not_hide_the_dags(fleet: pytest.Pytester) -> None:
    fleet.makeini(
        "[pytest]\nwindtunnel_dags = dags\ntestpaths = tests\nnorecursedirs = dags\n"
        "addopts = --ignore=dags\n"
    )
    assert collected(fleet) == ["tests/test_plain.py::test_plain", *ALL]


def test_a_dag_file_may_be_a_test_file_too(fleet: pytest.Pytester) -> None:
    text = "if False:\n    import airflow, dag\ndef test_it():\n    pass\n"
    fleet.path.joinpath("dags", "test_both.py").write_text(text)
    loads = "dags/test_both.py::[WT9 DAG file]"
    assert "dags/test_both.py::test_it" in collected(fleet)
    assert collected(fleet, "dags/test_both.py") == ["dags/test_both.py::test_it"]
    # With a DAG in it, it is both.
    fleet.path.joinpath("dags", "test_both.py").write_text(
        "try:\n    from airflow import DAG\nexcept ImportError:\n    DAG = None\n"
        "if DAG:\n    dag = DAG('both', schedule=None)\ndef test_it():\n    pass\n"
    )
    both = ["dags/test_both.py::test_it", loads, *of_dag("dags/test_both.py", "both")]
    assert collected(fleet, "dags/test_both.py") == both
    assert collected(fleet, "dags/test_both.py::test_it") == both[:1]


def test_what_airflow_ignores_and_what_is_no_dag_file_has_no_checks(
    fleet: pytest.Pytester,
) -> None:
    dags = fleet.path / "dags"
    dags.joinpath(".airflowignore").write_text("regions.py\n")
    dags.joinpath("common.py").write_text("# what each dag of this airflow needs\nX = 1\n")
    assert collected(fleet, "dags") == [*of_file("dags/etl.py", "etl"), *of_fleet("dags")]


def test_dags_outside_of_the_root_are_checked_and_named_as_well(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.mkdir("airflow").joinpath("etl.py").write_text(PLAIN.format(dag_id="etl"))
    suite = pytester.mkdir("suite")
    suite.joinpath("pytest.ini").write_text("[pytest]\nwindtunnel_dags = ../airflow\n")
    monkeypatch.chdir(suite)
    names = [*of_file("../airflow/etl.py", "etl"), *of_fleet("../airflow")]
    assert collected(pytester) == names
    assert collected(pytester, "-c", "pytest.ini", names[1]) == [names[1]]
    assert collected(pytester, "-c", "pytest.ini", names[-1]) == [names[-1]]


def test_a_root_that_is_the_folder_of_dags(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("etl.py").write_text(PLAIN.format(dag_id="etl"))
    pytester.makeini("[pytest]\nwindtunnel_dags = .\n")
    names = [*of_file("etl.py", "etl"), *of_fleet(".")]
    assert collected(pytester) == names
    assert collected(pytester, names[-1]) == [names[-1]]


def test_one_file_is_its_own_fleet(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("one.py").write_text(PLAIN.format(dag_id="fleet"))
    whole = of_dag("one.py", "whole fleet")
    assert collected(pytester, "--windtunnel=one.py") == [
        *of_dag("one.py", "fleet"),
        "one.py::whole fleet[WT9 DAG file]",
        *whole,
    ]
    assert collected(pytester, "--windtunnel=one.py", whole[0]) == whole[:1]


@pytest.mark.parametrize("dag_id", ["a.b-c_d", "ünï", "a[b]", "a::b", "a b", "a/b.py"])
def test_a_dag_id_with_odd_characters_can_be_named(pytester: pytest.Pytester, dag_id: str) -> None:
    file = pytester.mkdir("dags") / "odd.py"
    file.write_text(PLAIN.format(dag_id=dag_id), encoding="utf-8")
    wanted = f"dags/odd.py::{dag_id}[WT1 no progress]"
    if wanted not in collected(pytester, "--windtunnel=dags"):
        pytest.skip("no DAG may have this id")
    assert collected(pytester, "--windtunnel=dags", wanted) == [wanted]


def test_a_scenario_has_its_fleet_under_its_own_file(pytester: pytest.Pytester) -> None:
    pytester.mkdir("pipelines").joinpath("etl.py").write_text(PLAIN.format(dag_id="etl"))
    folder = pytester.mkdir("monday")
    folder.joinpath("scenario.toml").write_text('dags = "../pipelines"\n')
    names = [*of_file("pipelines/etl.py", "etl"), *of_fleet("monday/scenario.toml")]
    assert collected(pytester, "--windtunnel=monday") == names
    pytester.makeini("[pytest]\nwindtunnel_dags = monday\n")
    for name in (names[1], names[-1]):
        assert collected(pytester, name) == [name]


def test_several_paths_are_several_fleets(fleet: pytest.Pytester) -> None:
    fleet.mkdir("more").joinpath("other.py").write_text(PLAIN.format(dag_id="etl"))
    more = [*of_file("more/other.py", "etl"), *of_fleet("more")]
    assert collected(fleet, "dags", "--windtunnel=dags", "--windtunnel=more") == [*ALL, *more]
    fleet.makeini("[pytest]\nwindtunnel_dags =\n    dags\n    more\n")
    assert collected(fleet, "dags", "more") == [*ALL, *more]


def test_a_path_that_is_not_there_is_a_usage_error(fleet: pytest.Pytester) -> None:
    result = fleet.runpytest("--windtunnel=dag")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --windtunnel dag: there is no */dag, and no shipped *"])
    fleet.makeini("[pytest]\nwindtunnel_dags = dag\n")
    result = fleet.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: windtunnel_dags = dag: there is no */dag, and no *"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    fleet.runpytest("tests").assert_outcomes(passed=1)


def test_a_misspelt_dag_and_a_misspelt_profile_are_usage_errors(fleet: pytest.Pytester) -> None:
    result = fleet.runpytest("dags/regions.py::sales_nort")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: not found: *sales_nort (there are: *sales_north, *"])
    result = fleet.runpytest("--windtunnel-profile=nigthly")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --windtunnel-profile nigthly: *did you mean 'nightly'*"])


def test_an_empty_folder_says_so(pytester: pytest.Pytester) -> None:
    pytester.mkdir("dags")
    result = pytester.runpytest("--windtunnel=dags")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["no DAGs found in dags; DAG files are *"])


def test_a_scenario_with_mistakes_fails_one_test_with_the_mistakes(
    pytester: pytest.Pytester,
) -> None:
    folder = pytester.mkdir("monday")
    folder.joinpath("scenario.toml").write_text("sead = 3\n")
    result = pytester.runpytest("--windtunnel=monday")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*sead*did you mean 'seed'*"])
    assert "Traceback" not in result.stdout.str()


def test_the_profile_is_that_of_ci_in_ci_or_the_one_that_is_named(
    fleet: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.runpytest("--co", "dags").stdout.fnmatch_lines(["windtunnel: * profile=dev *"])
    named = fleet.runpytest("--co", "dags", "--windtunnel-profile=nightly,airflow-2.11")
    named.stdout.fnmatch_lines(["windtunnel: * profile=nightly airflow=stand-in (airflow-2.11) *"])
    monkeypatch.setenv("CI", "true")
    fleet.runpytest("--co", "dags").stdout.fnmatch_lines(["windtunnel: * profile=ci *"])


def test_a_profile_can_ask_for_what_simulations_have_to_reach(fleet: pytest.Pytester) -> None:
    fleet.makepyprojecttoml('[tool.windtunnel.profiles.strict]\nfail_on_unreached = ["limit"]\n')
    assert "dags::fleet[reached]" not in collected(fleet, "dags")
    result = fleet.runpytest("dags::fleet[reached]", "--windtunnel-profile=strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["No simulation came to:", "  limit *", "*- never reached: limit *"]
    )


def test_what_the_repository_says_for_its_tests_holds_for_checks(fleet: pytest.Pytester) -> None:
    fleet.makepyprojecttoml(
        '[tool.windtunnel]\nwindow = "6h"\nstart = 2026-02-01\nseed = 7\n'
        'faults = ["task fails: etl.save"]\nprofile = ["dev", "airflow-2.11"]\n'
    )
    result = fleet.runpytest("dags::fleet")
    result.stdout.fnmatch_lines(
        [
            "windtunnel: * seed=7 profile=dev airflow=stand-in (airflow-2.11) *",
            "dags: * of 3 DAGs, 6h from 2026-02-01 *",
        ]
    )
    result = fleet.runpytest("dags::fleet", "--windtunnel-seed=8")
    result.stdout.fnmatch_lines(["windtunnel: * seed=8 *"])
    assert len([line for line in result.outlines if line.startswith("windtunnel: ")]) == 1
