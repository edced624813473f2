import { createHash } from "node:crypto";
import { fail, ok, type Result } from "@wayward/base";
import { RangeSet } from "@wayward/chunk";
import { sessionText } from "@wayward/record";

/** Blocks of one session. */
export interface SessionRanges {
  readonly id: Uint8Array;
  readonly ranges: RangeSet;
}

/** A block of which some chosen records were sent. */
export interface UnderWay {
  readonly id: Uint8Array;
  readonly seq: bigint;
  /** How many, in the order of the block's times. */
  readonly taken: number;
}

/** How far an answer in order of arrival is. */
export interface Cursor {
  /** Log number of each partition up to which everything was sent; -1 for nothing. */
  readonly logNumbers: readonly bigint[];
  /** What was sent beyond it, by session text. */
  readonly sent: ReadonlyMap<string, SessionRanges>;
  readonly underWay?: readonly UnderWay[];
}

/*
 * "WCU1", 8 bytes of SHA-256 over the question, 8 bytes of SHA-256 over the
 * rest, then varints: partitions, each log number + 1; sessions, each 16
 * bytes, ranges, each first and length; blocks under way, each 16 bytes, seq,
 * records sent. A cursor may end before the last list, which is then empty.
 */
const MAGIC = Buffer.from("WCU1");
const HEAD = 20;

/** The cursor as bytes that only the same question reads again. */
export function encodeCursor(question: Uint8Array, cursor: Cursor): Buffer {
  const bytes = encodeBody(cursor);
  return Buffer.concat([MAGIC, question, sumOf(question, bytes), bytes]);
}

/** Error INVALID_ARGUMENT / BAD_CURSOR. */
export function decodeCursor(question: Uint8Array, cursor: Uint8Array, partitions: number): Result<Cursor> {
  const bytes = Buffer.from(cursor);
  if (bytes.length < HEAD || !bytes.subarray(0, 4).equals(MAGIC)) return bad("it was not made here");
  const body = bytes.subarray(HEAD);
  if (!bytes.subarray(12, HEAD).equals(sumOf(bytes.subarray(4, 12), body))) return bad("it is damaged");
  if (!bytes.subarray(4, 12).equals(question)) return bad("it belongs to another selection or filter");
  return decodeBody(body, partitions);
}

/** What a cursor and a page token have in common. */
export function encodeBody({ logNumbers, sent, underWay = [] }: Cursor): Buffer {
  const body: number[] = [];
  putVarint(body, BigInt(logNumbers.length));
  for (const n of logNumbers) putVarint(body, n + 1n);
  putVarint(body, BigInt(sent.size));
  for (const { id, ranges } of sent.values()) {
    body.push(...id);
    const list = ranges.toArray();
    putVarint(body, BigInt(list.length));
    for (const { first, last } of list) {
      putVarint(body, first);
      putVarint(body, last - first);
    }
  }
  if (underWay.length > 0) putVarint(body, BigInt(underWay.length));
  for (const { id, seq, taken } of underWay) {
    body.push(...id);
    putVarint(body, seq);
    putVarint(body, BigInt(taken));
  }
  return Buffer.from(body);
}

/** Error INVALID_ARGUMENT / BAD_CURSOR where the store has other partitions, or nobody here wrote this. */
export function decodeBody(body: Buffer, partitions: number): Result<Cursor> {
  const reader = { bytes: body, at: 0 };
  const count = Number(takeVarint(reader));
  if (count !== partitions) return bad(`it is of ${count} partitions, here are ${partitions}`);
  const logNumbers = Array.from({ length: count }, () => takeVarint(reader) - 1n);
  const sent = new Map<string, SessionRanges>();
  for (let left = takeVarint(reader); left > 0n && !isOver(reader); left--) {
    const id = takeId(reader);
    const ranges = new RangeSet();
    for (let ranged = takeVarint(reader); ranged > 0n && !isOver(reader); ranged--) {
      const first = takeVarint(reader);
      ranges.add(first, first + takeVarint(reader));
    }
    sent.set(sessionText(id), { id, ranges });
  }
  const underWay: UnderWay[] = [];
  const blocks = reader.at < body.length ? takeVarint(reader) : 0n;
  for (let left = blocks; left > 0n && !isOver(reader); left--) {
    underWay.push({ id: takeId(reader), seq: takeVarint(reader), taken: Number(takeVarint(reader)) });
  }
  return reader.at === body.length ? ok({ logNumbers, sent, underWay }) : bad("its lists do not end where it ends");
}

function bad(why: string) {
  return fail("INVALID_ARGUMENT", "BAD_CURSOR", `cursor: ${why}`);
}

function sumOf(question: Uint8Array, body: Uint8Array): Buffer {
  return createHash("sha256").update(question).update(body).digest().subarray(0, 8);
}

function putVarint(bytes: number[], value: bigint): void {
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
}

interface Bytes {
  readonly bytes: Buffer;
  at: number;
}

/** True where a list should go on and the bytes do not: whoever invents a length gets no further, and is refused. */
function isOver(reader: Bytes): boolean {
  if (reader.at < reader.bytes.length) return false;
  reader.at = reader.bytes.length + 1;
  return true;
}

/** 16 bytes; zeros where the bytes end before. */
function takeId(reader: Bytes): Buffer {
  const id = Buffer.alloc(16);
  reader.bytes.copy(id, 0, reader.at, reader.at + 16);
  reader.at += 16;
  return id;
}

function takeVarint(reader: Bytes): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.bytes[reader.at++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80 || shift > 63n) return value;
  }
}
