"""Words on the page: none is torn or cut where it can't be read, on narrow screens, too."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

import windtunnel as wt
from nights import START, dag, simulated, takes, task
from windtunnel.capacity import Kept, Plan, Point
from windtunnel.model.question import Deadline, Question, Setting
from windtunnel.report.html import VIEWS, Subject, page

NARROW = {"width": 480, "height": 900}
LOAD = "extract_transform_and_load_of_partition"
NIGHT = "the_nightly_pipeline_for_customer_orders"
TORN = """() => {
  const torn = [];
  for (const cell of document.querySelectorAll("table.plain th, table.plain td")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.textContent.matchAll(/\\d{4}-\\d\\d-\\d\\d|[^\\s-]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        if (range.getClientRects().length > 1) torn.push(word[0]);
      }
    }
  }
  return torn;
}"""
CUT = """([inner, outer]) => [...document.querySelectorAll(inner)].filter((one) => {
  const own = one.getBoundingClientRect(), frame = one.closest(outer).getBoundingClientRect();
  return own.left < frame.left - 0.5 || own.right > frame.right + 0.5;
}).map((one) => one.textContent)"""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six long names that differ at their ends, a pool for one, a deadline at a full hour."""
    tasks = tuple(task(f"{LOAD}_{n}", pool="db") for n in range(6))
    fleet = wt.Fleet(dags=(dag(NIGHT, *tasks),))
    slow = takes(**{f"{NIGHT}__{one.task_id}": 900.0 for one in tasks})
    result = simulated(fleet, slow)
    file = tmp_path_factory.mktemp("night") / "index.html"
    deadline = Deadline(of=NIGHT, by=time(4))
    file.write_text(page(Subject(result, "windtunnel run dags/", (deadline,))), "utf-8")
    return file


def point(workers: int, slots: int, binds: str) -> Point:
    kept = Kept("report by 07:00", 1.0, 1.0, 1.0, 1, 0, 3600, 9000)
    settings = (("workers", workers), ("worker slots", slots))
    return Point(settings, "yes", 1, (kept,), ((binds, 5000.0),), worker_hours=24.0 * workers)


def planned(points: tuple[Point, ...], folder: Path) -> Path:
    question = Question(
        vary=(Setting(name="workers", values=(2, 3)), Setting(name="worker slots", values=(1, 2))),
        deadlines=(Deadline(of="report", by=time(7)),),
    )
    scenario = wt.Scenario(fleet=wt.Fleet(), start=START, duration_s=86400.0)
    plan = Plan(question, scenario, points, points[0], None, 20)
    file = folder / "index.html"
    file.write_text(page(Subject(plan, "windtunnel plan dags/")), "utf-8")
    return file


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    """A plan of seven numbers of slots at eight numbers of workers."""
    each = [
        point(workers, slots, "worker slots") for slots in range(1, 8) for workers in range(2, 10)
    ]
    return planned(tuple(each), tmp_path)


def test_no_cell_is_torn_letter_by_letter(night, seven, see):
    for file, view in [(seven, "capacity"), *((night, view.id) for view in VIEWS)]:
        sheet = see(file, view)
        sheet.set_viewport_size(NARROW)
        if sheet.locator(f"#view-{view}").count():
            sheet.wait_for_selector(f"#view-{view} .body:not([aria-busy])")
            assert sheet.evaluate(TORN) == []
            assert sheet.evaluate("() => document.documentElement.scrollWidth") <= 480


def test_the_choice_of_a_run_fits_the_screen(night, see):
    sheet = see(night, "critical-path")
    sheet.set_viewport_size(NARROW)
    box = sheet.get_by_label("Dag run").bounding_box()
    assert box["x"] + box["width"] <= 480


@pytest.mark.parametrize("view", ["fleet", "occupancy"])
def test_no_word_of_a_time_axis_is_cut(night, see, view):
    sheet = see(night, view)
    marks = f"#view-{view} .axis span:not([hidden])"
    for width in range(900, 1300, 25):
        sheet.set_viewport_size({"width": width, "height": 700})
        sheet.wait_for_timeout(50)
        assert sheet.locator(marks).count() > 2
        assert sheet.evaluate(CUT, [marks, ".axis"]) == []


def test_no_word_beside_or_above_the_critical_path_is_cut(night, see):
    sheet = see(night, "critical-path")
    sheet.wait_for_selector("svg.lanes")
    assert "04:00" in sheet.locator("svg.lanes .tick").all_text_contents()
    assert sheet.evaluate(CUT, ["svg.lanes text", "svg"]) == []
    name = "() => document.querySelector('svg.lanes text.own').firstChild.data"
    begin, end = sheet.evaluate(name).split("…")
    assert NIGHT.startswith(begin)
    assert end.endswith("partition_5")


@pytest.mark.parametrize("width", [480, 1280])
def test_the_ends_of_long_names_are_seen_in_the_gantt(night, see, width):
    sheet = see(night, "fleet")
    sheet.set_viewport_size({"width": width, "height": 900})
    sheet.wait_for_selector(".rows .label")
    ends = ".label.level2 .tail"
    assert len(set(sheet.locator(ends).all_text_contents())) == 6
    assert sheet.evaluate(CUT, [ends, ".label"]) == []
    seen = (
        "() => [...document.querySelectorAll('.label .tail')].every((one) => one.clientWidth > 30)"
    )
    assert sheet.evaluate(seen)


def test_settings_are_told_as_in_the_terminal_and_none_is_left_out_silently(seven, see):
    sheet = see(seven, "capacity")
    said = sheet.locator("#view-capacity").inner_text()
    assert "2 workers, 1 worker slot are enough" in said
    assert "Not drawn, only in the table: 6 worker slots, 7 worker slots." in said
    assert sheet.locator("svg.capacity .curve").count() == 5


def test_what_binds_can_be_read_however_narrow_its_cell(tmp_path, see):
    binds = {20: "parallelism", 21: "pool db"}
    points = tuple(point(n, 1, binds.get(n, "worker slots")) for n in (1, *range(18, 24), 40))
    sheet = see(planned(points, tmp_path), "capacity")
    cells = sheet.locator("svg.capacity .bound").all_text_contents()
    assert cells == ["worker slots", "b", "c", "worker slots"]
    key = sheet.locator("#view-capacity .legend li").all_text_contents()
    assert key[-2:] == ["bparallelism binds", "cpool db binds"]


def test_the_names_of_limits_are_read_whole(night, see):
    sheet = see(night, "occupancy")
    sheet.set_viewport_size(NARROW)
    names = sheet.locator(".about-limit strong")
    assert "pool db" in names.all_text_contents()
    cut = (
        "() => [...document.querySelectorAll('.about-limit strong, .about-limit strong *')].filter"
    )
    assert sheet.evaluate(cut + "((one) => one.scrollWidth > one.clientWidth + 1).length") == 0
