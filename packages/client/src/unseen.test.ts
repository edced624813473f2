import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Unseen } from "./unseen.ts";

const BLOCKS = 12;
const LANES = 3;

/** Events of a block: each lane's numbers rise, and a filter leaves some out. */
function eventsOf(seq: number): readonly { readonly lane: number; readonly eventNo: bigint }[] {
  return Array.from({ length: 6 }, (_, at) => ({ lane: at % LANES, eventNo: BigInt(seq * 20 + at * 3) }));
}

/** One call: the server sends what stands behind the cursor, tells cursors now and then, and goes away. */
const call = fc.record({
  /** Blocks that come late: a gap is told of them, and they are filled in after so many others. */
  late: fc.uniqueArray(fc.record({ seq: fc.nat(BLOCKS - 1), after: fc.integer({ min: 1, max: 4 }) }), {
    selector: ({ seq }) => seq,
    maxLength: 3,
  }),
  /** After so many parts it goes away. */
  parts: fc.nat(20),
  cursorEvery: fc.integer({ min: 1, max: 9 }),
});

type Part = { readonly type: "block" | "gap" | "fill"; readonly seq: number };

/** In the order of their numbers, but for what is late. */
function partsOf(sent: ReadonlySet<number>, late: ReadonlyMap<number, number>): Part[] {
  const parts: Part[] = [];
  const waiting: { seq: number; due: number }[] = [];
  for (let seq = 0; seq < BLOCKS; seq++) {
    if (sent.has(seq)) continue;
    const after = late.get(seq);
    parts.push({ type: after === undefined ? "block" : "gap", seq });
    if (after !== undefined) waiting.push({ seq, due: parts.length + after });
    for (const { seq } of waiting.filter(({ due }) => due === parts.length)) parts.push({ type: "fill", seq });
  }
  const filled = new Set(parts.filter(({ type }) => type === "fill").map(({ seq }) => seq));
  for (const { seq } of waiting) if (!filled.has(seq)) parts.push({ type: "fill", seq });
  return parts;
}

test("whenever servers go away, each event is shown once", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 8 }), (calls) => {
      const unseen = new Unseen();
      const shown = new Map<string, number>();
      const show = (seq: number) => {
        for (const { lane, eventNo } of eventsOf(seq)) {
          const key = `${lane}/${eventNo}`;
          if (unseen.take("s", lane, eventNo)) shown.set(key, (shown.get(key) ?? 0) + 1);
        }
      };
      /** Blocks that the last cursor says were sent. */
      let cursor: ReadonlySet<number> = new Set();
      const last = { late: [], parts: Number.POSITIVE_INFINITY, cursorEvery: 4 };
      for (const { late, parts, cursorEvery } of [...calls, last]) {
        unseen.begin();
        const sent = new Set(cursor);
        const all = partsOf(sent, new Map(late.map(({ seq, after }) => [seq, after])));
        for (const [at, { type, seq }] of all.slice(0, parts).entries()) {
          // A server that has just come tells the cursor that it was given.
          if (at % cursorEvery === 0) {
            cursor = new Set(sent);
            unseen.moved();
          }
          if (type !== "block") unseen.gap("s");
          if (type === "gap") continue;
          show(seq);
          if (type === "fill") unseen.gap("s");
          sent.add(seq);
        }
      }
      const expected = Array.from({ length: BLOCKS }, (_, seq) => eventsOf(seq)).flat();
      expect(shown).toEqual(new Map(expected.map(({ lane, eventNo }) => [`${lane}/${eventNo}`, 1])));
    }),
    { numRuns: 2_000 },
  );
});
