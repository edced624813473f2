import { describe, expect, test } from "@jest/globals";
import { RangeSet } from "@wayward/chunk";
import fc from "fast-check";
import { type Delivery, SessionOrder, WAIT_MS } from "./session-order.ts";

describe("a session's order", () => {
  test("delivers each block once, blocks in rising order, and tells each hole before what fills it", () => {
    const arrivals = fc.array(fc.record({ seq: fc.bigInt(0n, 30n), pause: fc.constantFrom(0, 10, 400, WAIT_MS) }), {
      maxLength: 80,
    });
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
