// Occupancy: how many slots of each limit were taken, as steps below the line of its size.

import { markTicks, range, wheel, zoomButtons } from "./axis.js";
import { unpack } from "./columns.js";
import { el, parted } from "./dom.js";
import { load } from "./fleet_data.js";
import { timeOf } from "./time.js";
import { duration } from "./words.js";

const HIGH = 56;

export async function draw(root, data, page) {
  const fleet = await load(page);
  const time = timeOf(page, data.start, data.end, fleet?.over());
  const tracks = await Promise.all(data.limits.map((one) => track(one, time)));
  const axis = el("div", { class: "axis", "aria-hidden": "true" });
  const seen = el("output", { class: "range" });
  const buttons = el("div", { class: "buttons", role: "group", "aria-label": "Zoom" }, zoomButtons(time));
  const list = el("ul", { class: "tracks" }, tracks.map((one) => one.root));
  root.append(el("div", { class: "tools unprinted" }, buttons, seen),
    el("div", { class: "tracks-head" }, el("span"), axis), list);
  let pending = false;
  const paint = () => {
    pending = false;
    const width = axis.clientWidth;
    if (!width) return;
    const ticks = time.ticks(Math.max(2, width / 90));
    markTicks(axis, time, ticks);
    seen.textContent = range(time);
    const ink = Object.fromEntries(["--grid", "--panel", "--text", "--dim", "--group-running"].map((one) => [one, page.colour(one)]));
    for (const one of tracks) one.paint(ticks, ink, page.colour(`--group-${one.limit.group.replaceAll(" ", "-")}`));
  };
  const schedule = () => {
    if (pending) return;
    pending = true;
    page.soon(paint);
  };
  time.on(schedule);
  page.on("theme", schedule);
  page.on("show", (id) => id === "occupancy" && schedule());
  new ResizeObserver(schedule).observe(axis);
  const turn = (zooms) => (event) => wheel(event, time, axis.getBoundingClientRect(), zooms);
  list.addEventListener("wheel", turn(false), { passive: false });
  axis.addEventListener("wheel", turn(true), { passive: false });
  schedule();
}

async function track(limit, time) {
  const [at, used] = await Promise.all([unpack(limit.at), unpack(limit.used)]);
  const canvas = el("canvas", { role: "img", "aria-label": told(limit) });
  const now = el("span", { class: "now", hidden: true });
  const chart = el("div", { class: "chart-of" }, canvas, now);
  const root = el("li", null, el("div", { class: "about-limit" },
    el("strong", null, parted(limit.limit)), el("span", null, size(limit)),
    el("span", null, `peak ${limit.peak}, mean ${limit.mean.toFixed(1)}`),
    limit.full_s > 0 && el("span", { class: "full" }, `full for ${duration(limit.full_s)}`)), chart);
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const t = time.from + ((event.clientX - box.left) / box.width) * (time.to - time.from);
    now.textContent = `${time.say(t)}: ${valueAt(at, used, t)}${limit.size === null ? "" : ` of ${limit.size}`}`;
    now.hidden = false;
    const right = event.clientX - box.left > box.width / 2;
    now.style.left = right ? "" : `${event.clientX - box.left + 12}px`;
    now.style.right = right ? `${box.right - event.clientX + 12}px` : "";
  });
  canvas.addEventListener("pointerleave", () => { now.hidden = true; });
  return { limit, root, paint: (ticks, ink, full) => steps(canvas, limit, at, used, time, ticks, ink, full) };
}

function size(limit) {
  const unit = limit.limit.startsWith("max_active_runs") ? "run" : "slot";
  return limit.size === null ? "unlimited" : `${limit.size.toLocaleString("en")} ${unit}${limit.size === 1 ? "" : "s"}`;
}

function told(limit) {
  const full = limit.full_s > 0 ? `, full for ${duration(limit.full_s)}` : "";
  return `${limit.limit}, ${size(limit)}: at most ${limit.peak} taken, ${limit.mean.toFixed(1)} on average${full}`;
}

/** The last step at or before an instant. */
function before(at, t) {
  let low = 0, high = at.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function valueAt(at, used, t) {
  const n = before(at, t);
  return n < 0 ? 0 : used[n];
}

/** Of each pixel the most that was taken in it, light, and the average, dark; in the colour of the
 * limit where no slot was free. */
function steps(canvas, limit, at, used, time, ticks, ink, full) {
  const ratio = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio), height = Math.round(HIGH * ratio);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.fillStyle = ink["--panel"];
  context.fillRect(0, 0, width, height);
  const scale = width / (time.to - time.from);
  context.fillStyle = ink["--grid"];
  for (const tick of ticks) context.fillRect(Math.round((tick.at - time.from) * scale), 0, tick.day ? 2 : 1, height);
  // A size far above all that was taken would press the steps flat.
  const top = limit.size !== null && limit.size <= 3 * limit.peak ? Math.max(limit.size, limit.peak) : limit.peak;
  const y = (value) => Math.round((height - 4) * (1 - value / (top * 1.06))) + 3;
  let n = Math.max(0, before(at, time.from));
  for (let x = 0; x < width && at.length; x += 1) {
    const from = time.from + x / scale, to = from + 1 / scale;
    let most = 0, area = 0, now = from;
    while (n + 1 < at.length && at[n + 1] <= from) n += 1;
    for (let m = n; m < at.length && at[m] < to; m += 1) {
      const end = Math.min(to, m + 1 < at.length ? at[m + 1] : to);
      if (end <= now) continue;
      if (at[m] > now) now = at[m];
      most = Math.max(most, used[m]);
      area += used[m] * (end - now);
      now = end;
    }
    if (!most) continue;
    const isFull = limit.size !== null && most >= limit.size;
    context.fillStyle = isFull ? full : ink["--group-running"];
    context.globalAlpha = 0.45;
    context.fillRect(x, y(most), 1, height - y(most));
    context.globalAlpha = 1;
    const mean = y(area * scale);
    context.fillRect(x, mean, 1, height - mean);
    if (isFull && x % 6 < 2) {
      context.fillStyle = ink["--panel"];
      context.fillRect(x, mean, 1, Math.min(3, height - mean));
    }
  }
  if (limit.size !== null && limit.size <= top) {
    context.strokeStyle = ink["--text"];
    context.setLineDash([5 * ratio, 3 * ratio]);
    context.beginPath();
    context.moveTo(0, y(limit.size) - 0.5);
    context.lineTo(width, y(limit.size) - 0.5);
    context.stroke();
  }
}
