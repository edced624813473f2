import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { packFrame, unpackFrame } from "./zstd.ts";

const frames = fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.nat(255), fc.nat()).map(([length, range, seed]) => {
  const raw = Buffer.alloc(length);
  for (let at = 0; at < length; at++) raw[at] = (Math.imul(at + seed, 2_654_435_761) >>> 13) % (range + 1);
  return { raw, frame: zstdCompressSync(raw) };
});

describe("unpacking with a kept decoder", () => {
  test("gives what was packed, frame after frame", () => {
    fc.assert(
      fc.property(frames, ({ raw, frame }) => {
        const unpacked = unpackFrame(frame, raw.length);
        // Short frames may not say their length; all others are taken.
        if (raw.length > 300) expect(unpacked).toBeDefined();
        if (unpacked !== undefined) expect(raw.equals(unpacked)).toBe(true);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test("gives damaged frames away, and is not confused by them", () => {
    const good = Buffer.from("a stream of some words and some more words ".repeat(40));
    const packed = zstdCompressSync(good);
    for (let at = 0; at < packed.length; at++) {
      for (const mask of [1, 0x80, 0xff]) {
        const damaged = Buffer.from(packed);
        damaged[at]! ^= mask;
        const unpacked = unpackFrame(damaged, good.length);
        if (unpacked !== undefined) expect(good.length).toBe(unpacked.length);
        const next = unpackFrame(packed, good.length) ?? zstdDecompressSync(packed);
        expect(good.equals(next)).toBe(true);
      }
      expect(unpackFrame(packed.subarray(0, at), good.length)).toBeUndefined();
    }
    expect(unpackFrame(packed, good.length - 1)).toBeUndefined();
    expect(unpackFrame(Buffer.concat([packed, packed]), good.length)).toBeUndefined();
  });

  test("still works after a hundred damaged frames", () => {
    const good = Buffer.from("words ".repeat(200));
    expect(unpackFrame(zstdCompressSync(good), good.length)).toBeDefined();
  });
});

describe("packing with a kept encoder", () => {
  test("makes frames that zlib unpacks, one after the other, and that say their length", () => {
    fc.assert(
      fc.property(frames, ({ raw }) => {
        const frame = packFrame(raw);
        expect(raw.equals(zstdDecompressSync(frame))).toBe(true);
        if (raw.length > 300) expect(unpackFrame(frame, raw.length)).toBeDefined();
      }),
      { numRuns: 200, seed: 6 },
    );
  });
});
