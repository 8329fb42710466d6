// Findings over time: a graph of who holds and who waits for what, a slider over the steps that led to
// it, and the same in words. Task instances stand on the left, limits on the right.

import { el } from "./dom.js";
import { duration, instant } from "./words.js";
import { svg } from "./svg.js";

const ROW = 46;
const BOX = 34;
const LEFT = 190;
const WIDE = 380;
const RIGHT = 800;
const LIMIT = 190;
const WIDTH = 1000;

export function draw(root, data, page) {
  const body = el("div");
  const choose = el("select", { id: "finding", onchange: () => show(Number(choose.value)) },
    data.findings.map((one, number) => el("option", { value: number }, `${one.code} ${one.title}: ${about(one)}`)));
  const show = (number) => body.replaceChildren(...finding(data.findings[number], page));
  root.append(data.findings.length > 1 ? el("p", { class: "tools" }, el("label", { for: "finding" }, "Finding"), choose) : "", body);
  show(0);
}

function about(one) {
  const named = [...new Set(one.nodes.map((node) => node[0]))];
  return named.slice(0, 2).join(", ") + (named.length > 2 ? "…" : "");
}

function finding(one, page) {
  const last = one.steps.length - 1;
  const slider = el("input", { type: "range", id: "step", min: 0, max: last, value: last, step: 1 });
  const picture = el("div", { class: "wide" });
  const said = el("div", { class: "now" });
  const at = el("output", { for: "step", class: "at" });
  const events = one.steps.map((step, number) => el("li", null,
    el("button", { type: "button", class: "event", onclick: () => go(number) },
      el("span", { class: "time" }, instant(step[0]).slice(11)), " ",
      step[1].length ? step[1].join("; ") : changed(one, number))));
  const buttons = [["◀", "Step before", -1], ["▶", "Next step", 1]].map(([sign, label, by]) =>
    el("button", { type: "button", "aria-label": label, onclick: () => go(Number(slider.value) + by) }, sign));

  function go(number) {
    number = Math.min(Math.max(number, 0), last);
    slider.value = String(number);
    const step = one.steps[number];
    const words = `${instant(step[0])} UTC, step ${number + 1} of ${last + 1}`;
    slider.setAttribute("aria-valuetext", words);
    at.textContent = words;
    picture.replaceChildren(graph(one, step));
    said.replaceChildren(...inWords(one, step));
    events.forEach((event, other) => {
      if (other === number) event.setAttribute("aria-current", "step");
      else event.removeAttribute("aria-current");
      event.className = other > number ? "later" : "";
    });
    const box = events[number].parentElement;
    if (box) box.scrollTop = Math.max(events[number].offsetTop - box.offsetTop - 120, 0);
  }

  slider.addEventListener("input", () => go(Number(slider.value)));
  const list = el("ol", { class: "events", tabindex: 0, "aria-label": "What led to it" }, events);
  const found = [
    el("p", { class: "path-head" }, el("code", { class: "bad" }, one.code), " ", el("strong", null, one.title), ". ", one.summary),
    el("p", { class: "dim" }, when(one)),
    el("div", { class: "scrubber" }, el("label", { for: "step" }, "Time"), slider, buttons, at),
    el("div", { class: "waiting" }, picture, el("div", { class: "beside" }, el("h3", null, "What happened"), list)),
    key(),
    el("h3", null, "At this instant"), said,
  ];
  go(last);
  requestAnimationFrame(() => go(last));
  return found;
}

function when(one) {
  const since = one.since === null ? "" : `From ${instant(one.since)} UTC`;
  const until = one.until === null ? (since && ", and nothing ends it") : ` until ${instant(one.until)}` +
    (one.since === null ? "" : `, ${duration((one.until - one.since) / 1000)} later`) + (one.ended_by ? `: ${one.ended_by}` : "");
  const more = one.left_out ? ` ${one.left_out} more take part and are not drawn.` : "";
  const replay = one.replay ? ` Simulate it again: windtunnel replay ${one.replay}` : "";
  return `${since}${until}.${more}${replay}`;
}

function changed(one, number) {
  const before = number ? one.steps[number - 1][3] : [];
  const known = new Set(before.map((edge) => edge.slice(0, 3).join()));
  const name = (node) => one.nodes[node][0];
  const fresh = one.steps[number][3].filter((edge) => !known.has(edge.slice(0, 3).join()));
  const words = { waits: "waits for", wants: "waits for", held: "is held by" };
  const now = new Set(one.steps[number][3].map((edge) => edge.slice(0, 3).join()));
  const gone = before.filter((edge) => edge[2] === "held" && !now.has(edge.slice(0, 3).join()));
  const said = [...gone.map((edge) => `${name(edge[1])} lets ${name(edge[0])} go`),
    ...fresh.map((edge) => `${name(edge[0])} ${words[edge[2]]} ${name(edge[1])}`)];
  return said.length > 3 ? `${said.slice(0, 2).join("; ")} and ${said.length - 2} more` : said.join("; ") || "a wait ends";
}

function key() {
  const line = (style, text) => el("li", null, svg("svg", { viewBox: "0 0 30 10", width: 30, height: 10, "aria-hidden": "true" },
    svg("line", { x1: 1, x2: 24, y1: 5, y2: 5, class: style }), svg("path", { d: "M22 1l7 4l-7 4z", class: `tip ${style}` })), text);
  return el("ul", { class: "legend" }, line("edge waits", "waits for the work of"), line("edge wants", "waits for a part of"),
    line("edge held", "is held by"), line("edge waits closed", "part of a circle that nothing opens"));
}

function graph(one, step) {
  const [, , states, edges] = step;
  const tasks = one.nodes.map((node, number) => number).filter((number) => one.nodes[number][1]);
  const limits = one.nodes.map((node, number) => number).filter((number) => !one.nodes[number][1]);
  const rows = Math.max(tasks.length, limits.length, 1);
  const height = rows * ROW + 8;
  const y = new Map(tasks.map((node, row) => [node, 4 + row * ROW + BOX / 2]));
  limits.forEach((node, place) => y.set(node, ((place + 0.5) * height) / limits.length));
  const closed = new Set(edges.filter((edge) => edge[3]).flatMap((edge) => edge.slice(0, 2)));
  const drawn = [...edges].sort((a, b) => a[3] - b[3]).map((edge) => line(edge, y, edges));
  const twins = (node) => one.nodes.filter((other) => other[0] === one.nodes[node][0]).length > 1;
  const task = (node) => box(LEFT, y.get(node), WIDE, one.nodes[node][0], states[node] + (twins(node) ? `, ${one.nodes[node][1]}` : ""),
    "task", closed.has(node), one.nodes[node].slice(0, 2).join(" "));
  const limit = (node) => {
    const size = one.nodes[node][2];
    const used = states[node].replace("held by ", "");
    const wanted = edges.some((edge) => edge[1] === node && edge[2] === "wants");
    const lost = wanted && size !== null && Number(used) < size && one.nodes[node][0].startsWith("resource ");
    const words = size === null ? `${used} in use` : `${used} of ${size} in use${lost ? ", none free" : ""}`;
    return box(RIGHT, y.get(node), LIMIT, one.nodes[node][0], words, "limit", closed.has(node), one.nodes[node][0]);
  };
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "graph", role: "img", "aria-label": "Wait-for graph; the list below says the same" },
    drawn, tasks.map(task), limits.map(limit));
}

function box(x, y, width, name, words, kind, closed, whole) {
  const most = Math.floor((width - 20) / 7.1);
  const gone = /^(not there yet|success)/.test(words);
  return svg("g", { class: `node ${kind}${closed ? " closed" : ""}${gone ? " gone" : ""}` },
    svg("title", null, `${whole}: ${words}`),
    svg("rect", { x, y: y - BOX / 2, width, height: BOX, rx: kind === "limit" ? BOX / 2 : 4 }),
    svg("text", { x: x + 12, y: y - 2 }, name.length > most ? `…${name.slice(1 - most)}` : name),
    svg("text", { x: x + 12, y: y + 12, class: "state" }, words));
}

function line([source, target, kind, closed], y, edges) {
  const from = y.get(source), to = y.get(target);
  const style = `edge ${kind}${closed ? " closed" : ""}`;
  if (kind === "waits") {
    const bulge = Math.min(30 + 9 * Math.abs(to - from) / ROW + 14 * (source % 3), LEFT - 14);
    const d = `M${LEFT} ${from + 5}C${LEFT - bulge * 1.3} ${from + 5} ${LEFT - bulge * 1.3} ${to - 5} ${LEFT - 9} ${to - 5}`;
    return [svg("path", { d, class: style }), tip(LEFT, to - 5, 1, style)];
  }
  const wants = kind === "wants";
  const [x1, x2] = wants ? [LEFT + WIDE, RIGHT] : [RIGHT, LEFT + WIDE];
  const both = edges.some((other) => other[0] === target && other[1] === source);
  const shift = both ? (wants ? -6 : 6) : 0;
  const end = wants ? x2 - 9 : x2 + 9;
  const middle = (x1 + x2) / 2;
  const d = `M${x1} ${from + shift}C${middle} ${from + shift} ${middle} ${to + shift} ${end} ${to + shift}`;
  return [svg("path", { d, class: style }), tip(x2, to + shift, wants ? 1 : -1, style)];
}

function tip(x, y, way, style) {
  return svg("path", { d: `M${x - 9 * way} ${y - 4}L${x} ${y}L${x - 9 * way} ${y + 4}z`, class: `tip ${style}` });
}

/** The graph as a list, for who does not see it. */
function inWords(one, step) {
  const [, , states, edges] = step;
  const rows = one.nodes.map((node, number) => {
    const mine = edges.filter((edge) => edge[0] === number && edge[2] !== "held").map((edge) => one.nodes[edge[1]][0]);
    const has = edges.filter((edge) => edge[1] === number && edge[2] === "held").map((edge) => one.nodes[edge[0]][0]);
    if (!node[1]) return null;
    const parts = [has.length && `holds ${has.join(", ")}`, mine.length && `waits for ${some(mine)}`].filter(Boolean);
    return el("li", null, el("strong", null, node[0]), ` ${states[number].replaceAll("_", " ")}`, parts.length ? `, ${parts.join(", ")}` : "",
      el("span", { class: "dim" }, ` ${node[1]}`));
  });
  const circle = edges.some((edge) => edge[3]);
  return [circle ? el("p", { class: "bad" }, "A circle is closed: nobody in it can go on.") : "", el("ul", null, rows.filter(Boolean))];
}

function some(names) {
  const each = [...new Set(names)];
  return each.length > 4 ? `${each.slice(0, 3).join(", ")} and ${each.length - 3} more` : each.join(", ");
}
