// Tables: task instances, dag runs, findings and limits, to sort, to filter and to take along.

import { el } from "./dom.js";
import { csv, json, save } from "./download.js";
import { load } from "./fleet_data.js";
import { filterFields, filterOf } from "./filter.js";
import { Sheet } from "./sheet.js";
import { findingColumns, instanceColumns, limitColumns, runColumns } from "./table_columns.js";
import { count } from "./words.js";

export async function draw(root, data, page) {
  const fleet = await load(page);
  const told = await page.data("overview");
  const filter = fleet && filterOf(page, fleet);
  const tables = [...(fleet ? ofFleet(fleet, filter, page) : []), ...ofOverview(told)];
  let shown = null;
  const place = el("div", { class: "place" });
  const size = el("output", { class: "found" });
  const buttons = tables.map((one) => el("button", { type: "button", "aria-pressed": "false", onclick: () => turn(one) }, one.name));
  const fields = fleet && filterFields(page, fleet);
  const turn = (one) => {
    shown = one;
    one.sheet ??= new Sheet(one.name, one.columns());
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(tables[n] === one)));
    place.replaceChildren(one.sheet.root);
    if (fields) fields.hidden = !one.filtered;
    refill();
  };
  const refill = () => {
    shown.sheet.show(shown.rows());
    size.textContent = count(shown.sheet.rows.length, "row");
  };
  const file = (type, form) => save(`${shown.name.toLowerCase().replaceAll(" ", "-")}.${type}`,
    type === "csv" ? "text/csv" : "application/json", form(shown.sheet));
  root.append(el("div", { class: "tools unprinted" },
    el("div", { class: "buttons", role: "group", "aria-label": "Which table" }, buttons),
    fields, size,
    el("div", { class: "buttons", role: "group", "aria-label": "Download this table" },
      el("button", { type: "button", onclick: () => file("csv", csv) }, "CSV"),
      el("button", { type: "button", onclick: () => file("json", json) }, "JSON"))), place);
  const selected = () => {
    if (page.state.selected === undefined || !fleet) return;
    if (shown !== tables[0]) turn(tables[0]);
    shown.sheet.reveal(page.state.selected);
  };
  page.on("filter", refill);
  page.on("show", (id) => id === "tables" && selected());
  turn(tables[0]);
}

function ofFleet(fleet, filter, page) {
  const toGantt = (i) => {
    page.state.selected = i;
    page.go("fleet");
    // Drawn first, if nobody looked at it yet.
    const hears = (id) => id === "fleet" && (page.off("show", hears), page.tell("reveal", i));
    page.on("show", hears);
  };
  return [
    { name: "Task instances", filtered: true, columns: () => instanceColumns(fleet, toGantt), rows: () => numbers(fleet.n).filter((i) => filter.mask[i]) },
    { name: "Dag runs", filtered: true, columns: () => runColumns(fleet, (r) => toGantt(fleet.runAt[r])), rows: () => numbers(fleet.runs.n).filter((r) => any(filter.mask, fleet.runAt[r], fleet.runAt[r + 1])) },
  ];
}

function ofOverview(told) {
  if (!told) return [];
  const findings = [
    ...told.findings.map((one) => ({ ...one, level: "yes" })),
    ...told.possible.map((one) => ({ ...one, level: "could happen" })),
    ...told.accepted.map((one) => ({ code: one.headline.split(" ")[0], title: one.headline, level: "accepted", summary: one.reason })),
  ];
  return [
    { name: "Findings", columns: () => findingColumns(findings), rows: () => numbers(findings.length) },
    { name: "Limits", columns: () => limitColumns(told.limits), rows: () => numbers(told.limits.length) },
  ];
}

function numbers(n) {
  return Array.from({ length: n }, (_, i) => i);
}

function any(mask, from, to) {
  for (let i = from; i < to; i += 1) if (mask[i]) return true;
  return from === to;
}
