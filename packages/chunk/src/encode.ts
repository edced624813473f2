import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { archive } from "@wayward/api";
import { asBuffer } from "@wayward/base";
import { digestOf, type Envelope, sections } from "@wayward/block";
import { sessionText } from "@wayward/record";
import { mergeSections } from "./summary.ts";

/** "WCK1", little-endian. */
export const CHUNK_MAGIC = 0x314b4357;
export const CHUNK_FORMAT = 1;
/** Bytes behind the footer: its length, its crc32, the magic. */
export const TRAILER_BYTES = 12;

/** A chunk ready to be stored: pieces to be written end to end. */
export interface EncodedChunk {
  readonly body: readonly Uint8Array[];
  readonly bytes: number;
  readonly sha256: Buffer;
  readonly footer: archive.ChunkFooter;
}

/**
 * Lays blocks end to end, by session and seq, with a footer that tells where
 * they are. Each (session, seq) once. Throws a refusal if a block's summary
 * cannot be read (`hasReadableSummary`). `digest` gives a block's digest to who
 * knows it already: hashing is half of what a chunk costs.
 */
export function encodeChunk(blocks: readonly Envelope[], digest: (block: Envelope) => Buffer = digestOf): EncodedChunk {
  const bySession = new Map<string, Envelope[]>();
  for (const block of blocks) {
    const key = sessionText(block.header.session);
    const list = bySession.get(key);
    if (list === undefined) bySession.set(key, [block]);
    else list.push(block);
  }
  const body: Uint8Array[] = [];
  const footer: archive.ChunkFooter = { format: CHUNK_FORMAT, sessions: [] };
  let offset = 0;
  for (const [, list] of [...bySession].sort(([a], [b]) => (a < b ? -1 : 1))) {
    list.sort((a, b) => (a.header.seq < b.header.seq ? -1 : 1));
    const entries: archive.ChunkBlock[] = [];
    for (const block of list) {
      entries.push(indexBlock(block, offset, digest(block)));
      body.push(block.bytes);
      offset += block.bytes.length;
    }
    const summary = asBuffer(mergeSections(list.map((block) => sections(block).summary)));
    footer.sessions.push({ session: asBuffer(list[0]!.header.session), blocks: entries, summary });
  }
  const footerBytes = archive.ChunkFooter.encode(footer).finish();
  body.push(footerBytes, trailer(footerBytes));
  const hash = createHash("sha256");
  for (const piece of body) hash.update(piece);
  return { body, bytes: offset + footerBytes.length + TRAILER_BYTES, sha256: hash.digest(), footer };
}

function indexBlock(block: Envelope, offset: number, digest: Buffer): archive.ChunkBlock {
  const { header } = block;
  return {
    seq: header.seq,
    offset: BigInt(offset),
    length: block.bytes.length,
    digest,
    records: header.recordCount,
    firstTime: header.firstTime,
    lastTime: header.lastTime,
    headerLength: block.headerBytes.length,
    dictionaryLength: header.dictionaryLength,
    summaryLength: header.summaryLength,
    openSetLength: header.openSetLength,
    header: asBuffer(block.headerBytes),
    dictionary: asBuffer(sections(block).dictionary),
  };
}

function trailer(footer: Uint8Array): Buffer {
  const bytes = Buffer.alloc(TRAILER_BYTES);
  bytes.writeUInt32LE(footer.length, 0);
  bytes.writeUInt32LE(crc32(footer), 4);
  bytes.writeUInt32LE(CHUNK_MAGIC, 8);
  return bytes;
}
