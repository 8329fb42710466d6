"""The page in a real Chromium: it opens, it is quick, it can be used without a mouse and without
colours."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import windtunnel as wt
from windtunnel.report.html import VIEWS, Subject, page

expect = pytest.importorskip("playwright.sync_api").expect

WHEEL = """async () => {
  const chart = document.querySelector(".chart"), box = chart.getBoundingClientRect();
  const took = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const from = performance.now();
    chart.dispatchEvent(new WheelEvent("wheel", { deltaY: turn < 5 ? -100 : 100, ctrlKey: true,
      clientX: box.left + 300, clientY: box.top + 100, bubbles: true, cancelable: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    took.push(performance.now() - from);
  }
  return took;
}"""
FAINT = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, n) => sum + one * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = rgb(getComputedStyle(one).backgroundColor);
      if ((found[3] ?? 1) > 0.99) return found;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const shown = element.checkVisibility() && element.getClientRects().length;
    if (!shown || !texts.currentNode.textContent.trim() || element.closest("svg, option")) continue;
    const [high, low] = [light(rgb(getComputedStyle(element).color)), light(behind(element))]
      .sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.add(`${element.className}: ${element.textContent} ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""
PAINTED = "() => performance.getEntriesByName('windtunnel.painted')[0].startTime"


def test_a_hundred_thousand_task_instances_open_and_zoom_within_a_second(great, see):
    assert great.stat().st_size < 15_000_000
    took = []
    for _ in range(6):  # a machine that does something else at the moment takes longer
        sheet = see(great, "fleet")
        sheet.wait_for_selector(".rows .label")
        # Since the browser began to open the file, its reading included.
        took.append(sheet.evaluate(PAINTED))
        if took[-1] < 1000:
            break
    assert min(took) < 1000
    before = sheet.locator(".range").inner_text()
    took = sheet.evaluate(WHEEL)
    assert max(took) < 1000
    assert sheet.locator(".range").inner_text() != before
    sheet.get_by_role("button", name="Open each run").click()
    expect(sheet.locator(".rows")).to_have_attribute("aria-rowcount", "105100")
    assert max(sheet.evaluate(WHEEL)) < 1000


def test_each_view_opens_and_nothing_is_complained_of(small, see):
    assert small.stat().st_size < 1_000_000
    for view in VIEWS:
        sheet = see(small, view.id)
        section = sheet.locator(f"#view-{view.id}")
        if section.count():
            sheet.wait_for_selector(f"#view-{view.id} .body:not([aria-busy])")
            assert section.get_by_role("heading", level=2).inner_text() == view.title
            assert "could not be drawn" not in section.inner_text()


def test_the_keyboard_goes_through_rows_opens_them_and_zooms(small, see):
    sheet = see(small, "fleet")
    rows = sheet.get_by_role("treegrid")
    rows.focus()
    expect(rows).to_have_attribute("aria-activedescendant", "row-d0")
    first = sheet.locator("#row-d0")
    expect(first).to_have_attribute("aria-expanded", "true")
    rows.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")
    rows.press("ArrowDown")
    expect(rows).to_have_attribute("aria-activedescendant", "row-d1")
    rows.press("ArrowRight")
    rows.press("Enter")
    expect(sheet.get_by_role("complementary")).to_contain_text("team_1.dag_001.task_0")
    rows.press("0")
    expect(sheet.locator(".range")).to_contain_text("(1h)")
    rows.press("+")
    expect(sheet.locator(".range")).not_to_contain_text("(1h)")


def test_the_first_stop_of_the_keyboard_leads_past_the_head(small, see):
    sheet = see(small)
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("() => document.activeElement.textContent") == "Skip to the view"
    sheet.keyboard.press("Enter")
    assert sheet.evaluate("() => document.activeElement.id") == "main"


def test_details_name_the_limit_and_who_held_it(tmp_path: Path, see):
    tasks = tuple(wt.Task(task_id=one, pool="db") for one in ("first", "second"))
    fleet = wt.Fleet(dags=(wt.Dag(dag_id="etl", tasks=tasks),))
    cluster = wt.Cluster(pools={"db": wt.Pool(slots=1)})
    result = wt.simulate(fleet, cluster=cluster, runs=["etl"], start="2026-03-01", window="1h")
    file = tmp_path / "page.html"
    file.write_text(page(Subject(result, "run")), "utf-8")
    sheet = see(file, "fleet")
    sheet.get_by_role("row", name="second").click()
    told = sheet.get_by_role("complementary")
    expect(told).to_contain_text("waits 1m for pool db (1 slot)")
    expect(told.get_by_role("listitem").last).to_be_visible()
    expect(told.locator(".held")).to_have_text("held then byetl.first")


def test_a_filter_leaves_only_what_matches(small, see):
    sheet = see(small, "fleet")
    sheet.get_by_role("searchbox").fill("dag_001 task_7")
    sheet.get_by_text("1 of 60 task instances").wait_for()
    expect(sheet.locator(".labels .of")).to_have_text(["team_1.dag_001", "task_7"])
    sheet.get_by_role("searchbox").fill("nothing like it")
    sheet.get_by_text("0 of 60 task instances").wait_for()


def test_occupancy_follows_the_time_of_the_gantt(small, see):
    sheet = see(small, "fleet")
    sheet.get_by_role("treegrid").press("+")
    seen = sheet.locator("#view-fleet .range").inner_text()
    sheet.get_by_role("link", name="Occupancy").click()
    expect(sheet.locator("#view-occupancy .range")).to_have_text(seen)
    told = sheet.get_by_role("img", name="parallelism, 6 slots: at most 6 taken")
    expect(told).to_be_visible()


def test_tables_are_sorted_filtered_and_gone_through_by_keyboard(great, see):
    sheet = see(great, "tables")
    table = sheet.get_by_role("table", name="Task instances")
    expect(table).to_have_attribute("aria-rowcount", "100001")
    assert table.locator("tbody tr").count() < 100
    waited = table.get_by_role("columnheader", name="Waited", exact=True)
    waited.get_by_role("button").click()
    expect(waited).to_have_attribute("aria-sort", "descending")
    longest = table.get_by_role("row").nth(1).inner_text()
    waited.get_by_role("button").press("Enter")
    expect(waited).to_have_attribute("aria-sort", "ascending")
    assert table.get_by_role("row").nth(1).inner_text() != longest
    first = table.locator("tbody button").first
    first.focus()
    for _ in range(3):
        sheet.keyboard.press("PageDown")
    assert sheet.evaluate("() => document.activeElement.closest('tr').ariaRowIndex") == "62"
    sheet.get_by_role("searchbox").fill("dag_001 task_7")
    expect(table).to_have_attribute("aria-rowcount", "51")
    sheet.get_by_role("button", name="Dag runs").click()
    runs = sheet.get_by_role("table", name="Dag runs")
    expect(runs).to_have_attribute("aria-rowcount", "51")


def test_a_row_leads_to_its_bar_and_a_bar_to_its_row(small, see):
    sheet = see(small, "tables")
    sheet.get_by_role("button", name="team_0.dag_000.task_9").click()
    expect(sheet.get_by_role("complementary")).to_contain_text("team_0.dag_000.task_9")
    sheet.locator("#row-t11").click()
    sheet.get_by_role("button", name="Show in the table").click()
    expect(sheet.locator("tr.marked")).to_contain_text("team_0.dag_000.task_11")


def test_a_table_can_be_taken_along(small, see):
    sheet = see(small, "tables")
    with sheet.expect_download() as waiting:
        sheet.get_by_role("button", name="CSV").click()
    assert waiting.value.suggested_filename == "task-instances.csv"
    rows = list(csv.DictReader(Path(waiting.value.path()).read_text("utf-8").splitlines()))
    assert len(rows) == 60
    assert {row["pool"] for row in rows} >= {"default_pool", "pool_1"}
    assert all(float(row["ran_s"]) >= 0 for row in rows)
    with sheet.expect_download() as waiting:
        sheet.get_by_role("button", name="JSON").click()
    told = json.loads(Path(waiting.value.path()).read_text("utf-8"))
    assert [one["task_instance"] for one in told] == [row["task_instance"] for row in rows]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_the_button_turns_them(small, see, scheme):
    sheet = see(small, "fleet", color_scheme=scheme)
    sheet.wait_for_selector(".rows .label")
    dark = "() => getComputedStyle(document.documentElement).color"
    before = sheet.evaluate(dark)
    sheet.get_by_role("button", name="Dark colours" if scheme == "light" else "Light").click()
    assert sheet.evaluate(dark) != before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_background(small, see, scheme):
    for view in VIEWS:
        sheet = see(small, view.id, color_scheme=scheme)
        if sheet.locator(f"#view-{view.id}").count():
            sheet.wait_for_selector(f"#view-{view.id} .body:not([aria-busy])")
            assert sheet.evaluate(FAINT) == []


def test_what_is_printed_is_light(small, see):
    sheet = see(small, "fleet", color_scheme="dark")
    sheet.wait_for_selector(".rows .label")
    corner = """() => Array.from(document.querySelector(".chart").getContext("2d")
      .getImageData(2, 2, 1, 1).data.slice(0, 3)).reduce((sum, one) => sum + one)"""
    assert sheet.evaluate(corner) < 300
    sheet.emulate_media(media="print")
    sheet.wait_for_timeout(200)
    assert sheet.evaluate(corner) > 500


def test_a_nasty_name_is_only_a_name(tmp_path: Path, see):
    nasty = "</script><img src=x onerror=alert(1)>"
    dag = wt.Dag(dag_id="etl", tasks=(wt.Task(task_id=nasty),))
    result = wt.simulate(wt.Fleet(dags=(dag,)), runs=["etl"], start="2026-03-01", window="1h")
    file = tmp_path / "page.html"
    file.write_text(page(Subject(result, nasty)), "utf-8")
    sheet = see(file, "fleet")
    sheet.get_by_text(nasty).first.wait_for()
    assert sheet.locator("img").count() == 0
