import { createHash } from "node:crypto";
import { fail, ok, type Result } from "@wayward/base";
import type { Position } from "../read/run.ts";
import { type Cursor, decodeBody, encodeBody } from "./cursor.ts";

/*
 * A page token: 8 bytes of SHA-256 over the question, 8 bytes of SHA-256 over
 * the rest, two bytes with the length of the last position as JSON, that
 * JSON, then the snapshot as in a cursor. Whoever asks another question with
 * it, or invents one, is told so.
 */
const HEAD = 18;

/** Tells one question from another: the selection, the filter and the order. */
export function questionHash(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(String(part.length)).update(part);
  return hash.digest().subarray(0, 8);
}

/** What an answer in order of time rests on: the log up to a number, and what the bus had beyond it. */
export interface Pin extends Cursor {
  /** Last bus sequence of each partition. */
  readonly busSeqs: readonly bigint[];
}

/** Where an answer goes on. */
export interface PageToken {
  readonly last: Position;
  readonly pin: Pin;
}

/** The token as bytes that only the same question reads again. */
export function encodeToken(question: Uint8Array, { last, pin }: PageToken): Buffer {
  const { aligned, session, lane, eventNo } = last;
  const json = Buffer.from(JSON.stringify([String(aligned), session, lane, eventNo, pin.busSeqs.map(String)]));
  const length = Buffer.alloc(2);
  length.writeUInt16LE(json.length);
  const body = Buffer.concat([length, json, encodeBody(pin)]);
  return Buffer.concat([question, questionHash(question, body), body]);
}

/** Error INVALID_ARGUMENT / BAD_TOKEN. */
export function decodeToken(question: Uint8Array, token: Uint8Array, partitions: number): Result<PageToken> {
  const bytes = Buffer.from(token);
  const bad = (why: string) => fail("INVALID_ARGUMENT", "BAD_TOKEN", `page token: ${why}`);
  if (bytes.length < HEAD) return bad(`${bytes.length} bytes, at least ${HEAD}`);
  const body = bytes.subarray(16);
  if (!bytes.subarray(8, 16).equals(questionHash(bytes.subarray(0, 8), body))) return bad("it was not made here");
  if (!bytes.subarray(0, 8).equals(question)) return bad("it belongs to another selection, filter or order");
  const end = 2 + body.readUInt16LE(0);
  const parsed = parsePlace(body.toString("utf8", 2, end));
  const pin = decodeBody(body.subarray(end), partitions);
  if (parsed === undefined || pin.error !== undefined) return bad("it is from another archive, or was not made here");
  return ok({ last: parsed.last, pin: { ...pin.value, busSeqs: parsed.busSeqs } });
}

/** The last position and the bus sequences; undefined if this is something else. */
function parsePlace(json: string): { readonly last: Position; readonly busSeqs: bigint[] } | undefined {
  try {
    const [aligned, session, lane, eventNo, busSeqs] = JSON.parse(json) as [string, string, number, number, string[]];
    const last = { aligned: BigInt(aligned), session: String(session), lane: Number(lane), eventNo: Number(eventNo) };
    return { last, busSeqs: busSeqs.map(BigInt) };
  } catch {
    return undefined;
  }
}
