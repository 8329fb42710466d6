// Drawings: SVG elements, made from text like all others.

const NAMESPACE = "http://www.w3.org/2000/svg";

/** An SVG element: svg("circle", { cx: 3 }, child). Text children become text. */
export function svg(name, attributes, ...children) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child || child === 0) made.append(child);
  }
  return made;
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400, 172800, 604800, 2592000];

/** A round number of seconds, so that at most so many of them are in a length. */
export function step(seconds, most) {
  return STEPS_S.find((one) => seconds / one <= most) ?? STEPS_S.at(-1);
}
