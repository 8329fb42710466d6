// Paint: rows of task instances as pixels. What is narrower than a pixel is added up in it, so that
// a hundred thousand of them cost no more than one look at each.

import { GROUPS, GROUP } from "./groups.js";

const N = GROUPS.length;
const UPSTREAM = GROUP.get("upstream");
const NOTHING = GROUP.get("nothing");

/** Adds up, for each pixel of a row, how many instances are in each group there. */
export class Bins {
  constructor(width) {
    this.width = width;
    this.part = new Float32Array(N * (width + 2));
    this.whole = new Float32Array(N * (width + 2));
    this.failed = new Uint8Array(width + 1);
  }

  /** Instances from to to (those in the mask) in the stretch of time that is looked at. */
  fill(fleet, mask, from, to, time, failedState) {
    const { width, part, whole, failed } = this;
    part.fill(0);
    whole.fill(0);
    failed.fill(0);
    const scale = width / (time.to - time.from);
    const { first, at, to: ends, kind, kindGroup } = fleet;
    for (let i = from; i < to; i += 1) {
      if (!mask[i] || first[i] >= time.to) continue;
      let begin = first[i];
      const last = at[i + 1];
      if (last === at[i] || ends[last - 1] <= time.from) continue;
      for (let s = at[i]; s < last; s += 1) {
        const end = ends[s];
        if (end > time.from && begin < time.to) {
          const group = kindGroup[kind[s]];
          if (group !== NOTHING) this.#add(group, (begin - time.from) * scale, (end - time.from) * scale);
        }
        begin = end;
      }
      if (fleet.state[i] === failedState) {
        const x = Math.floor((begin - time.from) * scale);
        if (x >= 0 && x <= width) failed[Math.min(x, width - 1)] = 1;
      }
    }
    this.#sum();
  }

  #add(group, a, b) {
    const { width, part, whole } = this;
    const row = group * (width + 2);
    const low = a < 0 ? 0 : a, high = b > width ? width : b;
    const i = low | 0, j = high | 0;
    if (i === j) {
      part[row + i] += high - low;
      return;
    }
    part[row + i] += i + 1 - low;
    part[row + j] += high - j;
    whole[row + i + 1] += 1;
    whole[row + j] -= 1;
  }

  #sum() {
    const { width, part, whole } = this;
    for (let group = 1; group < N; group += 1) {
      let now = 0;
      for (let x = group * (width + 2), end = x + width; x < end; x += 1) {
        now += whole[x];
        part[x] += now;
      }
    }
  }

  /** The highest stack of instances that are at work, or wait for something else than upstream. */
  highest() {
    let most = 0;
    for (let x = 0; x < this.width; x += 1) {
      let sum = 0;
      for (let group = 1; group < UPSTREAM; group += 1) sum += this.of(group, x);
      if (sum > most) most = sum;
    }
    return most;
  }

  /** How many instances are in a group at a pixel, on average. */
  of(group, x) {
    return this.part[group * (this.width + 2) + x];
  }
}

/** Draws into an image of pixels. */
export class Painter {
  constructor(width, height, inks) {
    this.width = width;
    this.height = height;
    this.image = new ImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.inks = inks;
  }

  rect(x, y, w, h, ink) {
    const { width, pixels } = this;
    for (let line = Math.max(y, 0), end = Math.min(y + h, this.height); line < end; line += 1) {
      pixels.fill(ink, line * width + x, line * width + Math.min(x + w, width));
    }
  }

  /** A column of one pixel in a group's colour and pattern. */
  column(x, y, h, group) {
    const { width, pixels } = this;
    const { base, shade, pattern } = this.inks[group];
    for (let line = Math.max(y, 0), end = Math.min(y + h, this.height); line < end; line += 1) {
      pixels[line * width + x] = pattern(x, line) ? shade : base;
    }
  }

  /** One instance: each pixel in the group that has most of it. */
  bar(bins, y, h) {
    for (let x = 0; x < bins.width; x += 1) {
      let best = 0, most = 0;
      for (let group = 1; group < N; group += 1) {
        const value = bins.of(group, x);
        if (value > most) { most = value; best = group; }
      }
      if (!best) continue;
      if (best === UPSTREAM) this.column(x, y + (h >> 1) - 1, 2, best);
      else this.column(x, y, h, best);
    }
  }

  /** Many instances, stacked; as high as the row where most of what is seen are at work. Those that
   * only wait for upstream tasks are a thin line. */
  stack(bins, y, h) {
    const peak = bins.highest();
    for (let x = 0; x < bins.width; x += 1) {
      let bottom = y + h, sum = 0;
      for (let group = 1; group < UPSTREAM; group += 1) {
        const value = bins.of(group, x);
        if (!value) continue;
        sum += value;
        const top = y + h - Math.max(1, Math.round((sum / peak) * h));
        if (top < bottom) {
          this.column(x, Math.max(top, y), bottom - Math.max(top, y), group);
          bottom = Math.max(top, y);
        }
      }
      if (!sum && bins.of(UPSTREAM, x)) this.column(x, y + h - 2, 2, UPSTREAM);
    }
  }

  /** Marks at the top of a row where something failed for good. */
  failures(bins, y, ink) {
    for (let x = 0; x < bins.width; x += 1) {
      if (!bins.failed[x]) continue;
      for (let line = 0; line < 5; line += 1) {
        this.rect(Math.max(0, x - 4 + line), y + line, 9 - 2 * line, 1, ink);
      }
    }
  }
}
