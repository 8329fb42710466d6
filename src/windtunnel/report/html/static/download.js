// What a table shows as a file: CSV or JSON, in its order.

/** Rows of a sheet as CSV. Text that a spreadsheet would take for a formula begins with '. */
export function csv(sheet) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [sheet.columns.map((one) => cell(one.key))];
  for (const i of sheet.rows) lines.push(sheet.columns.map((one) => cell(one.file(i))));
  return `${lines.map((one) => one.join(",")).join("\r\n")}\r\n`;
}

/** The same as JSON. */
export function json(sheet) {
  const rows = Array.from(sheet.rows, (i) =>
    Object.fromEntries(sheet.columns.map((one) => [one.key, one.file(i) ?? null])));
  return JSON.stringify(rows, null, 1);
}

/** Hand a text to whoever looks at the page, as a file. */
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
