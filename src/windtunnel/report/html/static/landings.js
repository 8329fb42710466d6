// Landing times: a row for each DAG and deadline, each run a mark on a line; and the runs of one row.

import { el, table } from "./dom.js";
import { count, duration, instant } from "./words.js";
import { svg } from "./svg.js";

const FIRST = 60;
const RUNS = 200;
const WIDTH = 340;
const HEIGHT = 30;
const EDGE = 8;

export async function draw(root, data, page) {
  const kept = new Set((await page.data("critical-path"))?.runs.map((run) => run.number));
  const rows = data.rows.map((row, number) => ({ ...row, number }))
    .sort((a, b) => b.late - a.late || (b.worst ?? Infinity) - (a.worst ?? Infinity) || a.number - b.number);
  const late = rows.filter((row) => row.late);
  const body = el("tbody");
  const runs = el("section", { class: "runs", "aria-live": "polite" });
  const all = el("button", { type: "button", onclick: () => fill(rows.length) });
  let shown = null;

  function fill(number) {
    body.replaceChildren(...rows.slice(0, number).map(line));
    all.hidden = number >= rows.length;
    all.textContent = `Show all ${rows.length.toLocaleString("en")}`;
  }

  function line(row) {
    const choose = el("button", { type: "button", class: "choose", "aria-pressed": String(row === shown) }, row.name);
    choose.addEventListener("click", () => {
      shown = row;
      for (const other of body.querySelectorAll(".choose")) other.setAttribute("aria-pressed", "false");
      choose.setAttribute("aria-pressed", "true");
      runs.replaceChildren(...listed(row, page, kept));
    });
    const numbers = [row.p50, row.p95, row.worst].map((one) =>
      el("td", { class: "number" }, one === null ? el("span", { class: "never" }, "not landed") : duration(one)));
    return el("tr", { class: row.late && "late" },
      el("th", { scope: "row" }, choose),
      el("td", null, row.deadline || el("span", { class: "dim" }, "none"),
        row.source === "sla" && el("span", { class: "dim" }, " (sla)")),
      el("td", { class: "number" }, row.runs.length.toLocaleString("en")),
      el("td", { class: "number" }, row.deadline ? el("span", { class: row.late && "bad" }, row.late ? `▲ ${row.late}` : "0") : ""),
      ...numbers,
      el("td", { class: "strip" }, strip(row)));
  }

  fill(FIRST);
  root.append(
    el("p", null, late.length ? `${count(late.reduce((sum, row) => sum + row.late, 0), "dag run")} missed a deadline.`
      : rows.some((row) => row.deadline) ? "Every deadline was kept."
        : "No deadline is known here: a question of windtunnel plan, or an sla in Airflow 2, says one.",
    data.simulations > 1 && ` This is the first of ${count(data.simulations, "simulation")}.`),
    key(rows),
    el("div", { class: "wide" }, el("table", { class: "plain landings" },
      el("caption", { class: "unseen" }, "Landing times of each DAG"),
      el("thead", null, el("tr", null,
        ["DAG", "Deadline"].map((name) => el("th", { scope: "col" }, name)),
        ["Runs", "Late", "P50", "P95", "Worst"].map((name) => el("th", { scope: "col", class: "number" }, name)),
        el("th", { scope: "col" }, "Each run, by how long after it was due it landed (a scale of its own in each row)"))),
      body)),
    all, runs);
}

function key(rows) {
  const some = (how) => rows.some((row) => row.runs.some(how));
  const entry = (shape, text) => el("li", null, svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, shape), text);
  return el("ul", { class: "legend" },
    entry(svg("circle", { cx: 8, cy: 8, r: 4, class: "mark" }), "landed"),
    some((run) => run[5]) && entry(mark(8, 8, true), "late"),
    some((run) => run[3] === null && !isOpen(run)) && entry(never(8, 8), "did not land"),
    some((run) => isOpen(run) && !run[5]) && entry(open(8, 8, false), "not over when the window ends"),
    some((run) => isOpen(run) && run[5]) && entry(open(8, 8, true), "not over when the window ends, and late"),
    rows.some((row) => row.deadline) && entry(svg("line", { x1: 8, x2: 8, y1: 1, y2: 15, class: "deadline" }), "deadline"),
    entry(svg("line", { x1: 8, x2: 8, y1: 3, y2: 13, class: "p95" }), "P95"));
}

function isOpen(run) {
  return run[3] === null && (run[6] === "running" || run[6] === "queued");
}

/** All runs of a row on one line; those that would cover each other are one mark. Right of the line
 * are those that did not land. */
function strip(row) {
  const allowed = row.runs.map((run) => run[4]).filter((one) => one !== null);
  const most = Math.max(1, row.worst ?? 0, ...row.runs.map((run) => run[3] ?? 0), ...allowed) * 1.04;
  const x = (seconds) => EDGE + (seconds / most) * (WIDTH - 5 * EDGE);
  const bins = new Map();
  for (const run of row.runs) {
    const kind = isOpen(run) ? "open" : run[3] === null ? "never" : "landed";
    const at = { open: WIDTH - EDGE, never: WIDTH - 3 * EDGE }[kind] ?? Math.round(x(run[3]));
    const name = `${at} ${kind} ${run[5]}`;
    const bin = bins.get(name) ?? { at, kind, late: run[5], number: 0 };
    bin.number += 1;
    bins.set(name, bin);
  }
  const middle = HEIGHT / 2;
  const shapes = [...bins.values()].sort((a, b) => a.number - b.number).map((bin) => {
    if (bin.kind === "never") return never(bin.at, middle);
    return bin.kind === "open" ? open(bin.at, middle, bin.late) : mark(bin.at, middle, bin.late, bin.number);
  });
  const least = allowed.length ? Math.min(...allowed) : null;
  const said = `${row.name}: from ${row.landed ? duration(Math.min(...row.runs.map((run) => run[3] ?? Infinity))) : "never"} ` +
    `to ${row.worst === null ? "not landed" : duration(row.worst)}`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": said },
    svg("line", { x1: x(0), x2: x(most), y1: middle, y2: middle, class: "base" }),
    svg("line", { x1: x(0), x2: x(0), y1: middle - 4, y2: middle + 4, class: "base" }),
    row.p95 !== null && svg("line", { x1: x(row.p95), x2: x(row.p95), y1: 5, y2: HEIGHT - 5, class: "p95" }),
    shapes,
    least !== null && [svg("line", { x1: x(least), x2: x(least), y1: 0, y2: HEIGHT, class: "deadline" },
      svg("title", null, `deadline: ${row.deadline}`))]);
}

function mark(x, y, late, number = 1) {
  const size = Math.min(3 + Math.log2(number), 7);
  return late
    ? svg("path", { d: `M${x} ${y - size - 1}l${size + 1} ${2 * size}h${-2 * size - 2}z`, class: "mark late" })
    : svg("circle", { cx: x, cy: y, r: size, class: "mark" });
}

function never(x, y) {
  return svg("path", { d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, class: "mark never" });
}

function open(x, y, late) {
  return svg("path", { d: `M${x - 4} ${y - 5}l9 5l-9 5z`, class: `mark open${late ? " late" : ""}` });
}

function listed(row, page, kept) {
  const worst = [...row.runs].sort((a, b) => b[5] - a[5] || (b[3] ?? Infinity) - (a[3] ?? Infinity));
  const go = (run) => kept.has(run[0]) && el("button", { type: "button", onclick: () => {
    page.state.run = run[0];
    page.tell("run", run[0]);
    page.go("critical-path");
  } }, "Why then?");
  const about = row.runs.length > RUNS ? `, the ${RUNS} that landed last` : "";
  return [el("h3", null, `Runs of ${row.name}${about}`),
    el("div", { class: "wide" }, table(`Runs of ${row.name}`,
      ["Dag run", "Due (UTC)", { number: "Landed after" }, { number: "Deadline after" }, "State", ""],
      worst.slice(0, RUNS).map((run) => [run[1], instant(run[2]), run[3] === null ? "–" : duration(run[3]),
        run[4] === null ? "–" : duration(run[4]), `${run[6]}${run[5] ? ", late" : ""}`, go(run)])))];
}
