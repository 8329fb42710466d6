"""Counterexamples of checks: stored, simulated again first, or alone with --windtunnel-replay."""

from __future__ import annotations

import re

import pytest

from windtunnel.cli import main

DEADLOCK = "dags::fleet[WT1 no progress]"


@pytest.fixture
def found(pytester: pytest.Pytester, nested: str) -> str:
    """The id of a deadlock that a session has found and stored."""
    pytester.mkdir("dags").joinpath("nested.py").write_text(nested)
    slots(pytester, 2)
    pytester.makeini("[pytest]\nwindtunnel_dags = dags\nwindtunnel_cluster = cluster.toml\n")
    (name,) = set(re.findall(r"windtunnel replay (wt1-\w+)", pytester.runpytest().stdout.str()))
    return name


def slots(pytester: pytest.Pytester, number: int) -> None:
    pytester.path.joinpath("cluster.toml").write_text(f"[[workers]]\nslots = {number}\n")


def test_it_is_simulated_alone_with_the_dags_of_today(
    pytester: pytest.Pytester, found: str
) -> None:
    assert pytester.path.joinpath(".windtunnel", f"{found}.json").is_file()
    result = pytester.runpytest(f"--windtunnel-replay={found}", "-rfs")
    result.assert_outcomes(passed=2, failed=1, skipped=19)
    result.stdout.fnmatch_lines(
        [
            f"    windtunnel replay {found}",
            f"dags: {found}, WT101 Worker slot deadlock: FAILED",
            f"FAILED {DEADLOCK} - WT101 {found} Worker slot deadlock",
            f"SKIPPED * only {found} was simulated (--windtunnel-replay)",
        ]
    )
    slots(pytester, 8)
    result = pytester.runpytest(f"--windtunnel-replay={found}", DEADLOCK)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"dags: {found}, WT101 Worker slot deadlock: FIXED"])


def test_what_is_gone_leaves_the_store_and_is_told(pytester: pytest.Pytester, found: str) -> None:
    slots(pytester, 3)
    result = pytester.runpytest()
    result.assert_outcomes(passed=22)
    assert not list(pytester.path.joinpath(".windtunnel").glob("wt1-*.json"))
    result.stdout.fnmatch_lines([f"  Stored before: {found}, WT101 Worker slot deadlock: FIXED*"])


def test_an_id_that_is_not_stored_is_a_usage_error(pytester: pytest.Pytester, found: str) -> None:
    result = pytester.runpytest("--windtunnel-replay=wt1-nonsense")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = f"ERROR: --windtunnel-replay wt1-nonsense: not stored in .windtunnel (there: {found})"
    result.stderr.fnmatch_lines([said])


def test_the_command_line_gives_the_same_id(
    pytester: pytest.Pytester,
    found: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["check", "dags", "--cluster", "cluster.toml", "--store", "other"]
    monkeypatch.setattr("sys.argv", ["windtunnel", *words])
    with pytest.raises(SystemExit):
        main()
    assert f"windtunnel replay {found}" in capsys.readouterr().out
