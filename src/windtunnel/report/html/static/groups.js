// Groups: what a task instance does or waits for, by colour and pattern, so that nobody has to tell
// them apart by colour alone.

const slash = (x, y) => (x + y) % 6 < 2;
const backslash = (x, y) => (x - y + 6000) % 6 < 2;
const across = (x, y) => y % 4 < 1;
const upright = (x) => x % 4 < 1;
const grid = (x, y) => x % 5 < 1 || y % 5 < 1;
const dots = (x, y) => x % 4 < 2 && y % 4 < 2;
const cross = (x, y) => (x + y) % 7 < 1 || (x - y + 7000) % 7 < 1;
const none = () => false;

/** In the order in which they are stacked, from below. */
export const GROUPS = [
  { id: "nothing", label: "", pattern: none },
  { id: "running", label: "running", pattern: none },
  { id: "failed", label: "running, the try fails", pattern: cross },
  { id: "holding", label: "sensor pokes, holds its slots", pattern: dots },
  { id: "pool", label: "pool", pattern: slash },
  { id: "workers", label: "worker slots", pattern: backslash },
  { id: "parallelism", label: "parallelism", pattern: across },
  { id: "task limit", label: "max_active_tasks", pattern: upright },
  { id: "dag run limit", label: "max_active_runs", pattern: grid },
  { id: "resource", label: "resource", pattern: dots },
  { id: "retry", label: "retry delay", pattern: across },
  { id: "outside", label: "reschedule, trigger", pattern: dots },
  { id: "scheduler", label: "scheduler, executor", pattern: upright },
  { id: "upstream", label: "upstream", pattern: none },
].map((one) => ({ ...one, variable: `--group-${one.id.replaceAll(" ", "-")}` }));

export const GROUP = new Map(GROUPS.map((one, number) => [one.id, number]));

/** The groups that the instances are ever in, for a legend. */
export function groupsOf(fleet) {
  const used = new Set(fleet.kindGroup);
  return GROUPS.map((one, number) => ({ ...one, number })).filter((one) => one.label && used.has(one.number));
}

/** The two colours of each group now, as the 32 bits of a pixel. */
export function inks(colour) {
  return GROUPS.map((one) => {
    if (one.id === "nothing") return { base: 0, shade: 0, pattern: one.pattern };
    const base = rgb(colour(one.variable));
    const back = rgb(colour("--panel"));
    return { base: pixel(base), shade: pixel(mixed(base, back)), pattern: one.pattern };
  });
}

/** The 32 bits of a pixel of a colour that a stylesheet says. */
export function pixelOf(colour, variable) {
  return pixel(rgb(colour(variable)));
}

/** A small drawing of a group for legends. */
export function swatch(colour, number, width = 22, height = 12) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.className = "swatch";
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const { base, shade, pattern } = inks(colour)[number];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = pattern(x, y) ? shade : base;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function rgb(text) {
  return text.match(/[\d.]+/g).slice(0, 3).map(Number);
}

/** Towards the background, or away from it where the colour is near it. */
function mixed(base, back) {
  const light = (one) => 0.3 * one[0] + 0.6 * one[1] + 0.1 * one[2];
  const towards = Math.abs(light(base) - light(back)) > 90 ? back : back.map((one) => 255 - one);
  return base.map((one, number) => Math.round(one * 0.7 + towards[number] * 0.3));
}

function pixel([red, green, blue]) {
  return ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}
