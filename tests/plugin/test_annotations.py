"""In a GitHub workflow a failed check is annotated at the line of the DAG file."""

from __future__ import annotations

import pytest

BROKEN = "from airflow import DAG\ndef (\n"


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch, project: pytest.Pytester) -> pytest.Pytester:
    """A workflow whose checkout holds the project in a folder of its own."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.path.parent))
    project.path.joinpath("dags", "broken.py").write_text(BROKEN)
    project.makepyfile(test_other="def test_other():\n    assert 1 == 2\n")
    return project


def annotations(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith("::")]


def test_a_failed_check_is_at_its_line_and_other_tests_are_left_alone(workflow):
    result = workflow.runpytest_subprocess("--windtunnel", "dags", "test_other.py")
    (line,) = annotations(result)
    folder = workflow.path.name
    assert line.startswith(f"::error file={folder}/dags/broken.py,line=2,title=[WT9 DAG file]")
    assert "::dags/broken.py:2: syntax error: invalid syntax" in line


def test_each_is_annotated_once_with_several_processes(workflow):
    result = workflow.runpytest_subprocess("--windtunnel", "dags", "-n", "2")
    assert len(annotations(result)) == 1


def test_elsewhere_nothing_is_printed(workflow, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert not annotations(workflow.runpytest_subprocess("--windtunnel", "dags"))
