import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createBudget, SectionReader, SectionWriter } from "../section.ts";
import { Words64 } from "../words.ts";
import { OWN_BUFFERS, ReusedBuffers } from "./buffers.ts";
import { readInts, signed, writeInts, zigzag } from "./ints.ts";

/** Numbers of each coding: small ones, rising ones, few distinct ones, and of any size. */
const columns = fc.oneof(
  fc.array(fc.nat(255), { minLength: 1, maxLength: 600 }),
  fc.array(fc.constantFrom(7, 70_000, 4_000_000_000), { minLength: 1, maxLength: 600 }),
  fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 600 }),
  fc.array(fc.integer({ min: 0, max: 2 ** 52 }), { minLength: 1, maxLength: 600 }),
  fc.array(fc.nat(1000), { minLength: 1, maxLength: 600 }).map((steps) => {
    let sum = 2 ** 40;
    return steps.map((step) => {
      sum += step;
      return sum;
    });
  }),
);

function written(numbers: readonly number[], isSigned: boolean): Buffer {
  const column = new Words64();
  for (const number of numbers) column.pushBigint(BigInt.asUintN(64, BigInt(number)));
  const writer = new SectionWriter(true);
  writeInts(writer, isSigned ? zigzag(column) : column);
  return Buffer.from(writer.bytes());
}

function read(bytes: Buffer, count: number, isSigned: boolean, buffers = OWN_BUFFERS): bigint[] {
  const reader = new SectionReader(bytes, createBudget(16 << 20), buffers);
  const ints = readInts(reader, count);
  const { lo, hi } = isSigned ? signed(ints, buffers) : ints;
  return Array.from(lo, (low, index) => (BigInt(hi[index]!) << 32n) | BigInt(low));
}

test("columns read into memory that others stood in are what they are in memory of their own", () => {
  const reused = new ReusedBuffers();
  fc.assert(
    fc.property(fc.array(fc.tuple(columns, fc.boolean()), { minLength: 1, maxLength: 6 }), (all) => {
      reused.clear();
      for (const [positive, isSigned] of all) {
        const numbers = isSigned ? positive.map((number, index) => (index % 3 === 0 ? -number : number)) : positive;
        const bytes = written(numbers, isSigned);
        const truth = numbers.map((number) => BigInt.asUintN(64, BigInt(number)));
        expect(read(bytes, numbers.length, isSigned, reused)).toEqual(truth);
        expect(read(bytes, numbers.length, isSigned)).toEqual(truth);
      }
    }),
  );
});

test("what does not fit any more is fresh, and clear() makes room again", () => {
  const reused = new ReusedBuffers();
  const [first, second] = [reused.words(1 << 20), reused.words(1 << 20)];
  first.fill(1);
  second.fill(2);
  const third = reused.words(1 << 20).fill(3);
  expect([first.at(-1), second[0], second.at(-1), third[0]]).toEqual([1, 2, 2, 3]);
  reused.clear();
  expect(reused.words(4)[0]).toBe(1);
  expect(reused.bytes(8).buffer).toBe(first.buffer);
  expect(third.buffer).not.toBe(first.buffer);
});
