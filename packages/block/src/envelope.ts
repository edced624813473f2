import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { block as api } from "@wayward/api";
import { asBuffer, type ErrorFacts, fail, ok, type Result } from "@wayward/base";
import { LIMITS } from "./limits.ts";

/** "WBM1", little-endian. */
export const MAGIC = 0x314d4257;
export const FORMAT = 1;

/** A block taken apart without opening its payload. All views share the memory of `bytes`. */
export interface Envelope {
  /** The serialised Block. */
  readonly bytes: Uint8Array;
  readonly header: api.BlockHeader;
  readonly headerBytes: Uint8Array;
  readonly payload: Uint8Array;
  readonly crc32: number;
}

/** The payload's four sections, as views. */
export interface Sections {
  readonly dictionary: Uint8Array;
  readonly summary: Uint8Array;
  readonly openSet: Uint8Array;
  readonly columns: Uint8Array;
}

/*
 * The serialised Block is canonical, so that its fields are found by position:
 *   0a <varint> header   12 <varint> payload   1d <4 bytes crc32, little-endian>
 */
const HEADER_TAG = 0x0a;
const PAYLOAD_TAG = 0x12;
const CRC_TAG = 0x1d;

/**
 * Takes a serialised Block apart and checks all that can be checked without
 * opening the payload: structure, checksum, magic, version and limits.
 * Reasons: BAD_ENVELOPE, BAD_CRC, BAD_HEADER, TOO_LARGE, UNKNOWN_VERSION,
 * UNKNOWN_CODEC.
 */
export function parseEnvelope(bytes: Uint8Array): Result<Envelope> {
  if (bytes.length > LIMITS.blockBytes) return tooLarge("block", bytes.length, LIMITS.blockBytes);
  const header = takeBytes(bytes, 0, HEADER_TAG);
  if (header === undefined) return bad("BAD_ENVELOPE", "the header field is cut off or has another tag");
  const payload = takeBytes(bytes, header.end, PAYLOAD_TAG);
  if (payload === undefined) return bad("BAD_ENVELOPE", "the payload field is cut off or has another tag");
  if (bytes.length !== payload.end + 5 || bytes[payload.end] !== CRC_TAG) {
    return bad(
      "BAD_ENVELOPE",
      `expected 5 bytes of checksum at ${payload.end}, ${bytes.length - payload.end} are left`,
    );
  }
  if (header.bytes.length > LIMITS.headerBytes) return tooLarge("header", header.bytes.length, LIMITS.headerBytes);
  if (payload.bytes.length > LIMITS.payloadBytes) return tooLarge("payload", payload.bytes.length, LIMITS.payloadBytes);
  const declared = asBuffer(bytes).readUInt32LE(payload.end + 1);
  const actual = crc32(payload.bytes, crc32(header.bytes));
  if (declared !== actual) {
    return bad("BAD_CRC", `checksum is ${hex(declared)}, the bytes give ${hex(actual)}`);
  }
  return checkHeader(bytes, header.bytes, payload.bytes, actual);
}

/** Serialises a Block around header and payload bytes. */
export function sealEnvelope(headerBytes: Uint8Array, payload: Uint8Array): Buffer {
  const headerAt = 1 + varintLength(headerBytes.length);
  const payloadTagAt = headerAt + headerBytes.length;
  const payloadAt = payloadTagAt + 1 + varintLength(payload.length);
  const crcAt = payloadAt + payload.length;
  const bytes = Buffer.allocUnsafe(crcAt + 5);
  bytes[0] = HEADER_TAG;
  writeVarint(bytes, 1, headerBytes.length);
  bytes.set(headerBytes, headerAt);
  bytes[payloadTagAt] = PAYLOAD_TAG;
  writeVarint(bytes, payloadTagAt + 1, payload.length);
  bytes.set(payload, payloadAt);
  bytes[crcAt] = CRC_TAG;
  bytes.writeUInt32LE(crc32(payload, crc32(headerBytes)), crcAt + 1);
  return bytes;
}

/** First 16 bytes of SHA-256 over header and payload: tells two blocks of one identity apart. */
export function digestOf(envelope: Envelope): Buffer {
  return createHash("sha256").update(envelope.headerBytes).update(envelope.payload).digest().subarray(0, 16);
}

/** The payload's sections. */
export function sections(envelope: Envelope): Sections {
  const { header, payload } = envelope;
  const summaryAt = header.dictionaryLength;
  const openSetAt = summaryAt + header.summaryLength;
  const columnsAt = openSetAt + header.openSetLength;
  return {
    dictionary: payload.subarray(0, summaryAt),
    summary: payload.subarray(summaryAt, openSetAt),
    openSet: payload.subarray(openSetAt, columnsAt),
    columns: payload.subarray(columnsAt),
  };
}

const EPOCH = BigInt(LIMITS.epochBlocks);

/** True where a new epoch begins: nothing defined before this block counts. */
export function beginsEpoch(seq: bigint): boolean {
  return seq % EPOCH === 0n;
}

/** Number of the block's epoch, from 0. */
export function epochOf(seq: bigint): bigint {
  return seq / EPOCH;
}

/** Seqs of the first and the last block of the block's epoch. */
export function epochRange(seq: bigint): { readonly first: bigint; readonly last: bigint } {
  const first = epochOf(seq) * EPOCH;
  return { first, last: first + EPOCH - 1n };
}

function checkHeader(bytes: Uint8Array, headerBytes: Uint8Array, payload: Uint8Array, crc: number): Result<Envelope> {
  let header: api.BlockHeader;
  try {
    header = api.BlockHeader.decode(headerBytes);
  } catch (error) {
    return bad("BAD_HEADER", `the header is not a BlockHeader: ${error instanceof Error ? error.message : error}`);
  }
  if (header.magic !== MAGIC) return bad("BAD_HEADER", `magic is ${hex(header.magic)}, not ${hex(MAGIC)}`);
  if (header.format !== FORMAT) {
    return bad("UNKNOWN_VERSION", `format is ${header.format}, this release reads ${FORMAT}`);
  }
  if (header.codec !== 0 && header.codec !== 1)
    return bad("UNKNOWN_CODEC", `codec is ${header.codec}, known are 0 and 1`);
  if (header.session.length !== 16) return bad("BAD_HEADER", `session has ${header.session.length} bytes, not 16`);
  if (header.recordCount > LIMITS.records) return tooLarge("record count", header.recordCount, LIMITS.records);
  if (header.unpackedLength > LIMITS.unpackedBytes) {
    return tooLarge("unpacked length", header.unpackedLength, LIMITS.unpackedBytes);
  }
  const sum = header.dictionaryLength + header.summaryLength + header.openSetLength + header.columnsLength;
  if (sum !== payload.length) {
    return bad("BAD_HEADER", `sections add up to ${sum} bytes, the payload has ${payload.length}`);
  }
  if (beginsEpoch(header.seq) && header.description === undefined) {
    return bad("BAD_HEADER", `block ${header.seq} begins an epoch and has no description`);
  }
  return ok({ bytes, header, headerBytes, payload, crc32: crc });
}

function takeBytes(bytes: Uint8Array, at: number, tag: number): { bytes: Uint8Array; end: number } | undefined {
  if (bytes[at] !== tag) return undefined;
  let length = 0;
  let position = at + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[position++];
    if (byte === undefined || shift > 21) return undefined;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (position + length > bytes.length || position - at - 1 !== varintLength(length)) return undefined;
  return { bytes: bytes.subarray(position, position + length), end: position + length };
}

function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): void {
  let rest = value;
  let position = at;
  while (rest >= 0x80) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position] = rest;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

function bad(reason: string, message: string, facts: ErrorFacts = {}) {
  return fail("INVALID_ARGUMENT", reason, `block: ${message}`, facts);
}

function tooLarge(subject: string, got: number, limit: number) {
  return bad("TOO_LARGE", `${subject} is ${got}, at most ${limit}`, { subject, got, limit });
}
