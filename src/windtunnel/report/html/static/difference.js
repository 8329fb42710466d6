// Difference: what a change makes later, what waits more, what can go wrong now, and what was changed.

import { el, table } from "./dom.js";
import { count, duration } from "./words.js";
import { svg } from "./svg.js";

const WIDTH = 260;
const FIRST = 40;

export function draw(root, data) {
  root.append(
    el("p", { class: "verdict" }, data.verdict),
    el("p", { class: "dim" }, `${data.window}; ${data.simulations.join(" and ")} simulations, before and after.`),
    ...findings("New: what can go wrong now", "shown", data.new),
    ...findings("Gone: what can't go wrong any more", "gone", data.gone),
    ...runs(data), ...waits(data.waits), ...tasks(data), ...rules(data.rules),
    ...(data.changes.length ? [el("h3", null, "What was changed"), el("ul", null, data.changes.map((one) => el("li", null, one)))] : []),
  );
}

function findings(title, style, found) {
  if (!found.length) return [];
  return [el("h3", null, title), el("ol", { class: "changes" }, found.map(([code, name, place, summary, replay]) =>
    el("li", { class: style }, el("p", null, el("code", null, code), " ", el("strong", null, name), place && el("span", { class: "dim" }, `  ${place}`)),
      el("p", null, summary), replay && el("p", { class: "dim" }, el("code", null, `windtunnel replay ${replay}`)))))];
}

function later(seconds) {
  if (seconds === null) return "";
  return el("span", { class: seconds > 0 ? "bad" : "good" }, `${seconds > 0 ? "▲ +" : "▼ −"}${duration(Math.abs(seconds))}`);
}

/** Where it was, and where it is now, on one line. */
function moved(before, after, most) {
  const x = (seconds) => 6 + (seconds / most) * (WIDTH - 12);
  if (before === null && after === null) return "";
  const arrow = before !== null && after !== null && svg("line", { x1: x(before), x2: x(after), y1: 8, y2: 8, class: after > before ? "move worse" : "move better" });
  return svg("svg", { viewBox: `0 0 ${WIDTH} 16`, width: WIDTH, height: 16, "aria-hidden": "true" },
    svg("line", { x1: 6, x2: WIDTH - 6, y1: 8, y2: 8, class: "base" }), arrow,
    before !== null && svg("circle", { cx: x(before), cy: 8, r: 4, class: "was" }),
    after !== null && svg("circle", { cx: x(after), cy: 8, r: 4, class: before !== null && after > before ? "now worse" : "now better" }));
}

/** A table of which only the first rows are shown, until somebody wants all. */
function some(rows, inAll, make) {
  const holder = el("div", { class: "wide" }, make(rows.slice(0, FIRST)));
  const said = inAll > rows.length ? ` of ${inAll.toLocaleString("en")}` : "";
  const more = rows.length > FIRST && el("button", { type: "button", onclick: () => {
    holder.replaceChildren(make(rows));
    more.remove();
  } }, `Show all ${rows.length.toLocaleString("en")}${said}`);
  return more ? [holder, more] : [holder];
}

function runs(data) {
  if (!data.runs.length) return [el("p", null, "Every dag run ends when it did before.")];
  const most = Math.max(1, ...data.runs.flatMap((run) => [run[5] ?? 0, run[6] ?? 0]));
  const ended = (state, seconds) => (state === null ? "not there" : seconds === null ? state : `${state} after ${duration(Math.max(seconds, 0))}`);
  return [el("h3", null, `Dag runs that end otherwise (${data.runs_in_all.toLocaleString("en")})`),
    el("ul", { class: "legend" }, [["was", "before"], ["now worse", "after, later"], ["now better", "after, earlier"]].map(([style, text]) =>
      el("li", null, svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, svg("circle", { cx: 6, cy: 6, r: 4, class: style })), text))),
    ...(data.runs.some((run) => run[8] !== null) ? [el("p", { class: "dim" }, "Where a schedule was moved, later means later on the clock: both ends are counted from the earlier of the two times at which the run was due.")] : []),
    ...some(data.runs, data.runs_in_all, (rows) => table("Dag runs that end otherwise",
      ["DAG", "Due (UTC)", "Before", "After", { number: "Later" }, "From when it was due to its end"],
      rows.map((run) => [run[0], run[8] === null ? run[2] : `${run[2]}, was ${run[8]}`, ended(run[3], run[5]), el("span", { class: run[3] !== run[4] && "bad" }, ended(run[4], run[6])), later(run[7]), moved(run[5], run[6], most)])))];
}

function waits(found) {
  if (!found.length) return [];
  const most = Math.max(...found.flatMap((one) => [one[1], one[2]]), 1);
  const bars = (was, now) => svg("svg", { viewBox: `0 0 ${WIDTH} 18`, width: WIDTH, height: 18, "aria-hidden": "true" },
    svg("rect", { x: 0, y: 2, width: Math.max((WIDTH * was) / most, 0.5), height: 6, class: "was" }),
    svg("rect", { x: 0, y: 10, width: Math.max((WIDTH * now) / most, 0.5), height: 6, class: now > was ? "now worse" : "now better" }));
  return [el("h3", null, "What all task instances together waited for"), el("div", { class: "wide" },
    table("Waits before and after", ["Waited for", { number: "Before" }, { number: "After" }, { number: "More" }, ""],
      found.map(([limit, was, now]) => [limit, duration(was), duration(now), later(now - was), bars(was, now)])))];
}

function tasks(data) {
  if (!data.tasks.length) return [];
  const words = (waits) => waits.slice(0, 3).map(([limit, was, now]) => `${limit} ${duration(was)} → ${duration(now)}`).join("; ");
  const change = (pair) => (pair[0] === pair[1] ? pair[1] : `${pair[0] ?? "not there"} → ${pair[1] ?? "not there"}`);
  return [el("h3", null, `Task instances that go otherwise (${data.tasks_in_all.toLocaleString("en")})`),
    ...some(data.tasks, data.tasks_in_all, (rows) => table("Task instances that go otherwise",
      ["Task instance", "Dag run", "State", "Tries", { number: "Runs longer" }, "Waits for"],
      rows.map(([name, run, states, tries, longer, waited]) => [name, run, change(states), change(tries), Math.abs(longer) < 1 ? "" : later(longer), words(waited)])))];
}

function rules(found) {
  if (!found) return [];
  return [el("h3", null, `Rules of ${found.release} that decide something here`), el("p", { class: "dim" }, `${found.tried}.`),
    found.decided.length ? el("div", { class: "wide" }, table("Rules that decide something", ["Before", "Now", "DAGs"],
      found.decided.map(([was, now, dags]) => [was, now, dags.length > 6 ? `${dags.slice(0, 6).join(", ")} and ${count(dags.length - 6, "more", "more")}` : dags.join(", ")])))
      : el("p", null, "None.")];
}
