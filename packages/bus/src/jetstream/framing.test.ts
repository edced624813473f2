import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Framing } from "./framing.ts";

/** An operation as a server sends it, with its message if it carries one. */
const operation = fc.oneof(
  fc.constantFrom(
    "PING\r\n",
    "PONG\r\n",
    "+OK\r\n",
    "-ERR 'Stale Connection 17'\r\n",
    'INFO {"max_payload":1048576}\r\n',
  ),
  fc
    .record({ reply: fc.constantFrom("", " _INBOX.a.1"), body: body(), verb: fc.constantFrom("MSG", "msg") })
    .map(({ reply, body, verb }) => `${verb} wm.0.default.s 7${reply} ${body.length}\r\n${body}\r\n`),
  body().map((body) => {
    const head = "NATS/1.0\r\nA: 2\r\n\r\n";
    return `HMSG wm.0 7 ${head.length} ${head.length + body.length}\r\n${head}${body}\r\n`;
  }),
);

/** Bytes that look like operations, short ones and some that take several reads. */
function body() {
  const text = fc.constantFrom("", "x", "PING\r\n", "MSG a 1 99\r\n", "\r\n\n");
  return fc.tuple(text, fc.constantFrom(1, 3, 700, 3_000)).map(([part, times]) => part.repeat(times));
}

/** What comes out of the framing for these reads. The reads' memory is written over after each. */
function framed(reads: readonly string[]): string[] {
  const pieces: Uint8Array[] = [];
  const framing = new Framing((piece) => pieces.push(piece));
  for (const text of reads) {
    const read = Buffer.from(text, "latin1");
    framing.take(read);
    read.fill(0);
  }
  return pieces.map((piece) => Buffer.from(piece).toString("latin1"));
}

describe("what a server sends", () => {
  test("comes out as it went in, cut only where operations end, whatever was read at once", () => {
    const lengths = fc.array(fc.constantFrom(1, 2, 7, 100, 4_000, 70_000), { minLength: 1, maxLength: 8 });
    const property = fc.property(fc.array(operation, { maxLength: 8 }), lengths, (operations, lengths) => {
      const all = operations.join("");
      const reads: string[] = [];
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const length = lengths[turn % lengths.length]!;
        reads.push(all.slice(at, at + length));
        at += length;
      }
      const pieces = framed(reads);
      expect(pieces.join("")).toBe(all);
      const ends = new Set(operations.map((_, index) => operations.slice(0, index + 1).join("").length));
      let at = 0;
      for (const { length } of pieces) {
        at += length;
        expect(ends.has(at)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("is kept until it is whole", () => {
    expect(framed(["PI"])).toEqual([]);
    expect(framed(["MSG a 1 5\r\nab"])).toEqual([]);
    expect(framed(["MSG a 1 5\r\nab", "cde\r"])).toEqual([]);
  });

  test("gives a large message memory of its own", () => {
    const large = `MSG a 1 9000\r\n${"x".repeat(9_000)}\r\n`;
    const pieces: Uint8Array[] = [];
    new Framing((piece) => pieces.push(piece)).take(Buffer.from(`PING\r\n${large}PING\r\n`));
    expect(pieces.map(({ length }) => length)).toEqual([6, large.length, 6]);
    expect(pieces[1]!.buffer.byteLength).toBe(large.length);
  });
});
