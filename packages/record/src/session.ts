import { randomBytes } from "node:crypto";
import { fail, fromBase32, ok, type Result, toBase32 } from "@wayward/base";

/** 16 bytes, a UUIDv7. */
export type SessionId = Uint8Array;

/** A new session's id: 48 bits of wall time in milliseconds, then random, as RFC 9562 section 5.7 lays out. */
export function newSessionId(wallMs: number, random: Uint8Array = randomBytes(10)): SessionId {
  const id = new Uint8Array(16);
  const view = new DataView(id.buffer);
  view.setUint16(0, Math.floor(wallMs / 2 ** 32));
  view.setUint32(2, wallMs % 2 ** 32);
  id.set(random.subarray(0, 10), 6);
  id[6] = 0x70 | (id[6]! & 0x0f);
  id[8] = 0x80 | (id[8]! & 0x3f);
  return id;
}

/** The id as 26 lower-case base-32 characters; text order is time order. */
export function sessionText(id: SessionId): string {
  return toBase32(id);
}

/** Reads what `sessionText` wrote. Error INVALID_ARGUMENT / BAD_SESSION_ID. */
export function parseSessionText(text: string): Result<SessionId> {
  const id = text.length === 26 ? fromBase32(text) : undefined;
  if (id === undefined || id.length !== 16) {
    return fail(
      "INVALID_ARGUMENT",
      "BAD_SESSION_ID",
      `session id "${text.slice(0, 40)}" is not 26 characters of 0-9 and a-v`,
    );
  }
  return ok(id);
}
