"""Every shipped scenario: complete, true, cured by its cure, and the same wherever it is copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import windtunnel
from scenario_readme import Readme
from windtunnel.cli.app import app
from windtunnel.explain import pages
from windtunnel.loaders import read_scenario
from windtunnel_scenarios import GROUPS, Shipped, names, shipped

EVERY = {one.name: one for one in shipped()}
FINDING = ["The story", "Source", "What you'll see", "The cure"]
NONE = ["The story", "Source", "What you'll see", "What to look at"]
LONGEST_TITLE = 80
QUICK = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Hypothesis' plugin imports all of Hypothesis at the end of every session."""
DOCS = Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md"

each = pytest.mark.parametrize("scenario", EVERY.values(), ids=list(EVERY))


def readme_of(scenario: Shipped) -> Readme:
    return Readme((scenario.path / "README.md").read_text("utf-8"))


def command(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counterexamples are stored where the command is called."""
    monkeypatch.chdir(tmp_path)


def test_every_folder_is_listed() -> None:
    folders = {path.parent.name for path in Path(EVERY["simple"].path.parent).glob("*/dags")}

    assert set(names()) == set(EVERY) == folders


@each
def test_the_folder_is_complete(scenario: Shipped) -> None:
    path = scenario.path

    assert list((path / "dags").rglob("*.py"))
    assert (path / f"test_{scenario.name}.py").is_file()
    assert scenario.group in GROUPS
    assert len(scenario.title) <= LONGEST_TITLE
    assert set(scenario.expect) <= {page.code for page in pages()}


@each
def test_the_readme_has_its_sections_and_says_where_it_happened(scenario: Shipped) -> None:
    readme = readme_of(scenario)

    assert readme.title == scenario.name
    assert readme.about.removesuffix(".") == scenario.title
    assert readme.sections == (FINDING if scenario.expect else NONE)
    assert readme.has_cure == bool(scenario.expect)
    assert scenario.source
    assert set(readme.links) == set(scenario.source)
    assert all(f"{code}" in readme.text for code in scenario.expect)


@each
def test_it_loads_without_airflow_and_nothing_is_guessed(scenario: Shipped) -> None:
    fleet = read_scenario(scenario.path, airflow="stand-in").scenario.fleet

    assert not fleet.problems
    assert not fleet.assumptions


@each
def test_what_the_readme_shows_is_what_is_printed(scenario: Shipped) -> None:
    shown = readme_of(scenario).shown

    assert shown
    for one in shown:
        assert one.arguments[0] in ("check", "run", "explain")
        assert scenario.name in one.arguments
        code, printed = command(*one.arguments)
        if one.arguments[0] in ("check", "run") and "--profile" not in one.arguments:
            assert code == bool(scenario.expect)
        at = 0
        for part in one.parts:
            assert part in printed[at:]
            at = printed.index(part, at) + len(part)


@each
def test_the_cure_that_the_readme_shows_cures_it(scenario: Shipped, tmp_path: Path) -> None:
    if not scenario.expect:
        pytest.skip("nothing to cure")
    cured = shutil.copytree(scenario.path, tmp_path / "cured")
    readme = readme_of(scenario)
    readme.cure(cured)

    for one in readme.shown:
        arguments = ["cured" if word == scenario.name else word for word in one.arguments]
        assert arguments[0] == "explain" or command(*arguments)[0] == 0
    report = windtunnel.check(read_scenario(cured).scenario, seeds=3)

    assert not report.findings


@each
def test_its_test_passes_in_a_copy(scenario: Shipped, pytester: pytest.Pytester) -> None:
    code, said = command("scenarios", "copy", scenario.name, str(pytester.path / "mine"))

    assert code == 0
    assert "mine" in said
    done = pytester.runpytest_inprocess(*QUICK, "mine")
    outcomes = done.parseoutcomes()
    assert set(outcomes) == {"passed"}
    assert outcomes["passed"] >= (2 if scenario.expect else 1)


def test_the_page_of_the_reference_is_the_list() -> None:
    """`windtunnel scenarios --format markdown > docs/reference/scenarios.md` makes it."""
    assert DOCS.read_text("utf-8") == command("scenarios", "--format", "markdown")[1]
