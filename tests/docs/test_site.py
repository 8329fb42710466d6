"""The documentation builds without a warning, no link of it is dead, and it is read offline."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from built_site import Site

ROOT = Path(__file__).parents[2]


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
