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

/** Undoes `encodeClasses` into `lo` and `hi`. False if the bits run out, are left over, or a class is unknown. */
export function decodeClasses(classes: Uint8Array, bits: Uint8Array, lo: Uint32Array, hi: Uint32Array): boolean {
  let at = 0;
  let held = 0;
  let fill = 0;
  for (let index = 0; index < classes.length; index++) {
    const cls = classes[index]!;
    if (cls < 8) {
      lo[index] = cls;
      continue;
    }
    if (cls < 216) {
      const width = (cls - 8) >> 3;
      while (fill < width) {
        held |= bits[at++]! << fill;
        fill += 8;
      }
      lo[index] = ((8 | ((cls - 8) & 7)) << width) | (held & ((1 << width) - 1));
      held >>>= width;
      fill -= width;
      continue;
    }
    const exponent = cls - 187;
    if (exponent > 63) return false;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < exponent; shift += 16) {
      const take = Math.min(16, exponent - shift);
      while (fill < take) {
        held |= bits[at++]! << fill;
        fill += 8;
      }
      const part = held & ((1 << take) - 1);
      held >>>= take;
      fill -= take;
      if (shift < 32) low |= part << shift;
      else high |= part << (shift - 32);
    }
    if (exponent < 32) low |= 1 << exponent;
    else high |= 1 << (exponent - 32);
    lo[index] = low;
    hi[index] = high;
  }
  return at === bits.length && held === 0;
}
