import { describe, expect, test } from "@jest/globals";
import { RangeSet } from "@wayward/chunk";
import fc from "fast-check";
import { type Delivery, SessionOrder, WAIT_MS } from "./session-order.ts";

/** What a writer may say: the first seqs mostly, and jumps to any other. */
const seqs = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt(0n, 30n) },
  { weight: 1, arbitrary: fc.bigInt(2n ** 40n, 2n ** 40n + 5n) },
  { weight: 1, arbitrary: fc.bigInt(2n ** 64n - 6n, 2n ** 64n - 1n) },
);

describe("a session's order", () => {
  test("delivers each block once, blocks in rising order, and tells each hole before what fills it", () => {
    const arrivals = fc.array(fc.record({ seq: seqs, pause: fc.constantFrom(0, 10, 400, WAIT_MS) }), { maxLength: 80 });
    fc.assert(
      fc.property(arrivals, fc.bigInt(-1n, 5n), (list, sentUpTo) => {
        const sent = new RangeSet();
        sent.add(0n, sentUpTo);
        const order = new SessionOrder(sent);
        const seen: Delivery[] = [];
        let nowMs = 0;
        for (const { seq, pause } of list) {
          seen.push(...order.offer(seq, nowMs));
          nowMs += pause;
          seen.push(...order.tick(nowMs));
        }
        seen.push(...order.tick(nowMs + 2 * WAIT_MS));
        for (let late = 2; order.held.length > 0; late++) seen.push(...order.tick(nowMs + late * 2 * WAIT_MS));
        const delivered = seen.flatMap((one) => (one.type === "gap" ? [] : [one.seq]));
        const wanted = new Set(list.map(({ seq }) => seq).filter((seq) => seq > sentUpTo));
        expect(new Set(delivered)).toEqual(wanted);
        expect(delivered.length).toBe(wanted.size);
        const blocks = seen.flatMap((one) => (one.type === "block" ? [one.seq] : []));
        expect(blocks).toEqual([...blocks].sort((a, b) => (a < b ? -1 : 1)));
        for (const [at, one] of seen.entries()) {
          if (one.type !== "fill") continue;
          const told = seen
            .slice(0, at)
            .some((gap) => gap.type === "gap" && gap.first <= one.seq && one.seq <= gap.last);
          expect(told).toBe(true);
        }
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test("delivers nothing that was skipped, tells no hole there, and leaves no seq untold", () => {
    const step = fc.record({ seq: seqs, length: fc.bigInt(0n, 8n), isSkip: fc.boolean(), pause: fc.nat(2 * WAIT_MS) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const order = new SessionOrder();
        const [delivered, skipped, told] = [new RangeSet(), new RangeSet(), new RangeSet()];
        const take = (deliveries: readonly Delivery[]) => {
          for (const one of deliveries) {
            if (one.type === "gap") {
              expect(spanOf(one.first, one.last).minus(skipped).toArray()).toEqual([
                { first: one.first, last: one.last },
              ]);
              told.add(one.first, one.last);
              continue;
            }
            expect([delivered.has(one.seq), skipped.has(one.seq)]).toEqual([false, false]);
            delivered.add(one.seq);
          }
        };
        let nowMs = 0;
        for (const { seq, length, isSkip, pause } of steps) {
          if (isSkip) {
            const { skipped: more, deliveries } = order.skip(seq, seq + length, nowMs);
            for (const range of more.toArray()) skipped.add(range.first, range.last);
            take(deliveries);
          } else take(order.offer(seq, nowMs));
          nowMs += pause;
          take(order.tick(nowMs));
        }
        while (order.holds) take(order.giveUp(nowMs));
        const known = RangeSet.from([...delivered.toArray(), ...skipped.toArray(), ...told.toArray()]);
        const last = delivered.toArray().at(-1)?.last ?? -1n;
        expect(spanOf(0n, last).minus(known).toArray()).toEqual([]);
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  test("waits for a missing block before it tells", () => {
    const order = new SessionOrder();
    expect(order.offer(1n, 0)).toEqual([]);
    expect(order.tick(WAIT_MS - 1)).toEqual([]);
    expect(order.offer(0n, WAIT_MS - 1)).toEqual([
      { type: "block", seq: 0n },
      { type: "block", seq: 1n },
    ]);
    expect(order.tick(10 * WAIT_MS)).toEqual([]);
  });
});

function spanOf(first: bigint, last: bigint): RangeSet {
  return RangeSet.from([{ first, last }]);
}
