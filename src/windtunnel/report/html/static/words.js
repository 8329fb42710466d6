// Durations and instants in words, as the terminal says them.

const UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

/** Seconds in words, the two largest units at most: "2h 5m", "4.5s". */
export function duration(seconds) {
  if (seconds > 0 && seconds < 10 && !Number.isInteger(seconds)) {
    return `${Number(Math.max(seconds, 0.001).toFixed(3))}s`;
  }
  let rest = Math.round(seconds);
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count}${unit}`);
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0s";
}

/** An instant (milliseconds since 1970) in UTC: "2026-03-01 07:00:00". */
export function instant(ms) {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** "1 task", "2 tasks", with thousands apart. */
export function count(number, noun, plural) {
  const said = number.toLocaleString("en");
  return `${said} ${number === 1 ? noun : plural ?? `${noun}s`}`;
}

/** The name of a run, shorter where it is an instant: "scheduled 2026-03-02 00:00". */
export function runWords(name) {
  return name.replace(/^(\w+)@(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, "$1 $2 $3");
}
