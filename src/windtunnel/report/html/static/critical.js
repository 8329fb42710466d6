// Critical path: what decided when a dag run landed, as lanes and as a list; and the slack of the rest.

import { el, parted, table } from "./dom.js";
import { GROUPS, GROUP, swatch } from "./groups.js";
import { duration, instant, runWords } from "./words.js";
import { step, svg } from "./svg.js";

const LABELS = 250;
const HEAD = 14;
const TAIL = 19;
const WIDTH = 1000;
const RIGHT = 32;
const LANE = 22;
const TOP = 24;
const LANES = 60;
const SLACK = 40;

export function draw(root, data, page) {
  const choose = el("select", { id: "path-run" }, data.runs.map((run, number) =>
    el("option", { value: number }, title(run))));
  const body = el("div");
  const show = (number) => {
    choose.value = String(number);
    body.replaceChildren(...path(data.runs[number], page).filter(Boolean));
  };
  const asked = () => Math.max(data.runs.findIndex((run) => run.number === page.state.run), 0);
  choose.addEventListener("change", () => {
    page.state.run = data.runs[Number(choose.value)].number;
    show(Number(choose.value));
  });
  page.on("run", () => show(asked()));
  page.on("theme", () => show(Number(choose.value)));
  root.append(el("p", { class: "tools" }, el("label", { for: "path-run" }, "Dag run"), choose,
    data.left_out > 0 && el("span", { class: "dim" },
      `and ${data.left_out.toLocaleString("en")} more that landed sooner, not kept here`)), body);
  show(asked());
}

function title(run) {
  const took = run.ended === null ? run.state : `${run.state} after ${duration(length(run))}`;
  return `${run.dag} ${runWords(run.run)}: ${took}${run.late ? ", late" : ""}`;
}

function length(run) {
  return Math.max(run.ended - run.due, 0) / 1000;
}

function path(run, page) {
  if (!run.links.length) return [el("p", null, "It ended when it was due: nothing took any time.")];
  const groups = [...new Set(run.links.map((link) => link[4]))].filter((one) => one !== "nothing");
  return [
    el("p", { class: "path-head" }, head(run)),
    el("ul", { class: "legend" }, groups.map((one) => el("li", null,
      swatch(page.colour, GROUP.get(one)), GROUPS[GROUP.get(one)].label)),
    run.links.some((link) => link[5].length) && el("li", null, el("span", { class: "behind-key" }), "who had the limit")),
    el("div", { class: "wide" }, lanes(run)),
    el("h3", null, "Link by link"), listed(run),
    ...room(run),
  ];
}

function head(run) {
  const due = `Due ${instant(run.due)} UTC`;
  if (run.ended === null) return `${due}; it is still ${run.state} when the window ends. What it waits for:`;
  const links = run.links.slice(run.before);
  const waited = links.filter((link) => !["running", "failed", "nothing"].includes(link[4]))
    .reduce((sum, link) => sum + link[2], 0);
  const allowed = run.allowed_s === null ? "" : `; its deadline was ${duration(run.allowed_s)} after it was due`;
  const spent = waited > 0 ? ` On its critical path ${duration(waited)} of that went by waiting.` : "";
  return `${due}, ${run.state} at ${instant(run.ended)}, ${duration(length(run))} later${allowed}.${spent}`;
}

/** A lane for each who, in the order in which the path comes to them. */
function lanes(run) {
  const order = [...new Set(run.links.map((link) => link[0]))];
  const lane = new Map(order.slice(-LANES).map((who, number) => [who, number]));
  const links = run.links.filter((link) => lane.has(link[0]));
  const from = links[0][1];
  const last = links.at(-1);
  const to = Math.max(last[1] + 1000 * last[2], from + 1, run.due + 1000 * (run.allowed_s ?? 0));
  const x = (ms) => LABELS + ((ms - from) / (to - from)) * (WIDTH - LABELS - RIGHT);
  const height = TOP + LANE * lane.size + 6;
  const own = (who) => run.who[who][1] === run.run && run.who[who][0].split(".")[0] === run.dag.split(".")[0];
  const labels = [...lane].map(([who, number]) => svg("text", {
    x: LABELS - 8, y: TOP + LANE * (number + 0.5) + 4, "text-anchor": "end",
    class: own(who) ? "own" : "other",
  }, short(run.who[who][0]), svg("title", null, run.who[who].join(" "))));
  const bars = links.map((link, number) => {
    const y = TOP + LANE * lane.get(link[0]);
    const x1 = x(link[1]), width = Math.max(x(link[1] + 1000 * link[2]) - x1, 1.5);
    const next = links[number + 1];
    const down = next && lane.get(next[0]) !== lane.get(link[0]) && svg("path", {
      d: `M${x1 + width} ${y + LANE / 2}V${TOP + LANE * (lane.get(next[0]) + 0.5)}`, class: "hand",
    });
    return [down, svg("rect", { x: x1, y: y + 4, width, height: LANE - 8, rx: 1.5, class: "link",
      fill: link[4] === "nothing" ? "none" : `var(${GROUPS[GROUP.get(link[4])].variable})` },
      svg("title", null, said(run, link))),
      link[4] === "nothing" && svg("rect", { x: x1, y: y + 4, width, height: LANE - 8, class: "nothing" }),
      link[5].map((other) => svg("rect", { x: x(other[1]), y: y + LANE - 7,
        width: Math.max(x(other[1] + 1000 * other[2]) - x(other[1]) - 0.7, 1), height: 3, class: "behind" },
        svg("title", null, said(run, other))))];
  });
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "lanes", role: "img",
    "aria-label": "The critical path as lanes; the list below says the same" },
    [...lane.values()].map((number) => svg("rect", { x: 0, y: TOP + LANE * number, width: WIDTH, height: LANE,
      class: number % 2 ? "lane" : "lane odd" })),
    axis(run, from, to, x, height), labels, bars);
}

function axis(run, from, to, x, height) {
  const every = 1000 * step((to - from) / 1000, 7);
  const marks = [];
  for (let at = Math.ceil(from / every) * every; at <= to; at += every) {
    marks.push(svg("line", { x1: x(at), x2: x(at), y1: TOP - 6, y2: height, class: "grid" }),
      svg("text", { x: x(at), y: 12, "text-anchor": "middle", class: "tick" },
        instant(at).slice(11, every < 60000 ? 19 : 16)));
  }
  const line = (at, name, style) => at >= from && at <= to &&
    svg("line", { x1: x(at), x2: x(at), y1: TOP - 8, y2: height, class: style }, svg("title", null, name));
  return [marks, line(run.due, "due", "due"),
    run.allowed_s !== null && line(run.due + 1000 * run.allowed_s, "deadline", "deadline")];
}

function said(run, link) {
  const [name, of] = run.who[link[0]];
  return `${name} (${of}): ${link[3]}; ${duration(link[2])} from ${instant(link[1])}`;
}

/** Without its middle where it is long: tasks of one DAG begin alike, and differ at their ends. */
function short(name) {
  return name.length > HEAD + TAIL + 1 ? `${name.slice(0, HEAD)}…${name.slice(-TAIL)}` : name;
}

function listed(run) {
  const total = run.links.slice(run.before).reduce((sum, link) => sum + link[2], 0) || 1;
  const rows = run.links.map((link, number) => {
    const [name, of] = run.who[link[0]];
    const who = el("span", null, parted(name), of !== run.run && el("span", { class: "dim" }, ` ${of}`));
    const behind = link[5].length > 1 && el("details", null,
      el("summary", null, `had by ${link[5].length} one after the other`),
      el("ol", null, link[5].map((other) => el("li", null, `${duration(other[2])} ${run.who[other[0]][0]}`,
        el("span", { class: "dim" }, ` ${run.who[other[0]][1]}: ${other[3]}`)))));
    const share = number < run.before ? "before" : percent(link[2] / total);
    return [instant(link[1]), duration(link[2]), share, who, el("span", null, parted(link[3]), behind)];
  });
  return el("div", { class: "wide" }, table("The critical path, link by link",
    ["From (UTC)", { number: "Took" }, { number: "Share" }, "Who", "What"], rows));
}

function percent(share) {
  return share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

function room(run) {
  if (!run.slack.length) return [];
  const free = run.slack.filter((one) => one[3] > 0 || one[4] > 0).length;
  const most = Math.max(...run.slack.map((one) => one[4]), 1);
  const bar = (least, up) => {
    const made = svg("svg", { viewBox: "0 0 120 12", width: 120, height: 12, "aria-hidden": "true" },
      svg("rect", { x: 0, y: 4, width: (120 * up) / most, height: 4, class: "slack most" }),
      svg("rect", { x: 0, y: 2, width: (120 * least) / most, height: 8, class: "slack" }));
    return made;
  };
  const rows = (some) => some.map((one) => [el("span", null, parted(one[0]), one[1] !== run.run && el("span", { class: "dim" }, ` ${one[1]}`)),
    instant(one[2]), duration(one[3]), one[4] > one[3] ? `up to ${duration(one[4])}` : "", bar(one[3], one[4])]);
  const heads = ["Task instance", "Ended (UTC)", { number: "Slack" }, { number: "If waits only shrink" }, ""];
  const holder = el("div", { class: "wide" }, table("Slack of each task instance", heads, rows(run.slack.slice(0, SLACK))));
  const all = run.slack.length > SLACK && el("button", { type: "button", onclick: () => {
    holder.replaceChildren(table("Slack of each task instance", heads, rows(run.slack)));
    all.remove();
  } }, `Show all ${run.slack.length}`);
  return [el("h3", null, "Slack"),
    el("p", { class: "about" }, "How much later each could have ended without the landing being moved, along dependencies: " +
      "what comes after takes as long as it did, waits for limits included. If those waits would only shrink, " +
      "it may be up to the second figure; whether another task would then come first, only another simulation shows. " +
      `${free ? `${free} of ${run.slack.length} have some.` : "None has any."}`),
    holder, all];
}
