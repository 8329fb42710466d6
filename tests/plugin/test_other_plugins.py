"""The checks beside the options and plugins that people use: as any other test."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

SLOW_FAMILY = "WT1 no progress"
DEADLOCK = f"dags::fleet[{SLOW_FAMILY}]"
BROKEN = "dags/broken.py::[WT9 DAG file]"


@pytest.fixture
def fleet(project: pytest.Pytester, nested: str) -> pytest.Pytester:
    """A project with a deadlock of two DAGs, a file with a syntax error, and an ordinary test."""
    project.path.joinpath("dags", "nested.py").write_text(nested)
    project.path.joinpath("dags", "broken.py").write_text("from airflow import DAG\ndef f(:\n")
    project.path.joinpath("cluster.toml").write_text(
        "[[workers]]\nslots = 2\n[pools.db]\nslots = 1\n"
    )
    project.makepyfile(test_plain="def test_plain():\n    pass\n")
    project.makeini("[pytest]\nwindtunnel_dags = dags\nwindtunnel_cluster = cluster.toml\n")
    return project


def verdicts(result: pytest.RunResult) -> dict[str, str]:
    """By node id, as ``-v`` prints them, with xdist or without."""
    text = result.stdout.str()
    plain = re.findall(r"^(\S.*?\S)(?: <- \S+)? (PASSED|FAILED|SKIPPED|XFAIL)\b.*%\]", text, re.M)
    shared = re.findall(r"^\[gw\d\] \[ *\d+%\] (PASSED|FAILED|SKIPPED|XFAIL) (.*?) *$", text, re.M)
    return dict(plain) | {name: verdict for verdict, name in shared}


def failed(result: pytest.RunResult) -> set[str]:
    return {name for name, verdict in verdicts(result).items() if verdict == "FAILED"}


def test_with_xdist_or_in_random_order_the_same_items_come_to_the_same(
    fleet: pytest.Pytester,
) -> None:
    alone = fleet.runpytest_subprocess("-v")
    assert failed(alone) == {BROKEN, DEADLOCK}
    (told,) = set(re.findall("windtunnel replay (wt1-.*)", alone.stdout.str()))
    strict = ("-W", "error", "--strict-markers", "--strict-config")
    shuffled = ("-p", "randomly", "-p", "no:cacheprovider")
    for options in (("-n2", "--dist=worksteal", *strict), (*shuffled, *strict)):
        result = fleet.runpytest_subprocess("-v", *options)
        assert verdicts(result) == verdicts(alone), options
        assert set(re.findall("windtunnel replay (wt1-.*)", result.stdout.str())) == {told}
        result.stdout.fnmatch_lines(["windtunnel: dags=dags *", "dags: 1 finding (WT101) in *"])
        assert "Warning" not in result.stdout.str() + result.stderr.str()


def test_with_xdist_there_is_one_search_and_nothing_is_left_behind(
    fleet: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory, monkeypatch
) -> None:
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    fleet.makeconftest("""
        import pytest_windtunnel.checked as checked

        original = checked.outcome_of

        def counted(*given):
            with open("searches", "a") as file:
                file.write("one\\n")
            return original(*given)

        checked.outcome_of = counted
    """)
    fleet.runpytest_subprocess("-n2", "--dist=each").assert_outcomes(passed=2 * 28, failed=2 * 2)
    assert fleet.path.joinpath("searches").read_text() == "one\n"
    assert not list(folder.glob("windtunnel-session-*"))


def test_last_failed_runs_the_failures_again_and_failed_first_begins_with_them(
    fleet: pytest.Pytester,
) -> None:
    fleet.runpytest().assert_outcomes(passed=28, failed=2)
    again = fleet.runpytest("-v", "--lf")
    assert verdicts(again) == {BROKEN: "FAILED", DEADLOCK: "FAILED"}
    first = fleet.runpytest("-v", "--ff")
    assert list(verdicts(first))[:2] == [BROKEN, DEADLOCK]
    assert len(verdicts(first)) == 30
    one = fleet.runpytest("-v", "--lf", "-x")
    assert verdicts(one) == {BROKEN: "FAILED"}


def test_one_is_selected_by_keyword_marker_or_deselected(fleet: pytest.Pytester) -> None:
    assert verdicts(fleet.runpytest("-v", "-k", "WT1 and fleet")) == {DEADLOCK: "FAILED"}
    assert verdicts(fleet.runpytest("-v", "-k", "broken")) == {BROKEN: "FAILED"}
    plain = {"test_plain.py::test_plain": "PASSED"}
    assert verdicts(fleet.runpytest("-v", "-m", "not windtunnel")) == plain
    marked = fleet.runpytest("--strict-markers", "--co", "-q", "-m", "windtunnel")
    marked.stdout.fnmatch_lines(["29/30 tests collected (1 deselected)*"])
    less = fleet.runpytest("-v", "--deselect", DEADLOCK, "--deselect", "dags/broken.py")
    assert not failed(less)
    assert len(verdicts(less)) == 28


def test_nothing_is_simulated_unless_a_check_of_it_runs(fleet: pytest.Pytester) -> None:
    for options in (
        ("-k", "plain"),
        ("-m", "not windtunnel"),
        ("--co",),
        ("-x", "-k", "broken or fleet"),
        ("-k", "WT9"),
        ("--setup-plan",),
    ):
        result = fleet.runpytest(*options)
        result.stdout.no_fnmatch_line("*simulations of*")
    assert not fleet.path.joinpath(".windtunnel").exists()


def test_a_limit_of_time_for_each_test_does_not_end_the_search(fleet: pytest.Pytester) -> None:
    fleet.makeconftest("""
        import time
        import pytest_windtunnel.checked as checked

        original = checked.outcome_of

        def slow(*given):
            time.sleep(2)
            return original(*given)

        checked.outcome_of = slow
    """)
    result = fleet.runpytest_subprocess("-v", "--timeout=1")
    assert failed(result) == {BROKEN, DEADLOCK}
    result.stdout.fnmatch_lines(["timeout: 1.0s"])


def test_junit_has_findings_as_properties_and_messages(fleet: pytest.Pytester) -> None:
    fleet.runpytest("--junitxml=report.xml")
    root = ElementTree.parse(fleet.path / "report.xml").getroot()
    cases = {f"{case.get('classname')} {case.get('name')}": case for case in root.iter("testcase")}
    assert len(cases) == 30
    case = cases[f"dags fleet[{SLOW_FAMILY}]"]
    told = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert told["windtunnel_finding"].startswith("WT101 Worker slot deadlock (nested.py:")
    (failure,) = case.iter("failure")
    assert failure.get("message") == f"WT101 {told['windtunnel_replay']} Worker slot deadlock"
    assert f"windtunnel replay {told['windtunnel_replay']}" in (failure.text or "")
    (broken,) = cases["dags.broken [WT9 DAG file]"].iter("failure")
    assert broken.get("message", "").startswith("syntax error")
    assert (broken.text or "").startswith("dags/broken.py:2: syntax error")


def test_tracebacks_in_any_style_are_the_text_and_nothing_else(fleet: pytest.Pytester) -> None:
    for style in ("long", "short", "native", "line"):
        text = fleet.runpytest(f"--tb={style}", DEADLOCK).stdout.str()
        assert "Traceback" not in text
        assert "items.py" not in text
        assert text.count("Reproduce with:") == (style != "line")
    assert re.search(r"dags/nested\.py:\d: WT101 wt1-\w+ Worker slot deadlock", text)


def test_the_checks_of_one_session_leave_an_ordinary_test_as_it_was(
    fleet: pytest.Pytester,
) -> None:
    fleet.makepyfile(
        test_after="""
        import logging, os, sys, warnings

        def test_environment(pytestconfig):
            assert os.getcwd() == str(pytestconfig.rootpath)
            assert not [name for name in sys.modules if name.partition(".")[0] == "airflow"]
            assert not [name for name in os.environ if name.startswith(("WINDT", "AIRFLOW"))]
            assert logging.getLogger().level == logging.WARNING
            assert not any("dags" in path for path in sys.path)
    """
    )
    result = fleet.runpytest_subprocess("dags", "test_after.py")
    result.assert_outcomes(passed=28, failed=2)
