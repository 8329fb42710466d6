// Details: why one task instance waited, piece by piece, for which limit, and who held that.

import { el } from "./dom.js";
import { swatch } from "./groups.js";
import { count, duration, runWords } from "./words.js";

const NAMED = 3;
const PIECES = 60;

/** In a few words what an instance does at an instant. */
export function said(fleet, i, piece) {
  if (!piece) return fleet.stateName(i);
  const took = duration((piece.to - piece.from) / 1000);
  const { name } = piece.kind;
  if (name === "running") return `runs for ${took}`;
  if (name === "waiting on its worker") return `runs for ${took}, only waiting, and holds its slots`;
  if (name === "failed try") return `runs for ${took}, and the try fails`;
  return `waits ${took} for ${words(fleet, piece.kind, i)}`;
}

/** A limit as people read it. */
function words(fleet, kind, i) {
  const known = {
    upstream: "upstream tasks", "depends_on_past": "its instance in the run before (depends_on_past)",
    "retry delay": "its retry (retry_delay)", reschedule: "its next poke (reschedule)", trigger: "its trigger (deferred)",
    scheduler: "the scheduler's next loop", executor: "its way to a worker (executor)",
    max_active_runs: `its run to start: ${fleet.sized(kind, i)}`,
  };
  return known[kind.name] ?? fleet.sized(kind, i);
}

/** All of one instance. `instant`: the piece at it is marked. */
export function instanceDetails(fleet, time, page, i, instant, more) {
  const pieces = fleet.pieces(i);
  const task = fleet.tasks[fleet.task[i]];
  const tries = fleet.tries[i] ? ` in try ${fleet.tries[i]}${task.retries ? ` of ${task.retries + 1}` : ""}` : "";
  const { ran, waited } = fleet.spent(i);
  const shown = pieces.length > PIECES ? longest(pieces) : pieces;
  return [
    el("h3", null, fleet.name(i)),
    el("p", { class: "dim", title: fleet.runName(i) }, runWords(fleet.runName(i))),
    el("p", null, el("strong", { class: `state ${fleet.stateName(i)}` }, fleet.stateName(i)), tries,
      task.operator && el("span", { class: "dim" }, ` · ${task.operator}`)),
    el("p", null, `Ran ${duration(ran / 1000)}, waited ${duration(waited / 1000)} for limits and delays.`),
    el("ol", { class: "pieces" }, shown.map((one) => piece(fleet, time, page, i, one, instant))),
    pieces.length > shown.length && el("p", { class: "dim" }, `… and ${count(pieces.length - shown.length, "shorter piece")}`),
    ...more,
  ];
}

function longest(pieces) {
  const kept = new Set([...pieces].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, PIECES));
  return pieces.filter((one) => kept.has(one));
}

function piece(fleet, time, page, i, one, instant) {
  const here = instant !== undefined && one.from <= instant && instant < one.to;
  return el("li", { class: here && "here" },
    swatch(page.colour, one.kind.groupNumber),
    el("span", { class: "when" }, time.say(one.from)),
    el("span", { class: "what" }, said(fleet, i, one), held(fleet, i, one)));
}

function held(fleet, i, one) {
  const at = Math.max(one.from, fleet.first[i]);
  const runs = one.kind.holders === "runs";
  const found = runs ? fleet.runsActive(i, at) : fleet.holders(one.kind, i, at);
  if (!found.length) return null;
  const names = found.slice(0, NAMED).map((j) =>
    el("li", null, runs ? runWords(fleet.runs.name[j])
      : fleet.name(j) + (fleet.runName(j) === fleet.runName(i) ? "" : ` of ${runWords(fleet.runName(j))}`)));
  const rest = found.length > NAMED ? el("li", null, `and ${found.length - NAMED} more`) : null;
  return el("div", { class: "held" }, "held then by", el("ul", null, names, rest));
}

/** Several instances at once: how they ended, and where their time went. */
export function rowDetails(fleet, page, mask, row) {
  const states = new Map(), spent = new Map();
  for (let i = row.from; i < row.to; i += 1) {
    if (!mask[i]) continue;
    states.set(fleet.stateName(i), (states.get(fleet.stateName(i)) ?? 0) + 1);
    for (const { kind, from, to } of fleet.pieces(i)) spent.set(kind, (spent.get(kind) ?? 0) + to - from);
  }
  const ended = [...states].sort((a, b) => b[1] - a[1]);
  const where = [...spent].sort((a, b) => b[1] - a[1]);
  return [
    el("h3", null, row.label),
    el("p", { class: "dim" }, row.beside),
    el("p", null, ended.map(([state, number], n) => [n ? ", " : "", `${number.toLocaleString("en")} `,
      el("span", { class: `state ${state}` }, state)])),
    el("ol", { class: "pieces" }, where.map(([kind, ms]) => el("li", null,
      swatch(page.colour, kind.groupNumber), el("span", { class: "when" }, duration(ms / 1000)),
      el("span", { class: "what" }, kind.name)))),
  ];
}

/** What the colours mean. */
export function legend(page, groups) {
  return el("ul", { class: "legend", "aria-label": "What the colours and patterns mean" }, groups.map((one) =>
    el("li", null, swatch(page.colour, one.number), one.label)),
  el("li", null, el("span", { class: "failmark", "aria-hidden": "true" }, "▼"), "failed for good"));
}

