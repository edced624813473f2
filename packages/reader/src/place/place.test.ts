import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { RangeSet } from "@wayward/chunk";
import { newSessionId, sessionText } from "@wayward/record";
import fc from "fast-check";
import { type Cursor, decodeCursor, encodeCursor } from "./cursor.ts";
import { decodeToken, encodeToken, questionHash } from "./token.ts";

const question = questionHash(Buffer.from("what"));
const seq = fc.bigInt({ min: 0n, max: 2n ** 40n });
const id = fc.nat(9).map((number) => newSessionId(number + 1, Buffer.alloc(10, number)));
const ranges = fc
  .array(fc.tuple(seq, fc.bigInt({ min: 0n, max: 50n })), { minLength: 1, maxLength: 5 })
  .map((list) => RangeSet.from(list.map(([first, length]) => ({ first, last: first + length }))));
const cursor: fc.Arbitrary<Cursor> = fc.record({
  logNumbers: fc.tuple(fc.bigInt({ min: -1n, max: 2n ** 40n }), fc.bigInt({ min: -1n, max: 9n })),
  sent: fc
    .array(fc.tuple(id, ranges), { maxLength: 4 })
    .map((list) => new Map(list.map(([one, set]) => [sessionText(one), { id: one, ranges: set }]))),
  underWay: fc.array(fc.record({ id, seq, taken: fc.nat(60_000) }), { maxLength: 3 }),
});

function plain({ logNumbers, sent, underWay }: Cursor) {
  const lists = [...sent].map(([text, { ranges: set }]) => [text, set.toArray()]);
  return { logNumbers, lists, underWay: underWay?.map((block) => ({ ...block, id: Buffer.from(block.id) })) };
}

describe("places in an answer", () => {
  test("a cursor and a page token come back as they went out", () => {
    fc.assert(
      fc.property(cursor, (made) => {
        const read = decodeCursor(question, encodeCursor(question, made), 2);
        expect(plain(read.error === undefined ? read.value : made)).toEqual(plain(made));
        expect(read.error).toBeUndefined();
        const last = { aligned: 5n, session: "s", lane: 3, eventNo: 9 };
        const token = decodeToken(question, encodeToken(question, { last, pin: { ...made, busSeqs: [1n, 2n] } }), 2);
        expect(token.error === undefined && [token.value.last, plain(token.value.pin)]).toEqual([last, plain(made)]);
      }),
      { seed: 2 },
    );
  });

  test("bytes that nobody here wrote are refused at once, even with the right checksum", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const body = Buffer.from(bytes);
        const sum = createHash("sha256").update(question).update(body).digest().subarray(0, 8);
        const read = decodeCursor(question, Buffer.concat([Buffer.from("WCU1"), question, sum, body]), 2);
        expect(read.error?.reason ?? "BAD_CURSOR").toBe("BAD_CURSOR");
        const token = decodeToken(question, Buffer.concat([question, questionHash(question, body), body]), 2);
        expect(token.error?.reason).toBe("BAD_TOKEN");
      }),
      { numRuns: 2_000, seed: 3 },
    );
    // Two partitions, then 2^63 sessions.
    const body = Buffer.from([2, 1, 1, 255, 255, 255, 255, 255, 255, 255, 255, 127]);
    const sum = createHash("sha256").update(question).update(body).digest().subarray(0, 8);
    const read = decodeCursor(question, Buffer.concat([Buffer.from("WCU1"), question, sum, body]), 2);
    expect(read.error?.reason).toBe("BAD_CURSOR");
  });
});
