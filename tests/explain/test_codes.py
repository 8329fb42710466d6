"""Each code has a page, and each page keeps its word: its example shows the finding."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import windtunnel
from windtunnel import api
from windtunnel.errors import InvalidInput
from windtunnel.explain import page, pages
from windtunnel.explain.codes import CODE, HEADINGS
from windtunnel.loaders import read_scenario

SOURCE = Path(windtunnel.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
ROOMS = ("detect", "lint")


def codes_of_finders() -> set[str]:
    """Every text that is a code, in the rooms that make findings."""
    return {
        node.value
        for room in ROOMS
        for file in (SOURCE / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


def test_every_code_that_a_finder_gives_has_a_page_and_every_page_a_finder() -> None:
    assert {one.code for one in pages()} == codes_of_finders()


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.code)
def test_a_page_says_what_why_how_to_accept_and_how_to_cure(one) -> None:
    assert one.text.startswith(f"# {one.code}: {one.title}\n")
    assert one.meaning
    assert tuple(re.findall(r"^## (.*)$", one.text, re.MULTILINE)) == HEADINGS
    assert f'"{one.code}"' in one.section("Accept it"), "how it is written"
    assert max(map(len, one.text.splitlines())) <= 105, "it is read in a terminal"


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.code)
def test_the_example_of_a_page_shows_its_finding(one, tmp_path: Path) -> None:
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```", one.section("Example"), re.M | re.S))
    (tmp_path / "dags.py").write_text(blocks["python"])
    if "toml" in blocks:
        (tmp_path / "scenario.toml").write_text(blocks["toml"])
    scenario = api.scenario_of(read_scenario(tmp_path, airflow="stand-in").scenario)
    report = api.check(scenario, seeds=0)
    assert not report.problems
    assert one.code in {finding.code for finding in (*report.findings, *report.possible)}


def test_the_table_of_the_documentation_has_every_code() -> None:
    table = (DOCS / "reference" / "findings.md").read_text("utf-8")
    assert re.findall(r"^\| \[(WT\d{3})\]", table, re.MULTILINE) == [one.code for one in pages()]


@pytest.mark.parametrize("given", ["WT101", "wt101", "101", "wt-101"])
def test_a_code_is_found_however_it_is_typed(given) -> None:
    assert page(given).code == "WT101"


def test_an_unknown_code_is_told_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="WT999: no finding has this code; there are: WT101, "):
        page("WT999")
