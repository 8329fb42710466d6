// Capacity: curves of what is on time over a setting, with the band in which the truth is; what binds
// and what it costs below; and all of it as a table.

import { el, table } from "./dom.js";
import { count, duration } from "./words.js";
import { svg } from "./svg.js";

const WIDTH = 1000;
const HEIGHT = 330;
const LEFT = 74;
const RIGHT = 170;
const TOP = 30;
const SERIES = 5;
const LETTER = 6.4;

export function draw(root, data) {
  const all = series(data);
  const curves = all.slice(0, SERIES);
  const signs = new Map();
  root.append(
    el("p", { class: "verdict" }, verdict(data)),
    el("p", { class: "dim" }, asked(data)),
    el("div", { class: "wide" }, chart(data, curves, signs)),
    key(data, curves, signs),
    ...left(all.slice(SERIES)),
    ...formula(data.formula),
    el("h3", null, "Every setting that was simulated"),
    el("div", { class: "wide" }, everything(data)),
    ...deadlines(data),
    ...(data.assumed.length ? [el("h3", null, "Assumed"), el("div", { class: "wide" }, table("Assumed", ["About", "What was taken, as nothing says otherwise"], data.assumed))] : []),
  );
}

function percent(share) {
  const digits = share > 0.995 || share < 0.005 ? 2 : 1;
  return `${Number((100 * share).toFixed(digits))} %`;
}

function named(data, number) {
  return data.points[number].said.join(", ");
}

function interval(point) {
  return `${percent(point.estimate)} (${percent(point.low)} to ${percent(point.high)})`;
}

function several(data, number) {
  const [first, ...rest] = data.points[number].said;
  return rest.length || /^(?!1 )\d/.test(first) ? "are" : "is";
}

function verdict(data) {
  if (data.answer !== null) {
    const point = data.points[data.answer];
    const perhaps = data.perhaps === null ? "" : ` ${named(data, data.perhaps)} may be enough, too; it is not known yet.`;
    return `${named(data, data.answer)} ${several(data, data.answer)} enough: ${interval(point)} on time.${perhaps}`;
  }
  if (data.perhaps !== null) return `${named(data, data.perhaps)} may be enough; it is not known yet.`;
  return "None of these settings is enough, as far as is known.";
}

function asked(data) {
  const simulated = `${count(data.simulations, "simulation")} of ${data.window} each, intervals of ${percent(data.confidence)}.`;
  const same = data.drawn ? "" : " Nothing is drawn here, so all days are the same.";
  return `Asked: ${data.asked.join("; ") || "that nothing deadlocks"}, on ${percent(data.share)} of the runs. ${simulated}${same} ${data.searched}`;
}

/** The setting on the axis: that with the most values, the first of equals. */
function axis(data) {
  const values = data.settings.map((_, place) => new Set(data.points.map((one) => one.values[place])).size);
  return values.indexOf(Math.max(...values));
}

/** A curve for each choice of the other settings, that of the answer first. */
function series(data) {
  const found = new Map();
  const own = axis(data);
  data.points.forEach((point, number) => {
    const rest = point.said.filter((_, place) => place !== own).join(", ");
    if (!found.has(rest)) found.set(rest, []);
    found.get(rest).push({ ...point, number, x: point.values[own] });
  });
  const answer = data.answer ?? data.perhaps;
  const has = (points) => points.some((point) => point.number === answer);
  return [...found].map(([name, points]) => ({ name, points: points.sort((a, b) => a.x - b.x) }))
    .sort((a, b) => has(b.points) - has(a.points) || b.points.length - a.points.length);
}

/** `signs`: is filled with what stands for a name that has no room. */
function chart(data, curves, signs) {
  const points = curves.flatMap((one) => one.points);
  const usual = data.settings[axis(data)] === "workers" ? data.formula : null;
  const xs = [...new Set([...points.map((one) => one.x), ...(usual ? [usual.workers] : [])])].sort((a, b) => a - b);
  const even = xs.length < 2 || xs.at(-1) / Math.max(xs[0], 1) > 40;
  const span = Math.max(xs.at(-1) - xs[0], 1);
  const share = (value) => (even ? xs.indexOf(value) / Math.max(xs.length - 1, 1) : (value - xs[0]) / span);
  const x = (value) => LEFT + 24 + share(value) * (WIDTH - LEFT - RIGHT - 48);
  const least = Math.min(data.share, ...points.map((one) => one.low));
  const floor = Math.max(0, least - 0.06 * (1 - least) - 0.002);
  const y = (part) => TOP + ((1 - part) / (1 - floor)) * (HEIGHT - TOP);
  const costs = points.some((one) => one.cost !== null || one.hours !== null);
  const binds = curves.length === 1 && points.some((one) => one.binds);
  const below = HEIGHT + 34;
  const height = below + (binds ? 44 : 0) + (costs ? 92 : 0) + 6;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "capacity", role: "img", "aria-label": "Share on time over the first setting; the table below says the same" },
    shares(floor, y), svg("text", { x: LEFT - 60, y: 12, class: "dim" }, "on time"),
    xs.map((value) => [svg("line", { x1: x(value), x2: x(value), y1: TOP, y2: HEIGHT + 5, class: "grid" }),
      svg("text", { x: x(value), y: HEIGHT + 18, "text-anchor": "middle" }, String(value))]),
    svg("text", { x: WIDTH - RIGHT + 12, y: HEIGHT + 18, class: "dim" }, data.settings[axis(data)]),
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(data.share), y2: y(data.share), class: "required" }),
    svg("text", { x: WIDTH - RIGHT + 8, y: y(data.share) + 4 }, `asked: ${percent(data.share)}`),
    usual && [svg("line", { x1: x(usual.workers), x2: x(usual.workers), y1: TOP, y2: HEIGHT, class: "formula" },
      svg("title", null, divided(usual))),
    svg("text", { x: x(usual.workers) + 5, y: HEIGHT - 8, class: "dim" }, "usual formula")],
    curves.map((one, number) => curve(data, one.points, number, x, y)),
    binds && binding(curves[0].points, x, below, signs),
    costs && cost(data, curves[0].points, x, below + (binds ? 44 : 0)));
}

function shares(floor, y) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
  const step = steps.find((one) => (1 - floor) / one <= 6) ?? 0.25;
  const found = [];
  for (let part = 1; part >= floor - 1e-9; part -= step) {
    found.push(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(part), y2: y(part), class: "grid" }),
      svg("text", { x: LEFT - 8, y: y(part) + 4, "text-anchor": "end" }, percent(Math.max(part, 0))));
  }
  return found;
}

function curve(data, points, number, x, y) {
  const path = (of, list) => list.map((one, place) => `${place ? "L" : "M"}${x(one.x)} ${y(of(one))}`).join("");
  const band = `${path((one) => one.high, points)}${path((one) => one.low, [...points].reverse()).replace("M", "L")}Z`;
  const bars = points.map((one) => svg("path", { d: `M${x(one.x) - 4} ${y(one.high)}h8m-4 0V${y(one.low)}m-4 0h8`, class: `whisker series-${number}` }));
  const marks = points.map((one) => {
    const words = `${named(data, one.number)}: ${interval(one)}, ${one.verdict}${one.binds ? `; ${one.binds} is waited for longest` : ""}`;
    const chosen = one.number === data.answer;
    const knee = one.number === data.knee;
    return [chosen && svg("circle", { cx: x(one.x), cy: y(one.estimate), r: 10, class: "answer" }),
      knee && svg("path", { d: `M${x(one.x)} ${y(one.estimate) - 12}l8 12l-8 12l-8 -12z`, class: "knee" }),
      mark(x(one.x), y(one.estimate), one.verdict, number, words)];
  });
  return svg("g", null, points.length > 1 && svg("path", { d: band, class: `band series-${number}` }),
    svg("path", { d: path((one) => one.estimate, points), class: `curve series-${number}` }), bars, marks);
}

/** Yes is full, no is empty, not known is half. */
function mark(x, y, verdict, number, words) {
  const title = svg("title", null, words);
  if (verdict === "unknown") {
    return svg("g", { class: `mark series-${number}` }, title, svg("circle", { cx: x, cy: y, r: 5, class: "open" }), svg("path", { d: `M${x} ${y - 5}a5 5 0 0 1 0 10z` }));
  }
  return svg("g", { class: `mark series-${number}` }, title, svg("circle", { cx: x, cy: y, r: 5, class: verdict === "no" ? "open" : "" }));
}

/** What is waited for longest, as one strip: a cell for all points after one another that wait for
 * the same. */
function binding(points, x, top, signs) {
  const middle = (a, b) => (x(a.x) + x(b.x)) / 2;
  return [svg("text", { x: LEFT - 8, y: top + 18, "text-anchor": "end", class: "dim" }, "binds"), bound(points).map((cell) => {
    const from = cell.first ? middle(points[cell.first - 1], points[cell.first]) : LEFT;
    const to = cell.last < points.length - 1 ? middle(points[cell.last], points[cell.last + 1]) : WIDTH - RIGHT;
    const fits = cell.name.length * LETTER < to - from - 8;
    if (!fits) signs.set(cell.sign, cell.name);
    return svg("g", null, svg("title", null, `${points[cell.first].x}${cell.first < cell.last ? ` to ${points[cell.last].x}` : ""}: ${cell.name}`),
      svg("rect", { x: from + 1, y: top, width: Math.max(to - from - 2, 1), height: 28, class: "binds" }),
      svg("text", { x: (from + to) / 2, y: top + 18, "text-anchor": "middle", class: "bound" }, fits ? cell.name : cell.sign));
  })];
}

/** The cells of the strip: { name, sign, first, last }; the sign is for where the name has no room. */
function bound(points) {
  const cells = [];
  const names = [...new Set(points.map((one) => one.binds ?? "nothing"))];
  points.forEach((one, place) => {
    const name = one.binds ?? "nothing";
    if (cells.at(-1)?.name === name) cells.at(-1).last = place;
    else cells.push({ name, sign: String.fromCodePoint(97 + names.indexOf(name)), first: place, last: place });
  });
  return cells;
}

function cost(data, points, x, top) {
  const of = (one) => one.cost ?? one.hours ?? 0;
  const most = Math.max(...points.map(of), 1e-9);
  const priced = points.some((one) => one.cost !== null);
  return [svg("text", { x: LEFT - 8, y: top + 16, "text-anchor": "end", class: "dim" }, priced ? "cost" : "hours"),
    svg("text", { x: LEFT - 8, y: top + 32, "text-anchor": "end", class: "dim" }, "per day"),
    points.map((one) => {
      const high = (58 * of(one)) / most;
      return [svg("rect", { x: x(one.x) - 14, y: top + 66 - high, width: 28, height: Math.max(high, 1), class: "cost" },
        svg("title", null, `${named(data, one.number)}: ${of(one).toFixed(1)} ${priced ? "" : "worker hours "}in 24 h, paid ${data.paid}`)),
      svg("text", { x: x(one.x), y: top + 82, "text-anchor": "middle" }, of(one).toLocaleString("en", { maximumFractionDigits: 1 }))];
    })];
}

function key(data, curves, signs) {
  const entry = (shape, text) => el("li", null, svg("svg", { viewBox: "0 0 22 16", width: 22, height: 16, "aria-hidden": "true" }, shape), text);
  return el("ul", { class: "legend" },
    curves.length > 1 && curves.map((one, number) => entry(svg("line", { x1: 0, x2: 22, y1: 8, y2: 8, class: `curve series-${number}` }), one.name)),
    entry(mark(11, 8, "yes", 0, ""), "enough"), entry(mark(11, 8, "no", 0, ""), "not enough"),
    data.points.some((one) => one.verdict === "unknown") && entry(mark(11, 8, "unknown", 0, ""), "not known yet"),
    entry(svg("rect", { x: 2, y: 3, width: 18, height: 10, class: "band series-0" }), `where the truth is, with ${percent(data.confidence)}`),
    data.answer !== null && entry(svg("circle", { cx: 11, cy: 8, r: 6, class: "answer" }), "the answer"),
    data.knee !== null && entry(svg("path", { d: "M11 1l5 7l-5 7l-5 -7z", class: "knee" }), "the knee: beyond it, more brings little"),
    [...signs].sort().map(([sign, name]) => el("li", null, el("strong", null, sign), `${name} binds`)));
}

/** The curves for which there is no room, so that nobody takes those that are drawn for all. */
function left(curves) {
  if (!curves.length) return [];
  return [el("p", { class: "dim" }, `Not drawn, only in the table: ${curves.map((one) => one.name).join(curves.some((one) => one.name.includes(",")) ? "; " : ", ")}.`)];
}

function divided(found) {
  return `${count(found.peak, "task")} at once ÷ ${count(found.slots, "slot")} of a worker × ${found.buffer}`;
}

function formula(found) {
  if (!found) return [];
  return [el("h3", null, "The usual formula"),
    el("p", null, `${divided(found)} = ${count(found.workers, "worker")}. ${found.why.length ? "" : "It says the same."}`),
    found.why.length ? el("ul", null, found.why.map((one) => el("li", null, one))) : ""];
}

function everything(data) {
  const costs = data.points.some((one) => one.cost !== null);
  const hours = data.points.some((one) => one.hours !== null);
  const verdicts = { yes: "enough", no: "not enough", unknown: "not known yet" };
  const note = (number) => [number === data.answer && "the answer", number === data.knee && "the knee", number === data.perhaps && "perhaps"].filter(Boolean).join(", ");
  return table("Every setting that was simulated",
    [...data.settings.map((name) => ({ number: name })), "", { number: "On time" }, { number: "Between" }, { number: "Simulations" }, "Waited for longest", "Found",
      ...(hours ? [{ number: "Worker hours a day" }] : []), ...(costs ? [{ number: "Cost a day" }] : []), ""],
    data.points.map((one, number) => [...one.values.map(String), verdicts[one.verdict], percent(one.estimate), `${percent(one.low)} to ${percent(one.high)}`,
      `${one.days.toLocaleString("en")}${one.more ? ` (some ${one.more.toLocaleString("en")} would do)` : ""}`,
      one.waits.slice(0, 2).map(([limit, seconds]) => `${limit} ${duration(seconds)}`).join(", ") || "nothing",
      one.findings.map(([code, times]) => `${code} in ${times}`).join(", "),
      ...(hours ? [(one.busy !== null && data.paid !== "all the time" ? one.busy : one.hours ?? 0).toFixed(1)] : []),
      ...(costs ? [one.cost === null ? "" : one.cost.toFixed(2)] : []), note(number)]));
}

/** Each deadline by itself, where there are several. */
function deadlines(data) {
  if (!data.points.some((one) => one.kept.length > 1)) return [];
  const rows = data.points.flatMap((one, number) => one.kept.map((kept) => [named(data, number), kept[0], percent(kept[1]),
    `${percent(kept[2])} to ${percent(kept[3])}`, kept[4].toLocaleString("en"), kept[5].toLocaleString("en"),
    kept[6] === null ? "–" : duration(kept[6]), kept[7] === null ? "–" : duration(kept[7])]));
  return [el("h3", null, "Each deadline by itself"), el("div", { class: "wide" }, table("Each deadline at each setting",
    ["Setting", "Deadline", { number: "On time" }, { number: "Between" }, { number: "Due" }, { number: "Late" }, { number: "Half land within" },
      { number: `${percent(data.share)} within` }], rows))];
}
