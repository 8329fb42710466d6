"""What the page on behavior shows is what people get, and it says everything that there is."""

import re
from pathlib import Path

import pytest

import windtunnel as wt
from shown import blocks
from windtunnel.loaders import read_scenario
from windtunnel.model import Resource, Rule, Slowdown, Step

DOC = (Path(__file__).parents[2] / "docs" / "reference" / "behavior.md").read_text("utf-8")
BLOCKS = list(blocks(DOC))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with every file that the page shows under its name."""
    for block in BLOCKS:
        if block.title:
            (tmp_path / block.title).write_text(block.text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_runs_without_a_problem_and_does_what_it_says(folder):
    read = read_scenario("scenario.toml")
    assert not read.scenario.fleet.problems
    result = wt.simulate(read.scenario)
    merge = result.task("shop.merge")
    assert merge.state == "success"
    assert (merge.ended - merge.started).total_seconds() == 60 + 120 + 30
    assert [dataset for *_, dataset in result.trace.touches] == ["orders"] * 2 + ["customer"] * 2
    refused = [e for e in result.trace.events() if e.reason == "no room: api"]
    assert len(refused) == 3, "five of the eight requests get through at once"


@pytest.mark.parametrize("model", [Rule, Resource, Slowdown, Step])
def test_every_field_is_told_of(model):
    names = {name.removesuffix("_s") for name in model.model_fields}
    said = set(re.findall(r"`(\w+)`", DOC)) | set(re.findall(r"(\w+) =", DOC))
    assert names - said == set()
