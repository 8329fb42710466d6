// The label of a row of the Gantt.

import { el, ended } from "./dom.js";

/** What stands at the left of a row, for eyes and for screen readers. */
export function label(row, n, active) {
  return el("div", {
    class: `label level${row.level}${active ? " active" : ""}`,
    role: "row", id: `row-${row.key}`, "data-row": n, "aria-rowindex": n + 1, "aria-level": row.level,
    "aria-posinset": row.at + 1, "aria-setsize": row.of,
    "aria-expanded": row.opens ? String(row.open) : null, "aria-selected": String(active),
  }, el("span", { role: "gridcell" },
    el("span", { class: "turn", "aria-hidden": "true" }, row.opens ? (row.open ? "▾" : "▸") : ""),
    ended(row.label, "of", row.title ?? row.label),
    row.beside && el("span", { class: `beside ${row.beside}` }, row.beside)));
}
