"""A real browser, and pages to open in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import windtunnel as wt
from great_fleet import great_fleet, repeated
from windtunnel.report.html import Subject, page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DAY_S = 24 * 3600.0


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window; tests that need it are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=found,
            args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield opened
        opened.close()


Open = Callable[..., Any]


@pytest.fixture
def see(browser: Any) -> Iterator[Open]:
    """Opens a file at a view; fails at the end if the browser complained of anything."""
    complaints: list[str] = []
    contexts = []

    def opened(file: Path, view: str = "", **more: Any) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **more)
        contexts.append(context)
        sheet = context.new_page()
        sheet.on("console", lambda said: complaints.extend([said.text] * (said.type == "error")))
        sheet.on("pageerror", lambda error: complaints.append(str(error)))
        sheet.on("request", lambda asked: complaints.extend(_fetched(asked.url)))
        sheet.goto(f"{file.as_uri()}#{view}")
        return sheet

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


def _fetched(url: str) -> list[str]:
    return [] if url.startswith(("file:", "blob:")) else [f"fetched {url}"]


@pytest.fixture(scope="session")
def great_result() -> wt.Result:
    """A hundred thousand task instances: a few hours of a hundred DAGs, repeated."""
    few = wt.simulate(great_fleet(dags=100, runs=5, rest=8))
    trace = repeated(few.trace, 10, DAY_S)
    assert len(trace.ti_run) == 100_000
    scenario = few.scenario.model_copy(update={"duration_s": 10 * DAY_S})
    return wt.Result(scenario, trace, few.findings)


@pytest.fixture(scope="session")
def great(great_result: wt.Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of them."""
    return _written(great_result, tmp_path_factory, "great")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of sixty task instances."""
    return _written(wt.simulate(great_fleet(dags=3, runs=1)), tmp_path_factory, "small")


def _written(result: wt.Result, folder: pytest.TempPathFactory, name: str) -> Path:
    file = folder.mktemp(name) / "index.html"
    file.write_text(page(Subject(result, f"windtunnel run {name}")), "utf-8")
    return file
