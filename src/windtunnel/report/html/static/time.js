// The stretch of time that is looked at, shared by all views that have a time axis.

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5,
  9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 25920e5];
const LEAST = 10;

/** The time of the page; the same for all who ask. Milliseconds since the start. `over`: when nothing
 * happens any more; what comes after is not looked at first, if it is much. */
export function timeOf(page, start, end, over = end) {
  page.state.time ??= new Time(start, Math.max(end, LEAST), over);
  return page.state.time;
}

class Time {
  #listeners = new Set();

  constructor(start, end, over) {
    this.start = start;
    this.end = end;
    this.from = 0;
    this.to = over > 0 && over < 0.8 * end ? Math.max(1.04 * over, LEAST) : end;
  }

  on(listener) {
    this.#listeners.add(listener);
  }

  /** Look at this stretch, as far as it is in the simulation. */
  set(from, to) {
    const length = Math.min(Math.max(to - from, LEAST), this.end);
    this.from = Math.min(Math.max(from, 0), this.end - length);
    this.to = this.from + length;
    for (const listener of this.#listeners) listener();
  }

  /** Times `factor` as much time, around the share `at` of what is seen. */
  zoom(factor, at = 0.5) {
    const middle = this.from + at * (this.to - this.from);
    const length = Math.min(Math.max((this.to - this.from) * factor, LEAST), this.end);
    this.set(middle - at * length, middle + (1 - at) * length);
  }

  /** On by a share of what is seen. */
  pan(share) {
    const by = share * (this.to - this.from);
    this.set(this.from + by, this.to + by);
  }

  fit() {
    this.set(0, this.end);
  }

  /** Instants for marks, at most so many, with their words. */
  ticks(most) {
    const step = STEPS.find((one) => (this.to - this.from) / one <= most) ?? STEPS.at(-1);
    const found = [];
    const first = Math.ceil((this.start + this.from) / step) * step;
    for (let at = first; at <= this.start + this.to; at += step) {
      found.push({ at: at - this.start, label: label(at, step), day: at % 864e5 === 0 });
    }
    return found;
  }

  /** An instant in words: the day only if the simulation is longer than one. */
  say(t) {
    const text = new Date(this.start + t).toISOString();
    const day = this.end > 864e5 ? `${text.slice(5, 10)} ` : "";
    return day + text.slice(11, this.to - this.from < 6e4 ? 23 : 19);
  }
}

function label(at, step) {
  const text = new Date(at).toISOString();
  if (at % 864e5 === 0) return text.slice(5, 10);
  if (step < 1e3) return text.slice(11, 23);
  return step < 6e4 ? text.slice(11, 19) : text.slice(11, 16);
}
