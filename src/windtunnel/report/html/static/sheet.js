// A sheet: a table of any number of rows, of which only those in sight are in the document.

import { el } from "./dom.js";

const ROW = 27;
const SPARE = 10;

/**
 * columns: [{ name, value(i), text(i), number, wide, go(i) }]; value is what is sorted by and
 * downloaded, text what is shown. `go`: the cell is a button that does this.
 */
export class Sheet {
  #order = [];
  #sorted = { column: -1, down: false };
  #values = new Map();
  #drawn = "";

  constructor(caption, columns) {
    this.caption = caption;
    this.columns = columns;
    this.heads = columns.map((one, column) => el("th", { scope: "col", class: one.number && "number", "aria-sort": "none" },
      el("button", { type: "button", class: "quiet", onclick: () => this.sort(column) }, one.name,
        el("span", { class: "mark", "aria-hidden": "true" }))));
    this.body = el("tbody");
    this.table = el("table", { class: "sheet" },
      el("caption", { class: "unseen" }, caption),
      el("thead", null, el("tr", { "aria-rowindex": "1" }, this.heads)), this.body);
    this.root = el("div", { class: "sheets", tabindex: "0", role: "region", "aria-label": `${caption}, scrolls` }, this.table);
    this.root.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.body.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.root);
  }

  /** Show these rows, by number, in the order that somebody sorted by. */
  show(rows) {
    this.#order = rows;
    this.#sort();
    this.#draw(true);
  }

  get rows() {
    return this.#order;
  }

  sort(column) {
    const again = this.#sorted.column === column;
    this.#sorted = { column, down: again ? !this.#sorted.down : Boolean(this.columns[column].number) };
    this.heads.forEach((head, n) => {
      const own = n === column ? (this.#sorted.down ? "descending" : "ascending") : "none";
      head.setAttribute("aria-sort", own);
      head.querySelector(".mark").textContent = { none: "", ascending: " ▲", descending: " ▼" }[own];
    });
    this.#sort();
    this.root.scrollTop = 0;
    this.#draw(true);
  }

  #sort() {
    const { column, down } = this.#sorted;
    if (column < 0) return;
    const values = this.#valuesOf(column);
    const sign = down ? -1 : 1;
    const compare = (a, b) => {
      const x = values[a], y = values[b];
      if (x === y) return a - b;
      if (x === null) return 1;
      if (y === null) return -1;
      return x < y ? -sign : sign;
    };
    this.#order = Array.from(this.#order).sort(compare);
  }

  #valuesOf(column) {
    if (!this.#values.has(column)) {
      const found = [];
      for (const i of this.#order) found[i] = this.columns[column].value(i);
      this.#values.set(column, found);
    }
    const known = this.#values.get(column);
    for (const i of this.#order) known[i] ??= this.columns[column].value(i);
    return known;
  }

  /** Bring a row into sight and mark it. */
  reveal(i) {
    this.marked = i;
    const n = this.#order.indexOf(i);
    if (n >= 0) this.root.scrollTop = Math.max(0, n * ROW - this.root.clientHeight / 3);
    this.#draw(true);
  }

  #draw(anew = false) {
    const first = Math.max(0, Math.floor(this.root.scrollTop / ROW) - SPARE);
    const last = Math.min(this.#order.length, Math.ceil((this.root.scrollTop + this.root.clientHeight) / ROW) + SPARE);
    const drawn = `${first} ${last}`;
    if (!anew && drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.table.setAttribute("aria-rowcount", this.#order.length + 1);
    const focused = this.body.contains(document.activeElement) ? Number(document.activeElement.closest("tr")?.dataset.n) : -1;
    const rows = [];
    for (let n = first; n < last; n += 1) rows.push(this.#row(n));
    this.body.replaceChildren(this.#gap(first), ...rows, this.#gap(this.#order.length - last));
    if (focused >= 0) this.#focus(focused);
  }

  #gap(rows) {
    const made = el("tr", { class: "gap", "aria-hidden": "true" }, el("td", { colspan: this.columns.length }));
    made.firstChild.style.height = `${rows * ROW}px`;
    made.hidden = rows === 0;
    return made;
  }

  #row(n) {
    const i = this.#order[n];
    return el("tr", { "aria-rowindex": n + 2, "data-n": n, class: i === this.marked && "marked" },
      this.columns.map((one, column) => {
        const text = one.text ? one.text(i) : one.value(i);
        const inner = one.go ? el("button", { type: "button", class: "go", onclick: () => one.go(i) }, text) : text;
        const attributes = { class: [one.number && "number", one.kind?.(i)].filter(Boolean).join(" ") || null,
          title: one.wide ? text : null };
        return column === 0 ? el("th", { scope: "row", ...attributes }, inner) : el("td", attributes, inner);
      }));
  }

  #focus(n) {
    this.body.querySelector(`tr[data-n="${n}"] button`)?.focus({ preventScroll: true });
  }

  /** Up and down go from row to row, also to those that are not there yet. */
  #key(event) {
    const row = event.target.closest("tr[data-n]");
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
    if (!row || !step || !event.target.matches("button")) return;
    event.preventDefault();
    const n = Math.min(Math.max(Number(row.dataset.n) + step, 0), this.#order.length - 1);
    const top = n * ROW, { root } = this, head = this.heads[0].offsetHeight;
    if (top < root.scrollTop) root.scrollTop = top;
    if (top + ROW + head > root.scrollTop + root.clientHeight) root.scrollTop = top + ROW + head - root.clientHeight;
    this.#draw();
    this.#focus(n);
  }
}
