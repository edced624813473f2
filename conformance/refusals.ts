import { zstdCompressSync } from "node:zlib";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { LIMITS, parseEnvelope, sealEnvelope, sections } from "@wayward/block";
import type { Sample } from "./samples.ts";

/** A block that every reader refuses, with the error code. */
export interface Refusal extends Sample {
  readonly error: string;
}

type Parts = { dictionary: Uint8Array; summary: Uint8Array; openSet: Uint8Array; columns: Uint8Array };
type Change = (header: api.BlockHeader, parts: Parts) => void;

/** Takes a block apart, lets `change` work on it, and seals it with lengths and checksum that fit. */
function rebuilt(bytes: Uint8Array, change: Change): Buffer {
  const envelope = unwrap(parseEnvelope(bytes));
  const header = { ...envelope.header };
  const parts: Parts = { ...sections(envelope) };
  change(header, parts);
  header.dictionaryLength = parts.dictionary.length;
  header.summaryLength = parts.summary.length;
  header.openSetLength = parts.openSet.length;
  header.columnsLength = parts.columns.length;
  const payload = Buffer.concat([parts.dictionary, parts.summary, parts.openSet, parts.columns]);
  return sealEnvelope(api.BlockHeader.encode(header).finish(), payload);
}

function truncations(good: Uint8Array): Refusal[] {
  const { headerBytes } = unwrap(parseEnvelope(good));
  const payloadAt = 1 + (headerBytes.length < 128 ? 1 : 2) + headerBytes.length;
  const places = [0, 1, 2, payloadAt - 1, payloadAt, payloadAt + 1, payloadAt + 5, good.length - 5, good.length - 4];
  return [...places, good.length - 1].map((length) => ({
    name: `truncated-at-${length}`,
    bytes: good.subarray(0, length),
    error: "BAD_ENVELOPE",
  }));
}

function envelopes(good: Uint8Array): Refusal[] {
  const flipped = Buffer.from(good);
  flipped[flipped.length - 1]! ^= 1;
  const { headerBytes, payload } = unwrap(parseEnvelope(good));
  return [
    { name: "checksum", bytes: flipped, error: "BAD_CRC" },
    { name: "trailing-byte", bytes: Buffer.concat([good, Buffer.of(0)]), error: "BAD_ENVELOPE" },
    { name: "header-garbage", bytes: sealEnvelope(Buffer.from("ffffff", "hex"), payload), error: "BAD_HEADER" },
    { name: "sections-sum", bytes: sealEnvelope(headerBytes, payload.subarray(1)), error: "BAD_HEADER" },
  ];
}

function headers(good: Uint8Array): Refusal[] {
  const bad = (name: string, error: string, fields: Partial<api.BlockHeader>): Refusal => ({
    name,
    error,
    bytes: rebuilt(good, (header) => Object.assign(header, fields)),
  });
  const { header } = unwrap(parseEnvelope(good));
  return [
    bad("magic", "BAD_HEADER", { magic: 0x314d4258 }),
    bad("version", "UNKNOWN_VERSION", { format: 2 }),
    // A number that no release of the enumeration has.
    bad("codec", "UNKNOWN_CODEC", { codec: 9 as api.Codec }),
    bad("session-length", "BAD_HEADER", { session: Buffer.alloc(15) }),
    bad("no-description", "BAD_HEADER", { description: undefined }),
    bad("record-count", "TOO_LARGE", { recordCount: LIMITS.records + 1 }),
    bad("declared-sum-over-16-mib", "TOO_LARGE", { unpackedLength: LIMITS.unpackedBytes + 1 }),
    bad("declared-sum-too-small", "TOO_LARGE", { unpackedLength: header.unpackedLength - 1 }),
    bad("declared-sum-too-large", "STREAM_LENGTH", { unpackedLength: header.unpackedLength + 1 }),
    bad("fewer-records", "BAD_VALUE", { recordCount: header.recordCount - 1 }),
    bad("time-outside", "BAD_VALUE", { firstTime: header.firstTime + 1n }),
  ];
}

/** A dictionary of one string, written by hand: table, rows, id column (constant 1), texts with the stream given. */
function oneString(stream: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(1, 1, 1, 1, 1, 1, 0, 8), stream]);
}

function payloads(good: Uint8Array): Refusal[] {
  const bad = (name: string, error: string, change: Change): Refusal => ({ name, error, bytes: rebuilt(good, change) });
  const dictionary =
    (bytes: Uint8Array): Change =>
    (header, parts) => {
      parts.dictionary = bytes;
      header.unpackedLength = LIMITS.unpackedBytes;
    };
  const frame = zstdCompressSync(Buffer.alloc(5, 97));
  const bomb = zstdCompressSync(Buffer.alloc(17 * 1024 * 1024));
  return [
    bad("columns-cut", "TRUNCATED", (_, parts) => (parts.columns = parts.columns.subarray(0, -1))),
    bad(
      "columns-trailing",
      "TRAILING_BYTES",
      (_, parts) => (parts.columns = Buffer.concat([parts.columns, Buffer.of(0)])),
    ),
    bad("columns-missing", "TRUNCATED", (_, parts) => (parts.columns = Buffer.alloc(0))),
    bad("summary-cut", "TRUNCATED", (_, parts) => (parts.summary = parts.summary.subarray(0, -1))),
    bad("dictionary-cut", "TRUNCATED", (_, parts) => (parts.dictionary = parts.dictionary.subarray(0, -1))),
    bad("dictionary-table", "BAD_VALUE", dictionary(Buffer.of(9, 0))),
    bad("stream-method", "UNKNOWN_CODEC", dictionary(oneString(Buffer.from("0402616161", "hex")))),
    bad("stream-longer", "STREAM_LENGTH", dictionary(oneString(Buffer.concat([Buffer.of(4, 1, frame.length), frame])))),
    bad(
      "stream-shorter",
      "STREAM_LENGTH",
      dictionary(oneString(Buffer.concat([Buffer.of(6, 1, frame.length), frame]))),
    ),
    bad("stream-garbage", "BAD_STREAM", dictionary(oneString(Buffer.from("040104deadbeef", "hex")))),
    bad("stream-bomb", "STREAM_LENGTH", dictionary(oneString(withLengths(4, bomb)))),
    bad("stream-declares-too-much", "TOO_LARGE", dictionary(oneString(withLengths(17 * 1024 * 1024, bomb)))),
    bad("stream-reaches-out", "TRUNCATED", dictionary(oneString(Buffer.of(4, 0, 97)))),
    bad("coding", "UNKNOWN_CODING", dictionary(Buffer.of(1, 1, 6))),
    bad("summary-dimension", "BAD_VALUE", (_, parts) => (parts.summary = Buffer.of(11, 0, 0, 0))),
  ];
}

/** A packed stream with these lengths. */
function withLengths(unpacked: number, frame: Uint8Array): Buffer {
  return Buffer.concat([varint(unpacked), Buffer.of(1), varint(frame.length), frame]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** All refusals, made from one good block. */
export function refusals(good: Uint8Array): Refusal[] {
  const list = [...truncations(good), ...envelopes(good), ...headers(good), ...payloads(good)];
  return list.map((refusal) => ({ ...refusal, name: `refused-${refusal.name}` }));
}
