// Overview: the verdict, the findings, where the time went, what was assumed.

import { el, table } from "./dom.js";
import { count, duration } from "./words.js";

export function draw(root, data) {
  root.append(
    el("p", { class: "verdict" }, data.verdict),
    figures(data.figures),
    el("dl", { class: "facts" }, data.facts.map(([name, value]) =>
      [el("dt", null, name), el("dd", null, value)])),
    ...list("Findings", data.findings),
    ...list("Could happen, though no simulation has shown it", data.possible),
    ...accepted(data.accepted),
    ...limits(data.limits),
    ...pairs("DAGs that never ran", ["DAG", "Why"], data.never_ran),
    ...problems(data.problems),
    ...pairs("Assumed", ["About", "What was taken, as nothing says otherwise"], data.assumed),
    ...(data.covered ? [el("h3", null, "Covered"), el("p", null, data.covered)] : []),
  );
}

function figures(found) {
  return el("ul", { class: "figures" }, found.map((one) => el("li", null,
    el("strong", null, one.value.toLocaleString("en")), ` ${one.of}`,
    one.beside && el("span", { class: "beside" }, one.beside))));
}

function list(title, findings) {
  if (!findings.length) return [];
  return [el("h3", null, title), el("ol", { class: "findings" }, findings.map(finding))];
}

function finding(one) {
  const when = one.since && `From ${one.since} UTC` + (one.until ? ` until ${one.until}` : " on") +
    (one.ended_by ? `: ${one.ended_by}` : "");
  return el("li", { class: one.shown ? "shown" : "possible" },
    el("p", { class: "headline" }, el("code", null, one.code), " ", el("strong", null, one.title),
      one.place && el("span", { class: "place" }, one.place)),
    el("p", null, one.summary),
    el("ul", { class: "marks" },
      when && el("li", null, when),
      one.more > 0 && el("li", null, `The same comes ${count(one.more, "time")} more`),
      one.fix && el("li", { class: "fix" }, `Fix: ${one.fix}`),
      one.counterexample && el("li", null, el("code", null, `windtunnel replay ${one.counterexample}`))));
}

function accepted(found) {
  if (!found.length) return [];
  return [el("h3", null, "Accepted"), el("div", { class: "wide" }, table("Accepted findings",
    ["Finding", "By", "Reason"], found.map((one) => [one.headline, one.by.join(", "), one.reason])))];
}

function limits(found) {
  if (!found.length) return [];
  const most = Math.max(...found.map((one) => one.total_s));
  const bar = (one) => {
    const made = el("span", { class: "bar" });
    made.style.inlineSize = `${(100 * one.total_s) / most}%`;
    return el("span", { class: "bars", "aria-hidden": "true" }, made);
  };
  return [el("h3", null, "Where the time went"),
    el("div", { class: "wide" }, table("Time spent waiting, by what for",
      ["Waited for", { number: "In all" }, "", { number: "Task instances" }, { number: "Longest" }, "By"],
      found.map((one) => [one.limit, duration(one.total_s), bar(one),
        one.instances.toLocaleString("en"), duration(one.longest_s), one.longest_by])))];
}

function pairs(title, heads, rows) {
  return rows.length ? [el("h3", null, `${title} (${rows.length})`), el("div", { class: "wide" }, table(title, heads, rows))] : [];
}

function problems(found) {
  if (!found.length) return [];
  return [el("h3", null, `Not used (${found.length})`),
    el("ul", { class: "problems" }, found.map((one) => el("li", null, one)))];
}
