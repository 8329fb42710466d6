// Which task instances are looked at: one filter for the Gantt and the tables.

import { el } from "./dom.js";
import { count } from "./words.js";
import { matching } from "./rows.js";

/** The filter of the page, with what matches it: { text, state, limit, mask, found }. */
export function filterOf(page, fleet) {
  page.state.filter ??= { text: "", state: "", limit: "", ...matching(fleet, { text: "", state: "", limit: "" }) };
  return page.state.filter;
}

/** Fields for it; all of them, on all views, say the same. */
export function filterFields(page, fleet) {
  const filter = filterOf(page, fleet);
  const used = new Set(fleet.state);
  const states = fleet.states.filter((_, number) => used.has(number));
  const limits = fleet.kinds.map((one) => one.name)
    .filter((one) => !["running", "failed try", "waiting on its worker", "nothing", "poke"].includes(one)).sort();
  const text = el("input", { type: "search", placeholder: "DAG, task or run", "aria-label": "Filter by DAG, task or run", spellcheck: "false" });
  const state = choice("State", "any state", states);
  const limit = choice("Waited for", "waited for anything", limits);
  const found = el("output", { class: "found" });
  let pending = 0;
  const changed = () => {
    clearTimeout(pending);
    pending = setTimeout(() => {
      Object.assign(filter, { text: text.value.trim(), state: state.value, limit: limit.value });
      Object.assign(filter, matching(fleet, filter));
      page.tell("filter", filter);
      page.say(`${count(filter.found, "task instance")} shown`);
    }, 120);
  };
  text.addEventListener("input", changed);
  state.addEventListener("change", changed);
  limit.addEventListener("change", changed);
  const show = () => {
    if (document.activeElement !== text) text.value = filter.text;
    state.value = filter.state;
    limit.value = filter.limit;
    found.textContent = filter.found === fleet.n ? count(fleet.n, "task instance")
      : `${filter.found.toLocaleString("en")} of ${count(fleet.n, "task instance")}`;
  };
  page.on("filter", show);
  show();
  return el("div", { class: "filter", role: "search" }, text, state, limit, found);
}

function choice(label, any, values) {
  return el("select", { "aria-label": label }, el("option", { value: "" }, any),
    values.map((one) => el("option", { value: one }, one)));
}
