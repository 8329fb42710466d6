"""What docs/reference/sources.md shows is what people get."""

import re
from pathlib import Path

import pytest

from shown import blocks
from windtunnel.loaders import PRESETS, load, read_scenario

DOC = (Path(__file__).parents[2] / "docs" / "reference" / "sources.md").read_text("utf-8")
BLOCKS = list(blocks(DOC))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with every file that the page shows under its name."""
    for block in BLOCKS:
        if block.title:
            (tmp_path / block.title).write_text(block.text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_scenario_runs_the_fleet_on_all_the_sources_of_its_cluster(folder):
    scenario = read_scenario("scenario.toml").scenario
    assert scenario.fleet.dags == load("fleet.toml").fleet.dags
    assert (scenario.cluster.max_active_runs_per_dag, scenario.cluster.pools["db"].slots) == (3, 4)
    assert scenario.cluster.workers[0].count == 3


def test_each_preset_that_is_shown_exists():
    shown = set(re.findall(r"\b(?:mwaa|astro):[\w.]+", DOC))
    assert shown
    assert shown <= PRESETS.keys()
