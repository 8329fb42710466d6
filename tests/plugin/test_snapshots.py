"""Schedules in snapshots of the plugins that people use for them."""

from __future__ import annotations

import pytest

TEST = """\
import pytest
import windtunnel as wt
{imported}

@pytest.mark.windtunnel(dags="dags", cluster="cluster.toml", window="1d")
def test_night(windtunnel{fixture}):
    long = wt.Behavior(rules=(wt.Rule(tasks="etl.save", duration_s={seconds}),))
    run = windtunnel.run(behavior=long)
    assert run.schedule("etl") == {expected}
"""
NIGHT = """\
Thursday 2026-01-01, UTC
  queued    began     ended     task

etl scheduled@2026-01-01T02:00:00+00:00: due 02:00:00, success 02:02:00
  02:00:00  02:00:00  02:01:00  load: success
  02:01:00  02:01:00  02:02:00  save: success
"""


@pytest.fixture(autouse=True)
def _with_all_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)  # inline-snapshot writes nothing in workers


def pytest_says(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    others = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark")
    return project.runpytest_subprocess(*others, *arguments)


def test_syrupy_keeps_a_schedule_and_shows_what_moved(project: pytest.Pytester) -> None:
    words = {"imported": "", "fixture": ", snapshot", "expected": "snapshot"}
    file = project.makepyfile(test_it=TEST.format(**words, seconds=60))
    pytest_says(project, "--snapshot-update").assert_outcomes(passed=1)
    (kept,) = project.path.glob("__snapshots__/*.ambr")
    assert "\n".join(f"  {line}".rstrip() for line in NIGHT.splitlines()) in "\n".join(
        line.rstrip() for line in kept.read_text().splitlines()
    )

    file.write_text(TEST.format(**words, seconds=90))
    result = pytest_says(project)
    result.assert_outcomes(failed=1)
    moved = [line for line in result.outlines if line.startswith(("E         -", "E         +"))]
    assert len(moved) == 4, "the run, and the task that takes longer"


def test_inline_snapshot_writes_a_schedule_into_the_test(project: pytest.Pytester) -> None:
    words = {"imported": "from inline_snapshot import snapshot", "fixture": ""}
    file = project.makepyfile(test_it=TEST.format(**words, expected="snapshot()", seconds=60))
    pytest_says(project, "--inline-snapshot=create")
    written = file.read_text()
    assert "  02:01:00  02:01:00  02:02:00  save: success" in written
    assert "Thursday 2026-01-01, UTC" in written

    pytest_says(project).assert_outcomes(passed=1)
