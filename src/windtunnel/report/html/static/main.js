// The page: which view is looked at, its data, light or dark, and what views share.

import { inflate } from "./columns.js";
import { colour } from "./dom.js";

const listeners = { theme: new Set(), show: new Set() };
const known = new Map();
const drawn = new Map();
let printing = false;

/** The data of a view, unpacked; asked for twice, it is the same object. */
function data(id) {
  if (!known.has(id)) known.set(id, read(document.getElementById(`data-${id}`)));
  return known.get(id);
}

async function read(element) {
  if (element === null) return null;
  if (element.type === "application/json") return JSON.parse(element.textContent);
  return JSON.parse(new TextDecoder().decode(await inflate(element.textContent)));
}

/**
 * What each view is given beside its own data. `state` is shared by all views and kept while the
 * page is open: views put there what others may want (the selected task instance, the filter), and
 * tell of it with `tell(name)`; `on(name, listener)` hears of it. "theme" is told when colours
 * change, "show" when a view comes to sight.
 */
const page = {
  data,
  colour,
  state: {},
  on(name, listener) {
    (listeners[name] ??= new Set()).add(listener);
  },
  off(name, listener) {
    listeners[name]?.delete(listener);
  },
  tell(name, value) {
    for (const listener of listeners[name] ?? []) listener(value);
  },
  /** Go to a view, as if its link was clicked. */
  go(id) {
    location.hash = id;
  },
  /** Paint with the next frame, or at once where a printer waits for it. */
  soon(paint) {
    if (printing) paint();
    else requestAnimationFrame(paint);
  },
  /** Said by screen readers, shown to nobody. */
  say(text) {
    document.getElementById("said").textContent = text;
  },
};

async function show(draws) {
  const ids = Object.keys(draws);
  if (!ids.length) return;
  const asked = decodeURIComponent(location.hash.slice(1));
  if (asked === "main") return;
  const id = ids.includes(asked) ? asked : ids[0];
  for (const section of document.querySelectorAll("section.view")) {
    section.hidden = section.dataset.view !== id;
  }
  for (const link of document.querySelectorAll("nav.views a")) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!drawn.has(id)) drawn.set(id, draw(id, draws[id]));
  await drawn.get(id);
  page.tell("show", id);
}

async function draw(id, how) {
  const root = document.querySelector(`#view-${CSS.escape(id)} > .body`);
  try {
    await how(root, await data(id), page);
  } catch (error) {
    root.textContent = `This view could not be drawn: ${error.message}`;
    throw error;
  } finally {
    root.removeAttribute("aria-busy");
  }
}

function themes() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const changed = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `${button.textContent} colours`);
    page.tell("theme");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember("windtunnel.theme", root.dataset.theme);
    changed();
  });
  system.addEventListener("change", changed);
  const print = matchMedia("print");
  print.addEventListener("change", () => {
    printing = print.matches;
    page.tell("theme");
  });
  const kept = remember("windtunnel.theme");
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  changed();
}

/** Browsers that keep nothing for pages from disk throw; nothing is lost but the memory. */
function remember(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(key);
    localStorage.setItem(key, value);
  } catch {
    // Then each page begins as the system says.
  }
  return null;
}

/** Begin, with what draws each view. */
export function start(draws) {
  themes();
  addEventListener("hashchange", () => show(draws));
  show(draws);
}
