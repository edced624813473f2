import { inspect } from "node:util";
import type { Scalar } from "@wayward/block";

/** The text in at most so many bytes of UTF-8, cut between characters; control characters become spaces. */
export function bounded(text: string, bytesMax: number): string {
  const plain = text.replace(/\p{Cc}/gu, " ");
  if (Buffer.byteLength(plain) <= bytesMax) return plain;
  const bytes = Buffer.from(plain);
  let end = bytesMax;
  // The bytes 10xxxxxx go on with a character.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** What a program without types gives where a text belongs. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : shown(value);
}

/** True for what a message's argument may be as it is. */
export function isScalar(value: unknown): value is Scalar {
  const type = typeof value;
  if (type === "object") return value === null || value instanceof Uint8Array;
  return type !== "undefined" && type !== "function" && type !== "symbol";
}

/** Characters of an object that becomes text. */
const SHOWN_CHARS = 4_096;

/** Anything as text, as the console shows it; an error with its stack. */
export function shown(value: unknown): string {
  try {
    const text = value instanceof Error ? (value.stack ?? value.message) : inspect(value, { breakLength: Infinity });
    return text.slice(0, SHOWN_CHARS);
  } catch {
    return "[cannot be shown]";
  }
}
