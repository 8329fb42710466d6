// The Gantt: labels at the left, a canvas at the right, both only of the rows that are in sight.

import { markTicks, wheel } from "./axis.js";
import { el } from "./dom.js";
import { inks, pixelOf } from "./groups.js";
import { label } from "./label.js";
import { Bins, Painter } from "./paint.js";
import { openable, rowsOf } from "./rows.js";

const ROW = 20;
const INSET = 3;
const SMALL = 150;

export class Gantt {
  #rows = [];
  #pending = false;
  #active = 0;

  /** `picked(row, instance, instant)`: somebody wants to know more of it; instance -1: of the row. */
  constructor(fleet, time, filter, page, picked) {
    Object.assign(this, { fleet, time, filter, page, picked });
    this.opened = fleet.n <= SMALL ? openable(fleet, filter.mask, 2) : new Set();
    this.#build();
    this.#listen();
    time.on(() => (this.onlySeen ? this.reopen() : this.schedule()));
    page.on("theme", () => { this.inks = null; this.schedule(); });
    page.on("filter", () => this.reopen());
    page.on("show", (id) => id === "fleet" && this.schedule());
    new ResizeObserver(() => this.schedule()).observe(this.scroll);
    this.reopen();
  }

  #build() {
    this.canvas = el("canvas", { class: "chart", "aria-hidden": "true" });
    this.labels = el("div", { class: "labels", role: "presentation" });
    this.cross = el("span", { class: "cross", hidden: true });
    this.tip = el("div", { class: "tip", hidden: true });
    this.stick = el("div", { class: "stick", role: "presentation" }, this.labels, this.canvas, this.cross);
    this.sizer = el("div", { class: "sizer", role: "presentation" }, this.stick);
    this.scroll = el("div", { class: "rows", tabindex: "0", role: "treegrid",
      "aria-label": "Task instances by DAG, run and task. Arrow keys move and open, Enter tells more, plus and minus zoom, A and D move in time; the view Tables has the same as tables." }, this.sizer);
    this.axis = el("div", { class: "axis", "aria-hidden": "true" });
    this.root = el("div", { class: "gantt" }, el("div", { class: "corner" }), this.axis, this.scroll, this.tip);
  }

  /** Rows were opened, or others are to be shown. */
  reopen() {
    const active = this.#rows[this.#active]?.key;
    this.#rows = rowsOf(this.fleet, this.filter.mask, this.opened, this.onlySeen ? this.time : null);
    const again = this.#rows.findIndex((row) => row.key === active);
    this.#active = again >= 0 ? again : Math.min(this.#active, Math.max(0, this.#rows.length - 1));
    this.sizer.style.height = `${this.#rows.length * ROW}px`;
    this.scroll.setAttribute("aria-rowcount", this.#rows.length);
    this.schedule();
  }

  openAll(depth) {
    this.opened = depth ? openable(this.fleet, this.filter.mask, depth) : new Set();
    this.reopen();
  }

  /** Show only DAGs and runs of which something is in the stretch of time that is looked at. */
  only(seen) {
    this.onlySeen = seen;
    this.reopen();
  }

  /** Bring an instance into sight, whatever is folded. */
  reveal(i) {
    const { fleet, opened } = this;
    opened.add(`d${fleet.dagOf(i)}`).add(`r${fleet.run[i]}`);
    let first = i;
    while (first > fleet.runAt[fleet.run[i]] && fleet.task[first - 1] === fleet.task[i]) first -= 1;
    opened.add(`t${first}`);
    this.reopen();
    this.#go(this.#rows.findIndex((row) => row.leaf === i));
    const { from, to } = this.time;
    const begin = fleet.first[i], end = fleet.endOf(i);
    if (end < from || begin > to) this.time.set(begin - (to - from) / 4, begin + (3 * (to - from)) / 4);
  }

  schedule() {
    if (this.#pending) return;
    this.#pending = true;
    this.page.soon(() => {
      this.#pending = false;
      this.paint();
    });
  }

  #seen() {
    const first = Math.floor(this.scroll.scrollTop / ROW);
    const last = Math.min(this.#rows.length, Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / ROW));
    return [first, last];
  }

  paint() {
    const height = this.scroll.clientHeight, width = this.canvas.clientWidth;
    if (!height || !width) return;
    this.stick.style.blockSize = `${height}px`;
    this.axis.style.marginInlineEnd = `${this.scroll.offsetWidth - this.scroll.clientWidth}px`;
    const ratio = devicePixelRatio || 1;
    const painter = this.#painter(Math.round(width * ratio), Math.round(height * ratio));
    const [first, last] = this.#seen();
    const offset = this.scroll.scrollTop - first * ROW;
    const ticks = this.time.ticks(Math.max(2, width / 90));
    const { ground, line, band, mark, chosen } = this.colours;
    painter.pixels.fill(ground);
    const place = (t) => Math.round(((t - this.time.from) / (this.time.to - this.time.from)) * painter.width);
    for (let n = first; n < last; n += 1) {
      const row = this.#rows[n], y = Math.round(((n - first) * ROW - offset) * ratio);
      if (n === this.#active) painter.rect(0, y, painter.width, Math.round(ROW * ratio), chosen);
      else if (row.level === 1) painter.rect(0, y, painter.width, Math.round(ROW * ratio), band);
    }
    for (const tick of ticks) painter.rect(place(tick.at), 0, tick.day ? 2 : 1, painter.height, line);
    const failed = this.fleet.states.indexOf("failed");
    for (let n = first; n < last; n += 1) {
      const row = this.#rows[n], y = Math.round(((n - first) * ROW - offset + INSET) * ratio);
      const high = Math.round((ROW - 2 * INSET) * ratio);
      this.bins.fill(this.fleet, this.filter.mask, row.from, row.to, this.time, failed);
      if (row.leaf === undefined) painter.stack(this.bins, y, high);
      else painter.bar(this.bins, y, high);
      painter.failures(this.bins, y - Math.round(2 * ratio), mark);
    }
    this.canvas.getContext("2d").putImageData(painter.image, 0, 0);
    this.#label(first, last, offset);
    markTicks(this.axis, this.time, ticks);
    performance.mark("windtunnel.painted");
  }

  #painter(width, height) {
    if (!this.inks) {
      const ink = (name) => pixelOf(this.page.colour, name);
      this.inks = inks(this.page.colour);
      this.colours = { ground: ink("--panel"), line: ink("--grid"), band: ink("--band"), mark: ink("--bad"), chosen: ink("--accent-back") };
      this.painter = null;
    }
    if (this.painter?.width !== width || this.painter?.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.painter = new Painter(width, height, this.inks);
      this.bins = new Bins(width);
    }
    return this.painter;
  }

  #label(first, last, offset) {
    this.labels.style.transform = `translateY(${-offset}px)`;
    this.labels.replaceChildren(...this.#rows.slice(first, last).map((row, n) =>
      label(row, first + n, first + n === this.#active)));
    const active = this.#rows[this.#active];
    if (active && this.#active >= first && this.#active < last) {
      this.scroll.setAttribute("aria-activedescendant", `row-${active.key}`);
    } else this.scroll.removeAttribute("aria-activedescendant");
  }

  #listen() {
    const { scroll, canvas, axis, time } = this;
    scroll.addEventListener("scroll", () => { this.#hide(); this.schedule(); }, { passive: true });
    const turn = (zooms) => (event) => wheel(event, time, canvas.getBoundingClientRect(), zooms);
    scroll.addEventListener("wheel", turn(false), { passive: false });
    axis.addEventListener("wheel", turn(true), { passive: false });
    this.#drag();
    this.labels.addEventListener("click", (event) => {
      const label = event.target.closest("[data-row]");
      if (label) this.#choose(Number(label.dataset.row), true);
    });
    canvas.addEventListener("pointerleave", () => this.#hide());
    scroll.addEventListener("keydown", (event) => this.#key(event));
  }

  #drag() {
    const { canvas, time } = this;
    let grabbed = null;
    canvas.addEventListener("pointerdown", (event) => {
      grabbed = { x: event.clientX, y: event.clientY, from: time.from, to: time.to, top: this.scroll.scrollTop, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!grabbed) { this.#hover(event); return; }
      const dx = event.clientX - grabbed.x, dy = event.clientY - grabbed.y;
      grabbed.moved ||= Math.hypot(dx, dy) > 4;
      if (!grabbed.moved) return;
      this.#hide();
      const by = (-dx / canvas.clientWidth) * (grabbed.to - grabbed.from);
      time.set(grabbed.from + by, grabbed.to + by);
      this.scroll.scrollTop = grabbed.top - dy;
    });
    canvas.addEventListener("pointerup", (event) => {
      if (grabbed && !grabbed.moved) {
        const at = this.#under(event);
        if (at.row) this.#choose(at.n, false, at.i, at.t);
      }
      grabbed = null;
    });
  }

  #under(event) {
    const box = this.canvas.getBoundingClientRect();
    const n = Math.floor((event.clientY - box.top + this.scroll.scrollTop) / ROW);
    const { from, to } = this.time;
    const t = from + ((event.clientX - box.left) / box.width) * (to - from);
    const row = this.#rows[n];
    return { n, row, t, i: row ? this.#at(row, t, (3 * (to - from)) / box.width) : -1 };
  }

  /** The instance of a row at an instant, or near to it: that which works or waits for a limit first. */
  #at(row, t, near) {
    if (row.leaf !== undefined) return row.leaf;
    const { fleet } = this;
    let best = -1, rank = 9;
    for (let i = row.from; i < row.to && rank > 0; i += 1) {
      if (!this.filter.mask[i] || fleet.first[i] > t + near || fleet.endOf(i) < t - near) continue;
      const group = fleet.pieceAt(i, t)?.kind.group;
      const own = group === undefined ? 3 : group === "upstream" ? 2 : group === "running" ? 1 : 0;
      if (own < rank) { rank = own; best = i; }
    }
    return best;
  }

  #hover(event) {
    const { row, t, i } = this.#under(event);
    const box = this.root.getBoundingClientRect();
    this.cross.hidden = false;
    this.cross.style.left = `${event.clientX - this.stick.getBoundingClientRect().left}px`;
    if (!row || i < 0) { this.tip.hidden = true; return; }
    const piece = this.fleet.pieceAt(i, t);
    this.tip.replaceChildren(el("strong", null, this.fleet.name(i)),
      el("span", null, this.picked.said(i, piece)), el("span", { class: "dim" }, `${this.time.say(t)} UTC`));
    this.tip.hidden = false;
    const left = event.clientX - box.left, right = left > box.width / 2;
    this.tip.style.left = right ? "" : `${left + 14}px`;
    this.tip.style.right = right ? `${box.width - left + 14}px` : "";
    this.tip.style.top = `${Math.min(event.clientY - box.top + 12, box.height - 70)}px`;
  }

  #hide() {
    this.cross.hidden = true;
    this.tip.hidden = true;
  }

  #choose(n, turns, i, t) {
    const row = this.#rows[n];
    this.#active = n;
    if (turns && row.opens) this.#turn(row);
    const shown = i ?? row.leaf ?? -1;
    this.picked.show(row, shown, t);
    this.schedule();
  }

  #turn(row) {
    if (row.open) this.opened.delete(row.key);
    else this.opened.add(row.key);
    this.reopen();
  }

  #go(n) {
    if (n < 0 || n >= this.#rows.length) return;
    this.#active = n;
    const { scroll } = this;
    if (n * ROW < scroll.scrollTop) scroll.scrollTop = n * ROW;
    if ((n + 1) * ROW > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = (n + 1) * ROW - scroll.clientHeight;
    this.schedule();
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = this.#rows[this.#active], page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW) - 1);
    const parent = () => {
      let n = this.#active;
      while (n > 0 && this.#rows[n].level >= row.level) n -= 1;
      return n;
    };
    const does = {
      ArrowDown: () => this.#go(this.#active + 1),
      ArrowUp: () => this.#go(this.#active - 1),
      PageDown: () => this.#go(Math.min(this.#active + page, this.#rows.length - 1)),
      PageUp: () => this.#go(Math.max(this.#active - page, 0)),
      Home: () => this.#go(0),
      End: () => this.#go(this.#rows.length - 1),
      ArrowRight: () => (row?.opens && !row.open ? this.#turn(row) : this.#go(this.#active + 1)),
      ArrowLeft: () => (row?.open ? this.#turn(row) : row && this.#go(parent())),
      Enter: () => row && this.#choose(this.#active, false),
      " ": () => row && this.#choose(this.#active, true),
      "+": () => this.time.zoom(0.67), "=": () => this.time.zoom(0.67), w: () => this.time.zoom(0.67),
      "-": () => this.time.zoom(1.5), s: () => this.time.zoom(1.5),
      a: () => this.time.pan(-0.2), d: () => this.time.pan(0.2), 0: () => this.time.fit(),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }
}
