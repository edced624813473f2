/** One line of JSON. Bigints become decimal text, bytes lower-case hex: nothing loses a digit. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  // A Buffer has turned itself into this before it comes here.
  if (isBufferJson(value)) return Buffer.from(value.data).toString("hex");
  return value;
}

function isBufferJson(value: unknown): value is { readonly data: number[] } {
  return typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value;
}
