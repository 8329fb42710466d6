// Fleet: the Gantt of all task instances with its filter, legend, minimap and details.

import { button, range, zoomButtons } from "./axis.js";
import { instanceDetails, legend, rowDetails, said } from "./details.js";
import { el } from "./dom.js";
import { load } from "./fleet_data.js";
import { filterFields, filterOf } from "./filter.js";
import { Gantt } from "./gantt.js";
import { groupsOf } from "./groups.js";
import { minimap } from "./minimap.js";
import { timeOf } from "./time.js";
import { duration } from "./words.js";

export async function draw(root, data, page) {
  const fleet = await load(page);
  const time = timeOf(page, fleet.start, fleet.end, fleet.over());
  const filter = filterOf(page, fleet);
  const aside = el("aside", { class: "details", "aria-label": "Details", tabindex: "0" },
    el("p", { class: "dim" }, "Choose a row or a bar to see what it waited for, and who held that."));
  const told = { row: null, i: -1, t: undefined };
  const picked = {
    said: (i, piece) => said(fleet, i, piece),
    show(row, i, t) {
      Object.assign(told, { row, i, t });
      tell();
      if (i >= 0) page.tell("select", (page.state.selected = i));
    },
  };
  const gantt = new Gantt(fleet, time, filter, page, picked);
  const map = minimap(fleet, time, page);
  const keys = el("div");

  function tell() {
    if (!told.row) return;
    const more = told.i < 0 ? [] : [el("p", { class: "unprinted" },
      el("button", { type: "button", onclick: () => page.go("tables") }, "Show in the table"))];
    aside.replaceChildren(...(told.i >= 0 ? instanceDetails(fleet, time, page, told.i, told.t, more)
      : rowDetails(fleet, page, filter.mask, told.row)).filter(Boolean));
  }

  const seen = el("output", { class: "range" });
  const says = () => {
    seen.textContent = range(time);
    map.move();
  };
  time.on(says);
  root.append(
    el("div", { class: "tools unprinted" }, filterFields(page, fleet), buttons(time, gantt)),
    el("div", { class: "keys" }, keys, seen), map.root,
    el("div", { class: "side" }, gantt.root, aside),
    fleet.shortest > 0 && el("p", { class: "dim" }, `Stretches shorter than ${duration(fleet.shortest)} are drawn with the one before.`) || "");
  const redraw = () => {
    keys.replaceChildren(legend(page, groupsOf(fleet)));
    map.draw(filter.mask);
    tell();
  };
  page.on("theme", redraw);
  page.on("filter", redraw);
  page.on("reveal", (i) => {
    gantt.reveal(i);
    picked.show({}, i);
  });
  new ResizeObserver(() => map.draw(filter.mask)).observe(map.root);
  redraw();
  says();
}

function buttons(time, gantt) {
  const only = button("In sight", () => {
    only.setAttribute("aria-pressed", String(!gantt.onlySeen));
    gantt.only(!gantt.onlySeen);
  }, "Only DAGs and runs that have anything in the time that is seen");
  only.setAttribute("aria-pressed", "false");
  return el("div", { class: "buttons", role: "group", "aria-label": "Zoom and rows" }, zoomButtons(time),
    button("DAGs", () => gantt.openAll(0), "Fold all rows: one for each DAG"),
    button("Runs", () => gantt.openAll(1), "Open each DAG: one row for each run"),
    button("Tasks", () => gantt.openAll(2), "Open each run: one row for each task"),
    only);
}
