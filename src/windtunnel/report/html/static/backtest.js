// Backtest: for each DAG what was predicted beside what happened, with the prediction without calibration.

import { el, table } from "./dom.js";
import { count, duration } from "./words.js";
import { svg } from "./svg.js";

const WIDTH = 300;
const FROM = {
  calibrated: "predicted from what was known before it",
  replayed: "predicted with the durations that were measured in it",
};

export function draw(root, data) {
  root.append(
    el("p", { class: "verdict" }, data.trust),
    el("p", { class: "dim" }, `${data.window[0]} to ${data.window[1]} UTC of ${data.source}, ${data.learned_from ? `predicted from ${data.learned_from}` : FROM[data.mode] ?? data.mode}: ${count(data.trials, "simulation")}.`),
    ...quantity("Landing, from due to end", "landing", data),
    ...quantity("Makespan, from start to end", "makespan", data),
    ...queued(data.dags),
    ...list("Learned of the deployment", data.learned),
    ...list("Where the simulation is another one than the past", data.notes),
    ...list("What nothing before the window tells of", data.reasons),
  );
}

function share(part, signed) {
  if (part === null || part === undefined) return "";
  return `${signed && part > 0 ? "+" : ""}${(100 * part).toFixed(Math.abs(part) < 0.1 ? 1 : 0)} %`.replace("-", "−");
}

function quantity(title, name, data) {
  const known = data.dags.filter((dag) => dag[name]);
  if (!known.length) return [];
  const rows = known.map((dag) => {
    const one = dag[name];
    return [dag.dag, one.runs.toLocaleString("en"), duration(one.was), duration(one.predicted), graded(one.error), share(one.off),
      share(one.by_chance), share(one.within), one.plain_error === null ? "" : share(one.plain_error, true), beside(one)];
  });
  const middle = data[name];
  const said = middle[0] === null ? "" : `Median error over DAGs, either way: ${share(middle[0])}` +
    (middle[1] === null ? "." : `; without calibration ${share(middle[1])}.`);
  return [el("h3", null, title), el("p", null, said), key(),
    el("div", { class: "wide" }, table(title,
      ["DAG", { number: "Runs" }, { number: "Was" }, { number: "Predicted" }, { number: "Error" }, { number: "Each run" },
        { number: "By chance" }, { number: "In the 90 % range" }, { number: "Default" }, "Each on one line, as a part of what it was"], rows)),
    el("p", { class: "about" }, "Was, predicted: medians. Each run: the median of how far its own prediction is off. By chance: how far it would be off if every " +
      "assumption held. In the 90 % range: share of the runs between the least and the most that 90 % of their simulations gave. Default: the error without calibration.")];
}

function graded(error) {
  const size = Math.abs(error);
  const style = size <= 0.1 ? "good" : size <= 0.25 ? "" : "bad";
  return el("span", { class: style }, share(error, true));
}

/** What it was in the middle, half of it to the left, twice to the right; what was predicted as marks. */
function beside(one) {
  const x = (seconds) => WIDTH / 2 + Math.max(-1, Math.min(1, Math.log2(Math.max(seconds, 1e-9) / Math.max(one.was, 1e-9)))) * (WIDTH / 2 - 10);
  const square = (seconds, style, size) => svg("path", { d: `M${x(seconds)} ${9 - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`, class: style });
  return svg("svg", { viewBox: `0 0 ${WIDTH} 18`, width: WIDTH, height: 18, "aria-hidden": "true" },
    svg("rect", { x: x(0.9 * one.was), y: 3, width: x(1.1 * one.was) - x(0.9 * one.was), height: 12, class: "near" }),
    svg("line", { x1: 4, x2: WIDTH - 4, y1: 9, y2: 9, class: "base" }),
    svg("line", { x1: x(one.was), x2: x(one.was), y1: 2, y2: 16, class: "actual" }),
    one.plain !== null && square(one.plain, "plain", 5), square(one.predicted, "predicted", 5));
}

function key() {
  const entry = (shape, text) => el("li", null, svg("svg", { viewBox: "0 0 14 18", width: 14, height: 18, "aria-hidden": "true" }, shape), text);
  return el("ul", { class: "legend" },
    entry(svg("line", { x1: 7, x2: 7, y1: 2, y2: 16, class: "actual" }), "what it was"),
    entry(svg("rect", { x: 1, y: 3, width: 12, height: 12, class: "near" }), "within 10 %"),
    entry(svg("path", { d: "M7 4l5 5l-5 5l-5 -5z", class: "predicted" }), "predicted"),
    entry(svg("path", { d: "M7 4l5 5l-5 5l-5 -5z", class: "plain" }), "predicted without calibration"));
}

function queued(dags) {
  const known = dags.filter((dag) => dag.queued);
  if (!known.length) return [];
  const time = (seconds) => (seconds === null ? "" : duration(Math.round(seconds * 10) / 10));
  return [el("h3", null, "Time in the queue, on average"), el("div", { class: "wide" }, table("Time in the queue",
    ["DAG", { number: "Was" }, { number: "Predicted" }, { number: "Default" }, { number: "Runs that failed" }, { number: "Predicted" }],
    known.map((dag) => [dag.dag, ...dag.queued.map(time), share(dag.failed[0]), share(dag.failed[1])])))];
}

function list(title, said) {
  return said.length ? [el("h3", null, title), el("ul", null, said.map((one) => el("li", null, one)))] : [];
}
