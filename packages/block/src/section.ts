import { types } from "node:util";
import * as zlib from "node:zlib";
import { asBuffer, WaywardError } from "@wayward/base";
import { type Buffers, OWN_BUFFERS } from "./coding/buffers.ts";
import { LIMITS } from "./limits.ts";
import { packFrame, unpackFrame } from "./zstd.ts";

/** How one stream is stored. */
const STORED = 0;
const ZSTD = 1;

/** Below this length zstd's frame costs more than it saves. */
const ZSTD_FROM_BYTES = 160;

/** True where this runtime can pack streams; Node below 22.15 writes codec 0. */
export const CAN_PACK = typeof zlib.zstdCompressSync === "function";

/**
 * Writes one section. A stream in it is
 *   varint unpacked length, byte method (0 stored, 1 zstd),
 *   with method 1: varint packed length, then the bytes.
 */
export class SectionWriter {
  buffer = Buffer.allocUnsafeSlow(4096);
  at = 0;
  /** Sum of the streams' unpacked lengths. */
  unpacked = 0;
  readonly #pack: boolean;

  constructor(pack: boolean) {
    this.#pack = pack && CAN_PACK;
  }

  get packs(): boolean {
    return this.#pack;
  }

  /** Begins anew; what `bytes` gave before is overwritten. */
  clear(): void {
    this.at = 0;
    this.unpacked = 0;
  }

  /** What was written so far; valid until the next write. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.at++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Writes what `write` writes behind its length (u32, little-endian), so that a reader can pass over it. */
  measured(write: () => void): void {
    const from = this.at;
    this.reserve(4);
    this.at += 4;
    write();
    this.buffer.writeUInt32LE(this.at - from - 4, from);
  }

  /** A stream that no entropy coder could shorten. */
  noise(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.unpacked += bytes.length;
    this.byte(STORED);
    this.raw(bytes);
  }

  stream(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.unpacked += bytes.length;
    if (this.#pack && bytes.length >= ZSTD_FROM_BYTES) {
      const packed = packFrame(bytes);
      if (packed.length < bytes.length - (bytes.length >>> 6)) {
        this.byte(ZSTD);
        this.varint(packed.length);
        this.raw(packed);
        return;
      }
    }
    this.byte(STORED);
    this.raw(bytes);
  }
}

/** Refusal of bytes; `reason` is one of FORMAT.md's error codes. */
export function refuse(reason: string, message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", reason, `block payload: ${message}`);
}

/** How many bytes a decoder may still unpack for one block. Shared by the readers of its sections. */
export interface Budget {
  left: number;
}

export function createBudget(unpackedLength: number): Budget {
  if (unpackedLength > LIMITS.unpackedBytes) {
    throw refuse("TOO_LARGE", `unpacked length is ${unpackedLength}, at most ${LIMITS.unpackedBytes}`);
  }
  return { left: unpackedLength };
}

/** A stream's place, not unpacked yet. */
export interface StreamAt {
  readonly length: number;
  readonly method: number;
  readonly bytes: Uint8Array;
}

/** Reads what SectionWriter wrote. Everything throws a refusal: TRUNCATED, BAD_VALUE, TOO_LARGE, STREAM_LENGTH. */
export class SectionReader {
  readonly #bytes: Buffer;
  readonly #budget: Budget;
  /** Where what is read goes. */
  readonly buffers: Buffers;
  at = 0;

  constructor(bytes: Uint8Array, budget: Budget, buffers: Buffers = OWN_BUFFERS) {
    this.#bytes = asBuffer(bytes);
    this.#budget = budget;
    this.buffers = buffers;
  }

  /** Passes over what `pass` passes over, to be read later. */
  part(pass: (reader: SectionReader, into: StreamAt[]) => void): Part {
    const from = this.at;
    const streams: StreamAt[] = [];
    pass(this, streams);
    return new Part(this.#bytes.subarray(from, this.at), streams, this.buffers);
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** Throws TRAILING_BYTES unless everything was read. */
  end(what: string): void {
    const left = this.#bytes.length - this.at;
    if (left > 0) throw refuse("TRAILING_BYTES", `${left} bytes after the ${what}`);
  }

  byte(): number {
    const value = this.#bytes[this.at];
    if (value === undefined) throw refuse("TRUNCATED", `a byte is missing at ${this.at}`);
    this.at++;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw refuse("BAD_VALUE", `the number at ${this.at} is over 2^53`);
  }

  /** A whole number of 32 bits, little-endian. */
  u32(): number {
    return this.raw(4).readUInt32LE(0);
  }

  raw(length: number): Buffer {
    if (this.at + length > this.#bytes.length) {
      throw refuse("TRUNCATED", `${length} bytes at ${this.at} reach past the end at ${this.#bytes.length}`);
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  /** The next stream's place. Its declared length is taken from the budget before anything is allocated. */
  locate(): StreamAt {
    const length = this.varint();
    if (length > this.#budget.left) {
      throw refuse("TOO_LARGE", `a stream declares ${length} bytes, the block has ${this.#budget.left} left`);
    }
    this.#budget.left -= length;
    const method = this.byte();
    if (method === STORED) return { length, method, bytes: this.raw(length) };
    if (method !== ZSTD) throw refuse("UNKNOWN_CODEC", `stream method is ${method}, known are 0 and 1`);
    return { length, method, bytes: this.raw(this.varint()) };
  }

  stream(): Uint8Array {
    return unpack(this.locate(), this.buffers);
  }
}

/** Some columns of a section whose structure was read and whose streams were not unpacked. */
export class Part {
  readonly #bytes: Uint8Array;
  readonly #streams: readonly StreamAt[];
  readonly #buffers: Buffers;

  constructor(bytes: Uint8Array, streams: readonly StreamAt[], buffers: Buffers) {
    this.#bytes = bytes;
    this.#streams = streams;
    this.#buffers = buffers;
  }

  /** Reads the part. What it may unpack was taken from the block's budget when it was passed over. */
  read<T>(decode: (reader: SectionReader) => T): T {
    const left = this.#streams.reduce((sum, { length }) => sum + length, 0);
    return decode(new SectionReader(this.#bytes, { left }, this.#buffers));
  }
}

/** The stream's bytes. A stored stream is a view, a packed one stands in the buffers. */
function unpack(stream: StreamAt, buffers: Buffers): Uint8Array {
  if (stream.method === STORED) return stream.bytes;
  return unpackFrame(stream.bytes, stream.length, buffers) ?? unpackChecked(stream);
}

/** The same by the public function, which tells what is wrong. */
function unpackChecked(stream: StreamAt): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = zlib.zstdDecompressSync(stream.bytes, {
      maxOutputLength: Math.max(1, stream.length),
      chunkSize: Math.max(64, stream.length),
    });
  } catch (error) {
    if (!types.isNativeError(error)) throw error;
    const longer = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    if (longer) throw refuse("STREAM_LENGTH", `a stream is longer than the ${stream.length} bytes it declares`);
    throw refuse("BAD_STREAM", `a stream cannot be unpacked: ${error.message}`);
  }
  if (bytes.length !== stream.length) {
    throw refuse("STREAM_LENGTH", `a stream declares ${stream.length} bytes and has ${bytes.length}`);
  }
  return bytes;
}
