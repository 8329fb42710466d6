// The whole simulation in a small strip, and the stretch of it that is looked at.

import { el } from "./dom.js";
import { inks, pixelOf } from "./groups.js";
import { Bins, Painter } from "./paint.js";

const HEIGHT = 44;

/** The strip; `draw(mask)` when other instances are shown, `move()` when another stretch is. */
export function minimap(fleet, time, page) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const shade = [el("span", { class: "shade" }), el("span", { class: "shade" })];
  const frame = el("span", { class: "frame" });
  const root = el("div", { class: "minimap unprinted", title: "The whole simulation: drag to look at a part" },
    canvas, ...shade, frame);
  let grabbed = null;
  const share = (event) => {
    const box = root.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  root.addEventListener("pointerdown", (event) => {
    grabbed = share(event) * time.end;
    root.setPointerCapture(event.pointerId);
  });
  root.addEventListener("pointermove", (event) => {
    if (grabbed === null) return;
    const now = share(event) * time.end;
    if (Math.abs(now - grabbed) > time.end / 200) time.set(Math.min(now, grabbed), Math.max(now, grabbed));
  });
  root.addEventListener("pointerup", (event) => {
    const now = share(event) * time.end;
    if (grabbed !== null && Math.abs(now - grabbed) <= time.end / 200) {
      const half = (time.to - time.from) / 2;
      time.set(now - half, now + half);
    }
    grabbed = null;
  });
  root.addEventListener("wheel", (event) => {
    event.preventDefault();
    time.zoom(event.deltaY > 0 ? 1.25 : 0.8, (share(event) * time.end - time.from) / (time.to - time.from));
  }, { passive: false });

  function draw(mask) {
    const ratio = devicePixelRatio || 1;
    const width = Math.max(1, Math.round(root.clientWidth * ratio));
    const height = Math.round(HEIGHT * ratio);
    canvas.width = width;
    canvas.height = height;
    const painter = new Painter(width, height, inks(page.colour));
    painter.rect(0, 0, width, height, pixelOf(page.colour, "--panel"));
    const bins = new Bins(width);
    bins.fill(fleet, mask, 0, fleet.n, { from: 0, to: time.end }, -1);
    painter.stack(bins, 2, height - 2);
    canvas.getContext("2d").putImageData(painter.image, 0, 0);
    move();
  }

  function move() {
    const [low, high] = [time.from / time.end, time.to / time.end].map((one) => `${one * 100}%`);
    frame.style.left = low;
    frame.style.right = `calc(100% - ${high})`;
    shade[0].style.left = "0";
    shade[0].style.right = `calc(100% - ${low})`;
    shade[1].style.left = high;
    shade[1].style.right = "0";
  }
  return { root, draw, move };
}
