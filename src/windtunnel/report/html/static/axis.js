// The time axis above charts, and the buttons that move it; the same wherever there is one.

import { el } from "./dom.js";
import { duration } from "./words.js";

/** Write the words of the ticks of a `Time` into an axis. */
export function markTicks(axis, time, ticks) {
  axis.replaceChildren(...ticks.map((tick) => {
    const made = el("span", { class: tick.day && "day" }, tick.label);
    made.style.left = `${(100 * (tick.at - time.from)) / (time.to - time.from)}%`;
    return made;
  }));
  // Beyond the right end there is no room for words: the last mark goes without, if it must.
  const last = axis.lastElementChild;
  if (last) last.hidden = last.getBoundingClientRect().right > axis.getBoundingClientRect().right;
}

/** The stretch that is looked at, in words. */
export function range(time) {
  return `${time.say(time.from)} to ${time.say(time.to)} UTC (${duration((time.to - time.from) / 1000)})`;
}

/** A button whose sign says little: `title` says it to all. */
export function button(label, does, title) {
  return el("button", { type: "button", onclick: does, title, "aria-label": title }, label);
}

/** Buttons for what the wheel and the keys do, too. */
export function zoomButtons(time) {
  return [
    button("−", () => time.zoom(1.5), "Zoom out (Ctrl + wheel, or -)"),
    button("+", () => time.zoom(0.67), "Zoom in (Ctrl + wheel, or +)"),
    button("◂", () => time.pan(-0.25), "Earlier (Shift + wheel, or A)"),
    button("▸", () => time.pan(0.25), "Later (Shift + wheel, or D)"),
    button("All", () => time.fit(), "The whole simulation (0)"),
  ];
}

/** What a turn of the wheel does to the time; whether it does anything. `zooms`: also without Ctrl. */
export function wheel(event, time, box, zooms) {
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  if (zooms || event.ctrlKey || event.metaKey) time.zoom(event.deltaY > 0 ? 1.25 : 0.8, share);
  else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) time.pan((event.deltaX || event.deltaY) / 1000);
  else return;
  event.preventDefault();
}
