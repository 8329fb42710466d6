// Elements of the page: made from text, never from markup, so that no dag_id can be any.

const TAIL = 8;

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

/** Text in which names may be broken where a part of them begins, and dates never. */
export function parted(text) {
  return text.split(/(\d{4}-\d\d-\d\d)/).flatMap((piece, at) => (at % 2
    ? [el("wbr"), el("span", { class: "whole" }, piece)]
    : piece.split(/(?<=[\p{L}\p{N}_\]][._/])(?=[\p{L}_])/u).flatMap((part, n) => (n ? [el("wbr"), part] : [part]))));
}

/** A name of which the middle is cut where it has no room: names differ at their ends. */
export function ended(name, style, title = name) {
  const at = name.length > TAIL + 2 ? Math.max(Math.ceil(name.length / 2), name.length - TAIL) : name.length;
  return el("span", { class: `ended ${style}`, title }, el("span", null, name.slice(0, at)),
    at < name.length && el("span", { class: "tail" }, name.slice(at)));
}

/** A table with a caption that screen readers say; numbers are those columns whose head has "number". */
export function table(caption, heads, rows) {
  const numeric = heads.map((head) => typeof head === "object");
  const named = heads.map((head) => (typeof head === "object" ? head.number : head));
  const text = (value) => (typeof value === "string" ? parted(value) : value);
  const cell = (value, column) => el("td", { class: numeric[column] && "number" }, text(value));
  return el("table", { class: "plain" },
    el("caption", { class: "unseen" }, caption),
    el("thead", null, el("tr", null, named.map((name, column) =>
      el("th", { scope: "col", class: numeric[column] && "number" }, name)))),
    el("tbody", null, rows.map((row) => el("tr", null, row.map((value, column) =>
      column === 0 ? el("th", { scope: "row" }, text(value)) : cell(value, column))))));
}

/** The colour that a CSS variable stands for now, as canvases take it. */
export function colour(variable) {
  const probe = document.getElementById("said");
  probe.style.color = `var(${variable})`;
  const found = getComputedStyle(probe).color;
  probe.style.color = "";
  return found;
}
