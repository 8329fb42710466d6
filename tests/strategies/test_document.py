"""What docs/how-to/hypothesis.md shows is what people get."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from effort import examples
from windtunnel.strategies import FEATURES
from windtunnel.strategies.machine import Actions

DOC = (Path(__file__).parents[2] / "docs" / "how-to" / "hypothesis.md").read_text("utf-8")
DAGS = """
from datetime import datetime

from airflow.sdk import DAG, task

with DAG("etl", schedule="0 2 * * *", start_date=datetime(2026, 1, 1), catchup=False):

    @task(retries=1)
    def extract(): ...

    @task(pool="warehouse")
    def load(): ...

    extract() >> load()

with DAG("report", schedule="0 3 * * *", start_date=datetime(2026, 1, 1), catchup=False):

    @task(pool="warehouse")
    def build(): ...

    build()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The repository that the page is about."""
    place = tmp_path_factory.mktemp("docs")
    (place / "dags").mkdir()
    (place / "dags" / "etl.py").write_text(DAGS)
    return place


@pytest.fixture(scope="module")
def shown(place):
    """The names that all its Python defines, one block after the other."""
    found: dict = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for block in re.findall(r"```python\n(.*?)```", DOC, re.DOTALL):
            exec(compile(block, "docs/how-to/hypothesis.md", "exec"), found)
    return found


@pytest.mark.parametrize("name", re.findall(r"^def (test_\w+)", DOC, re.MULTILINE))
def test_each_test_of_the_page_passes(shown, place, name, monkeypatch):
    monkeypatch.chdir(place)
    examples(12)(shown[name])()


def test_the_machine_of_the_page_passes(shown):
    run_state_machine_as_test(
        shown["Operator"], settings=settings(examples(8), stateful_step_count=10)
    )


def test_what_a_failing_machine_prints_is_as_shown(shown):
    machine = shown["Operator"]()
    machine.trigger("report")
    machine.resize_pool("warehouse", 1)
    assert f"```text\n{Actions(machine)!r}\n```" in DOC


def test_the_page_names_no_feature_that_is_not_there():
    (named,) = re.findall(r"features=\{(.*?)\}", DOC)
    assert {name.strip('" ') for name in named.split(",")} <= set(FEATURES)
