"""The documentation builds without a warning, no link of it is dead, and it is read offline."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import windtunnel
from built_site import Site
from docsite import api, settings
from windtunnel import model
from windtunnel.loaders import project

ROOT = Path(__file__).parents[2]
AIRFLOWS_OWN = {
    "Dag", "Task", "TaskGroup", "Cron", "Every", "Once", "Assets", "Work", "Empty", "Branch",
    "ShortCircuit", "LatestOnly", "Sensor", "ExternalTaskSensor", "Deferrable", "TriggerDagRun",
}  # fmt: skip
"""Values of a fleet file: most keys are arguments of the same name of Airflow's."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", place],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Site(place), done.stderr


def test_the_build_has_no_warning(built):
    _, told = built
    assert [line for line in told.splitlines() if not line.startswith("INFO ")] == []


def test_no_link_inside_the_site_is_dead(built):
    site, _ = built
    assert len(site.pages) > 15
    assert [link for link in site.dead() if not link.startswith("404.html")] == []


def test_links_to_the_outside_are_whole(built):
    site, _ = built
    for page, address in site.outside():
        parts = urlsplit(address)
        assert parts.scheme == "https", f"{page}: {address}"
        assert "." in parts.netloc, f"{page}: {address}"


def test_a_page_fetches_nothing_from_another_server(built):
    site, _ = built
    fetched = {one for page in site.pages.values() for one in page.fetched}
    assert [one for one in fetched if urlsplit(one).netloc] == []


def test_no_markup_is_shown_as_it_is_written(built):
    site, _ = built
    raw = re.compile(r"<p>\s*\||&lt;!--|<p>```|\]\([\w./-]+\.md|^\s*#{2,} ", re.MULTILINE)
    prose = {file: re.sub(r"<(pre|script)\b.*?</\1>", "", file.read_text("utf-8"), flags=re.DOTALL)
             for file in site.pages}  # fmt: skip
    assert {
        file.name: found[0] for file, text in prose.items() if (found := raw.search(text))
    } == {}


def test_every_public_name_has_a_section(built):
    site, _ = built
    anchors = site.pages[site.place / "reference" / "python.html"].anchors
    public = [getattr(windtunnel, name) for name in windtunnel.__all__]
    assert [one for one in map(api.where, public) if one not in anchors] == []


def test_every_key_of_a_file_has_a_meaning():
    without = [
        f"{name}.{field}"
        for name in settings.homes()
        if name not in AIRFLOWS_OWN
        for field in getattr(model, name).model_fields
        if field != "type"
        and field not in settings.attribute_docstrings(getattr(model, name))
        and field not in settings.LEFT_OUT.get(name, ())
    ]
    assert without == []


def test_every_setting_of_a_repository_is_told():
    page = (ROOT / "docs/reference/configuration/project.md").read_text("utf-8")
    told = re.findall(r"^\| `\[?(\w+)", page, re.MULTILINE)
    assert set(told) == {*project.SETTINGS, *project.TABLES}


@pytest.mark.parametrize(
    ("extra", "shown"),
    [("prove", r"^ *(Fixes, p|P)roved"), ("hypothesis", r"^(from|import) hypothesis")],
)
def test_a_page_that_shows_what_takes_an_extra_names_it(extra, shown):
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    texts = {page.as_posix(): page.read_text("utf-8") for page in pages}
    taking = [page for page, text in texts.items() if re.search(shown, text, re.MULTILINE)]
    named = re.compile(rf"pip install [^\n]*\[(\w+,)*{extra}\b")
    assert len(taking) > 1
    assert [page for page in taking if not named.search(texts[page])] == []
