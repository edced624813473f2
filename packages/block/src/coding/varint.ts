import { Scratch } from "./scratch.ts";

const scratch = new Scratch();

/** LEB128 of 64-bit numbers given as halves. The bytes are valid until the next call. */
export function encodeVarints(lo: Uint32Array, hi: Uint32Array, count: number): Buffer {
  const bytes = scratch.take(count * 10);
  let at = 0;
  for (let index = 0; index < count; index++) {
    let low = lo[index]!;
    let high = hi[index]!;
    while (high !== 0) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low >= 0x80) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    bytes[at++] = low;
  }
  return bytes.subarray(0, at);
}

/** Reads exactly `count` numbers; false if the bytes end early, go on, or a number has over 64 bits. */
export function decodeVarints(bytes: Uint8Array, count: number, lo: Uint32Array, hi: Uint32Array): boolean {
  let at = 0;
  const end = bytes.length;
  for (let index = 0; index < count; index++) {
    if (at >= end) return false;
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      lo[index] = byte;
      continue;
    }
    let low = byte & 0x7f;
    let high = 0;
    let shift = 7;
    do {
      if (at >= end || shift > 63) return false;
      byte = bytes[at++]!;
      const part = byte & 0x7f;
      if (shift < 28) low |= part << shift;
      else if (shift === 28) {
        low |= part << 28;
        high |= part >>> 4;
      } else {
        if (shift === 63 && part > 1) return false;
        high |= part << (shift - 32);
      }
      shift += 7;
    } while (byte >= 0x80);
    lo[index] = low;
    hi[index] = high;
  }
  return at === end;
}
