import { createHash } from "node:crypto";
import { fail, ok, type Result } from "@wayward/base";
import type { Position } from "./run.ts";

/*
 * A page token: 8 bytes of SHA-256 over the question, 8 bytes of SHA-256 over
 * the rest, then the last position as JSON. Whoever asks another question with
 * it, or invents one, is told so.
 */

/** Tells one question from another: the selection, the filter and the order. */
export function questionHash(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(String(part.length)).update(part);
  return hash.digest().subarray(0, 8);
}

export function encodeToken(question: Uint8Array, { aligned, session, lane, eventNo }: Position): Buffer {
  const body = Buffer.from(JSON.stringify([String(aligned), session, lane, eventNo]));
  return Buffer.concat([question, questionHash(question, body), body]);
}

/** Error INVALID_ARGUMENT / BAD_TOKEN. */
export function decodeToken(question: Uint8Array, token: Uint8Array): Result<Position> {
  const bytes = Buffer.from(token);
  const bad = (why: string) => fail("INVALID_ARGUMENT", "BAD_TOKEN", `page token: ${why}`);
  if (bytes.length < 17 || bytes.length > 200) return bad(`${bytes.length} bytes, not 17 to 200`);
  const body = bytes.subarray(16);
  if (!bytes.subarray(8, 16).equals(questionHash(bytes.subarray(0, 8), body))) return bad("it was not made here");
  if (!bytes.subarray(0, 8).equals(question)) return bad("it belongs to another selection, filter or order");
  const [aligned, session, lane, eventNo] = JSON.parse(body.toString()) as [string, string, number, number];
  return ok({ aligned: BigInt(aligned), session, lane, eventNo });
}
