"""What the pages about the pytest plugin show is what people get."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
DAGS = """\
from datetime import datetime

from airflow.sdk import DAG, task

for dag_id, names in {"etl": ("extract", "load", "publish"), "report": ("build",)}.items():
    with DAG(dag_id, schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):
        before = None
        for name in names:
            pool = "warehouse" if name in ("load", "build") else "default_pool"
            one = task(lambda: None).override(task_id=name, pool=pool)()
            before = one if before is None else before >> one
"""
SCENARIO = """\
format = "windtunnel.scenario/1"
start = 2026-03-02T00:00:00Z

[[behavior.rules]]
tasks = "report.build"
duration = "90m"
"""


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page that are written in a language; ``text`` is printed."""
    text = (HOW_TO / page).read_text("utf-8")
    found = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


@pytest.fixture
def repository(pytester: pytest.Pytester) -> pytest.Pytester:
    """The repository that the pages are about."""
    dags = pytester.mkdir("dags")
    dags.joinpath("nightly.py").write_text(DAGS)
    dags.joinpath("scenario.toml").write_text(SCENARIO)
    pytester.path.joinpath("cluster.toml").write_text("[pools.warehouse]\nslots = 1\n")
    return pytester


def test_the_page_about_snapshots_does_as_it_says(repository: pytest.Pytester) -> None:
    repository.makepyfile(test_page="\n".join(blocks("snapshots.md", "python")))

    result = repository.runpytest_subprocess("-s", "--snapshot-update")

    result.assert_outcomes(passed=3)
    schedule, change = blocks("snapshots.md", "text")
    (kept,) = repository.path.glob("__snapshots__/*.ambr")
    assert _flat(schedule) in _flat(kept.read_text())
    assert _flat(change) in _flat(result.stdout.str())


def _flat(text: str) -> str:
    """Without the indentation that a snapshot has."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
