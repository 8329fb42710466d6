// Elements of the page: made from text, never from markup, so that no dag_id can be any.

/**
 * An element: el("p", { class: "note", onclick: f }, "text", other).
 * Names that begin with "on" are listeners; null, undefined and false leave an attribute out.
 */
export function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child || child === 0) made.append(child);
  }
  return made;
}

/** A table with a caption that screen readers say; numbers are those columns whose head has "number". */
export function table(caption, heads, rows) {
  const numeric = heads.map((head) => typeof head === "object");
  const named = heads.map((head) => (typeof head === "object" ? head.number : head));
  const cell = (value, column) => el("td", { class: numeric[column] && "number" }, value);
  return el("table", { class: "plain" },
    el("caption", { class: "unseen" }, caption),
    el("thead", null, el("tr", null, named.map((name, column) =>
      el("th", { scope: "col", class: numeric[column] && "number" }, name)))),
    el("tbody", null, rows.map((row) => el("tr", null, row.map((value, column) =>
      column === 0 ? el("th", { scope: "row" }, value) : cell(value, column))))));
}

/** The colour that a CSS variable stands for now, as canvases take it. */
export function colour(variable) {
  const probe = document.getElementById("said");
  probe.style.color = `var(${variable})`;
  const found = getComputedStyle(probe).color;
  probe.style.color = "";
  return found;
}
