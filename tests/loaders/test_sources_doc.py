"""What docs/reference/sources.md shows is what people get."""

import re
from pathlib import Path

import pytest

from windtunnel.loaders import PRESETS, load, read_scenario

DOC = (Path(__file__).parents[2] / "docs" / "reference" / "sources.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*) ?(\S*)\n(.*?)^```$", DOC, flags=re.MULTILINE | re.DOTALL)
EXAMPLES = [text for language, _, text in BLOCKS if language == "python"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with every file that the page shows under its name."""
    for _, name, text in BLOCKS:
        if name:
            (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_in_python_holds(folder, example):
    exec(compile(example, "docs/reference/sources.md", "exec"), {})


def test_the_scenario_runs_the_fleet_on_all_the_sources_of_its_cluster(folder):
    scenario = read_scenario("scenario.toml").scenario
    assert scenario.fleet.dags == load("fleet.toml").fleet.dags
    assert (scenario.cluster.max_active_runs_per_dag, scenario.cluster.pools["db"].slots) == (3, 4)
    assert scenario.cluster.workers[0].count == 3


def test_each_preset_that_is_shown_exists():
    shown = set(re.findall(r"\b(?:mwaa|astro):[\w.]+", DOC))
    assert shown
    assert shown <= PRESETS.keys()


def test_every_option_that_is_shown_exists(capsys):
    from windtunnel.cli.app import app  # noqa: PLC0415

    known = ""
    for command in ("run", "check"):
        with pytest.raises(SystemExit):
            app([command, "--help"])
        known += capsys.readouterr().out
    # A narrow terminal shows long options cut off.
    assert [o for o in set(re.findall(r"--[a-z][a-z-]+", DOC)) if o[:16] not in known] == []
