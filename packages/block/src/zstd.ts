import { types } from "node:util";
import * as zlib from "node:zlib";
import { asBuffer } from "@wayward/base";
import { type Buffers, OWN_BUFFERS } from "./coding/buffers.ts";
import { Scratch } from "./coding/scratch.ts";

/*
 * zlib's synchronous functions make a coder for every call, which takes
 * 25 µs: more than most streams of a block need otherwise. There is no public
 * way to keep one. The stream objects do keep theirs, and have the synchronous
 * call that the public functions use; with it the same takes 2 to 10 µs.
 *
 * That call is Node's own affair and may change, so it is looked for and
 * tried once; where it is missing, fails or tells another length, the caller
 * takes the public function, whose answer is the one that counts.
 */
interface KeptCoder {
  readonly _handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void;
  };
  /** Room left in the output, bytes left of the input. */
  readonly _writeState: Uint32Array;
  on(event: "error", handle: () => void): unknown;
}

/** False below Node 22.15. */
const CAN_UNPACK = typeof zlib.createZstdDecompress === "function";
const END = zlib.constants.ZSTD_e_end ?? 2;

let kept: KeptCoder | undefined;
/** False once this runtime has shown that it cannot. */
let works = true;
let proven = false;

/** One frame unpacked into the buffers, or undefined where this way cannot do it: then take zlib's function. */
export function unpackFrame(frame: Uint8Array, length: number, buffers: Buffers = OWN_BUFFERS): Uint8Array | undefined {
  if (!works || !isWhole(asBuffer(frame), length)) return undefined;
  kept ??= makeDecoder();
  if (kept === undefined) return undefined;
  const { _handle: handle, _writeState: state } = kept;
  // One byte more than is declared, to see a frame that is longer.
  const output = buffers.bytes(length + 1);
  try {
    handle.writeSync(END, frame, 0, frame.length, output, 0, length + 1);
    if (state[0] === 1 && state[1] === 0) {
      proven = true;
      return output.subarray(0, length);
    }
  } catch {
    // Damage, unless it has never worked: then it is this runtime.
    works = proven;
  }
  // It stands somewhere inside a damaged frame: the next gets a new one.
  kept = undefined;
  return undefined;
}

function makeDecoder(): KeptCoder | undefined {
  const made = CAN_UNPACK ? zlib.createZstdDecompress() : undefined;
  if (made === undefined || !isKept(made)) {
    works = false;
    return undefined;
  }
  // A damaged frame is told by its lengths; the event would end the process.
  made.on("error", () => {});
  return made;
}

/** Room that a packed frame may need beyond what it packs (ZSTD_COMPRESSBOUND, rounded up). */
function roomFor(length: number): number {
  return length + (length >>> 7) + 256;
}

const PACKING = { params: { [zlib.constants.ZSTD_c_compressionLevel ?? 100]: 1 } };
const packed = new Scratch();
let encoder: KeptCoder | undefined;
let packs = typeof zlib.createZstdCompress === "function";

/** One frame of level 1 that says its length; the bytes are valid until the next call. */
export function packFrame(bytes: Uint8Array): Uint8Array {
  return (packs ? packKept(bytes) : undefined) ?? zlib.zstdCompressSync(bytes, PACKING);
}

function packKept(bytes: Uint8Array): Uint8Array | undefined {
  const room = roomFor(bytes.length);
  const output = packed.take(room);
  const isFirst = encoder === undefined;
  encoder ??= makeEncoder();
  try {
    if (encoder !== undefined) {
      encoder._handle.writeSync(END, bytes, 0, bytes.length, output, 0, room);
      const [left = 0, unread = 1] = encoder._writeState;
      const frame = output.subarray(0, room - left);
      // Given all input and the end at once, zstd has the frame whole in one call; the first one is proven.
      if (unread === 0 && left > 0 && (!isFirst || zlib.zstdDecompressSync(frame).equals(bytes))) return frame;
    }
  } catch {
    // Another runtime's affair: the public function does it.
  }
  packs = false;
  return undefined;
}

function makeEncoder(): KeptCoder | undefined {
  const made = zlib.createZstdCompress(PACKING);
  if (!isKept(made)) return undefined;
  made.on("error", () => {});
  return made;
}

function isKept(coder: object): coder is KeptCoder {
  if (!("_handle" in coder && "_writeState" in coder && "on" in coder)) return false;
  const { _handle: handle, _writeState: state } = coder;
  if (typeof handle !== "object" || handle === null || !("writeSync" in handle)) return false;
  return typeof handle.writeSync === "function" && types.isUint32Array(state) && state.length === 2;
}

/**
 * True if these bytes are one frame from its first to its last byte that says
 * this length (RFC 8878, 3.1.1): then the decoder stands at a frame's begin
 * after it, whatever is inside.
 */
function isWhole(frame: Buffer, length: number): boolean {
  if (frame.length < 9 || frame.readUInt32LE(0) !== MAGIC) return false;
  const descriptor = frame[4]!;
  const single = (descriptor & 0x20) !== 0;
  const sizeAt = 5 + (single ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]!;
  const sizeBytes = descriptor >> 6 === 0 ? (single ? 1 : 0) : 1 << (descriptor >> 6);
  if (sizeBytes === 0 || sizeBytes === 8 || sizeAt + sizeBytes > frame.length) return false;
  const said = frame.readUIntLE(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  if (said !== length) return false;
  let at = sizeAt + sizeBytes;
  for (;;) {
    if (at + 3 > frame.length) return false;
    const header = frame.readUIntLE(at, 3);
    // A block of one byte repeated (type 1) holds that byte only.
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    if (header & 1) return at + (descriptor & 4 ? 4 : 0) === frame.length;
  }
}

const MAGIC = 0xfd2fb528;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
