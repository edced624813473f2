import { types } from "node:util";
import * as zlib from "node:zlib";
import { asBuffer, WaywardError } from "@wayward/base";
import { LIMITS } from "./limits.ts";

/** How one stream is stored. */
const STORED = 0;
const ZSTD = 1;

/** Below this length zstd's frame costs more than it saves, and each call some 20 µs. */
const ZSTD_FROM_BYTES = 160;

const ZSTD_PARAMS = { [zlib.constants.ZSTD_c_compressionLevel ?? 100]: 1 };

/** One output buffer of the right size, and tables no larger than the input: a quarter of the call's time. */
function zstdOptions(length: number) {
  return { params: ZSTD_PARAMS, pledgedSrcSize: length, chunkSize: length + 512 };
}

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
      const packed = zlib.zstdCompressSync(bytes, zstdOptions(bytes.length));
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
  readonly #unpacked: Unpacked | undefined;
  at = 0;

  /** `unpacked`: streams that were unpacked before. */
  constructor(bytes: Uint8Array, budget: Budget, unpacked?: Unpacked) {
    this.#bytes = asBuffer(bytes);
    this.#budget = budget;
    this.#unpacked = unpacked;
  }

  /** Passes over what `pass` passes over, to be read later. */
  part(pass: (reader: SectionReader, into: StreamAt[]) => void): Part {
    const from = this.at;
    const streams: StreamAt[] = [];
    pass(this, streams);
    return new Part(this.#bytes.subarray(from, this.at), streams);
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
    const at = this.locate();
    return this.#unpacked?.get(at.bytes.byteOffset) ?? unpack(at);
  }
}

/** Unpacked streams by the place of their packed bytes in memory. */
type Unpacked = ReadonlyMap<number, Uint8Array>;

/** Some columns of a section whose structure was read and whose streams were not unpacked. */
export class Part {
  readonly #bytes: Uint8Array;
  readonly #streams: readonly StreamAt[];
  #unpacked: Unpacked | undefined;

  constructor(bytes: Uint8Array, streams: readonly StreamAt[]) {
    this.#bytes = bytes;
    this.#streams = streams;
  }

  /** Reads the part. What it may unpack was taken from the block's budget when it was passed over. */
  read<T>(decode: (reader: SectionReader) => T): T {
    const left = this.#streams.reduce((sum, { length }) => sum + length, 0);
    if (this.#unpacked === undefined) Part.unpack([this]);
    const value = decode(new SectionReader(this.#bytes, { left }, this.#unpacked));
    this.#unpacked = undefined;
    return value;
  }

  /**
   * Unpacks the streams of several parts with one call: frames end to end
   * unpack as one, and a call costs as much as 60 KB. Streams whose frame does
   * not say its length are left for later.
   */
  static unpack(parts: readonly Part[]): void {
    const packed = parts
      .flatMap((part) => part.#streams)
      .filter((stream) => stream.method === ZSTD && saysLength(stream));
    const unpacked = new Map<number, Uint8Array>();
    if (packed.length > 1) {
      const length = packed.reduce((sum, stream) => sum + stream.length, 0);
      const frames = Buffer.concat(packed.map(({ bytes }) => bytes));
      const all = unpack({ length, method: ZSTD, bytes: frames });
      let at = 0;
      for (const stream of packed) {
        unpacked.set(stream.bytes.byteOffset, all.subarray(at, at + stream.length));
        at += stream.length;
      }
    }
    for (const part of parts) part.#unpacked = unpacked;
  }
}

/** True if the zstd frame's header (RFC 8878, 3.1.1.1) says the length that the stream declares. */
function saysLength({ bytes, length }: StreamAt): boolean {
  const frame = asBuffer(bytes);
  const descriptor = frame[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
  const size = descriptor >> 6;
  if (at + 8 > frame.length || frame.readUInt32LE(0) !== ZSTD_MAGIC) return false;
  if (size === 0) return single && frame[at] === length;
  if (size === 1) return frame.readUInt16LE(at) + 256 === length;
  return size === 2 && frame.readUInt32LE(at) === length;
}

const ZSTD_MAGIC = 0xfd2fb528;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/** The stream's bytes. A stored stream is a view, a packed one belongs to the caller. */
function unpack(stream: StreamAt): Uint8Array {
  if (stream.method === STORED) return stream.bytes;
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
