import { Scratch } from "./scratch.ts";

const classScratch = new Scratch();
const bitScratch = new Scratch();

/**
 * Class coding: a number's size and its top bits as one byte, the other bits
 * packed as they are. The bytes take the entropy coder well; the bits are
 * noise and stay out of its way.
 *
 *   class 0-7       the value itself, no bits
 *   class 8-215     exponent 3-28 and the three bits below the leading one;
 *                   exponent - 3 bits follow
 *   class 216-250   exponent 29-63; exponent bits follow
 *
 * Bits are packed from the low end of each byte, low bits of a value first.
 * What is given back is valid until the next call.
 */
export function encodeClasses(lo: Uint32Array, hi: Uint32Array, count: number): { classes: Buffer; bits: Buffer } {
  const classes = classScratch.take(count);
  const bits = bitScratch.take(count * 8 + 8);
  let at = 0;
  let held = 0;
  let fill = 0;
  for (let index = 0; index < count; index++) {
    const low = lo[index]!;
    const high = hi[index]!;
    let width: number;
    if (high === 0 && low < 0x2000_0000) {
      if (low < 8) {
        classes[index] = low;
        continue;
      }
      const exponent = 31 - Math.clz32(low);
      width = exponent - 3;
      classes[index] = 8 + (width << 3) + ((low >>> width) & 7);
      if (width === 0) continue;
      held |= (low & ((1 << width) - 1)) << fill;
      fill += width;
    } else {
      const exponent = high === 0 ? 31 - Math.clz32(low) : 63 - Math.clz32(high);
      classes[index] = 216 + exponent - 29;
      let left = exponent;
      for (let shift = 0; left > 0; shift += 16) {
        const part = shift < 32 ? (low >>> shift) & 0xffff : (high >>> (shift - 32)) & 0xffff;
        const take = left < 16 ? left : 16;
        held |= (part & ((1 << take) - 1)) << fill;
        fill += take;
        left -= take;
        while (fill >= 8) {
          bits[at++] = held & 255;
          held >>>= 8;
          fill -= 8;
        }
      }
      continue;
    }
    while (fill >= 8) {
      bits[at++] = held & 255;
      held >>>= 8;
      fill -= 8;
    }
  }
  if (fill > 0) bits[at++] = held & 255;
  return { classes: classes.subarray(0, count), bits: bits.subarray(0, at) };
}

/**
 * Undoes `encodeClasses` into `lo` and `hi`, of which `hi` must be all 0.
 * False if the bits run out, are left over, or a class is unknown.
 */
export function decodeClasses(classes: Uint8Array, bits: Uint8Array, lo: Uint32Array, hi: Uint32Array): boolean {
  /** How many bits are read. */
  let at = 0;
  for (let index = 0; index < classes.length; index++) {
    const cls = classes[index]!;
    if (cls < 8) {
      lo[index] = cls;
    } else if (cls < 216) {
      const width = (cls - 8) >> 3;
      lo[index] = ((8 | (cls & 7)) << width) | (windowAt(bits, at) & ((1 << width) - 1));
      at += width;
    } else {
      const exponent = cls - 187;
      if (exponent > 63) return false;
      decodeLarge(exponent, bits, at, index, lo, hi);
      at += exponent;
    }
  }
  if ((at + 7) >>> 3 !== bits.length) return false;
  return (at & 7) === 0 || bits[bits.length - 1]! >>> (at & 7) === 0;
}

/** At least the 25 bits that begin there; 0 for those behind the end. A number below 2^29 has no more beside its class. */
function windowAt(bits: Uint8Array, at: number): number {
  const byte = at >>> 3;
  if (byte + 4 > bits.length) return windowAtEnd(bits, byte) >>> (at & 7);
  return (bits[byte]! | (bits[byte + 1]! << 8) | (bits[byte + 2]! << 16) | (bits[byte + 3]! << 24)) >>> (at & 7);
}

function windowAtEnd(bits: Uint8Array, from: number): number {
  let window = 0;
  for (let byte = from; byte < bits.length; byte++) window |= bits[byte]! << ((byte - from) * 8);
  return window;
}

/** A number whose bits come 16 at a time. */
function decodeLarge(
  exponent: number,
  bits: Uint8Array,
  from: number,
  index: number,
  lo: Uint32Array,
  hi: Uint32Array,
): void {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < exponent; shift += 16) {
    const take = Math.min(16, exponent - shift);
    const part = windowAt(bits, from + shift) & ((1 << take) - 1);
    if (shift < 32) low |= part << shift;
    else high |= part << (shift - 32);
  }
  if (exponent < 32) low |= 1 << exponent;
  else high |= 1 << (exponent - 32);
  lo[index] = low;
  hi[index] = high;
}
