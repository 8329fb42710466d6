// Columns: whole numbers as windtunnel/report/html/columns.py packs them.

/** A Float64Array of the numbers of a column. */
export async function unpack(column) {
  if (Array.isArray(column)) return Float64Array.from(column);
  const bytes = await inflate(column.z);
  const { n, w } = column;
  const values = new Float64Array(n);
  let last = 0;
  for (let i = 0; i < n; i += 1) {
    let zigzag = 0;
    for (let plane = w - 1; plane >= 0; plane -= 1) zigzag = zigzag * 256 + bytes[plane * n + i];
    last += zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2;
    values[i] = last;
  }
  return values;
}

/** The bytes that were deflated and told in base64. */
export async function inflate(text) {
  const letters = atob(text);
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) packed[i] = letters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
