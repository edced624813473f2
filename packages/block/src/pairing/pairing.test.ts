import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { OP } from "../columns/op.ts";
import type { OpenList } from "./open-list.ts";
import { NO_OPERAND, Operands } from "./operands.ts";
import { Pairing } from "./pairing.ts";

const LANE = 5;

/** Kinds by what is done with them; `ids`: zones carry them. */
const OPS = [
  OP.zoneBegin,
  OP.zoneEnd,
  OP.lockWait,
  OP.lockAcquired,
  OP.lockReleased,
  OP.jobStart,
  OP.jobFinish,
  OP.contextEnter,
  OP.contextExit,
  OP.threadExit,
  OP.none,
] as const;

const record = fc.record({
  slot: fc.oneof(fc.constantFrom(0, 1), fc.nat(OPS.length - 1)),
  first: fc.integer({ min: 1, max: 3 }),
  second: fc.integer({ min: 0, max: 2 }),
  /** Clocks may go back. */
  pause: fc.integer({ min: -3, max: 50 }),
});
type Step = (typeof record extends fc.Arbitrary<infer T> ? T : never) & { readonly time: number };

/** The columns of some records of one lane. */
function columnsOf(steps: readonly Step[], ids: boolean) {
  const operands = new Operands();
  for (const [slot, op] of OPS.entries()) {
    const own = steps.filter((step) => step.slot === slot);
    const column = (part: "first" | "second") => ({ lo: Uint32Array.from(own, (step) => step[part]), hi: undefined });
    if (op === OP.zoneBegin) operands.add(op, column("first"), ids ? column("second") : NO_OPERAND);
    else if (op === OP.zoneEnd) operands.add(op, ids ? column("second") : NO_OPERAND, NO_OPERAND);
    else operands.add(op, column("first"), column("second"));
  }
  return {
    slots: Uint32Array.from(steps, ({ slot }) => slot),
    times: Float64Array.from(steps, ({ time }) => time),
    operands,
  };
}

/** Pairs the records in blocks of at most `size`; tells what they add up to and what is open. */
function play(steps: readonly Step[], size: number, ids: boolean) {
  const pairing = new Pairing({ use: () => {}, laneRow: () => undefined });
  for (let from = 0; from < steps.length; from += size) {
    const some = steps.slice(from, from + size);
    pairing.lane(LANE, columnsOf(some, ids), some.length, { first: from, from: 0, all: undefined });
  }
  const { zones, held, contexts, wait } = pairing.state(LANE);
  const sums = Object.entries(pairing.gathers).map(([name, gather]) => [
    name,
    new Map(gather.keys.map((key, row) => [key, [gather.stats(row), [...gather.sparse(row)]]])),
    [...gather.longest.durations.subarray(0, gather.longest.length)],
  ]);
  return { open: [zones, held, contexts, wait].map(listOf), exits: pairing.exited.length, sums };
}

function listOf(list: OpenList) {
  return [...list.data.subarray(0, list.length * 5)];
}

describe("records of a lane", () => {
  test.each([false, true])("pair alike whatever falls into one block; zones with ids: %p", (ids) => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 80, size: "max" }), fc.integer({ min: 2, max: 80 }), (list, size) => {
        let time = 100;
        const steps = list.map((step) => {
          time += step.pause;
          return { ...step, time };
        });
        expect(play(steps, size, ids)).toEqual(play(steps, 1, ids));
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test("are paired with those of their family only, in their order", () => {
    const at = (slot: number, first: number, time: number) => ({ slot, first, second: 0, pause: 0, time });
    const steps = [at(0, 1, 10), at(3, 2, 20), at(0, 3, 30), at(1, 0, 35), at(4, 2, 50), at(1, 0, 60)];
    const { sums, open } = play(steps, 6, false);
    const sumOf = (name: string, key: number) =>
      Object.fromEntries(sums.map(([of, rows]) => [of, rows]))[name].get(key)[0].sum;
    expect([sumOf("zone", 1), sumOf("zone", 3), sumOf("busy", LANE), sumOf("lockHold", 16)]).toEqual([
      50n,
      5n,
      50n,
      30n,
    ]);
    expect(open).toEqual([[], [], [], []]);
  });
});
