import { describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { defineKind, dropRecords, f, newSessionId, noteText, zoneBegin, zoneEnd } from "@wayward/record";
import { verifyBlock } from "./block.ts";
import { cellAt } from "./cell.ts";
import { Dictionary } from "./dictionary/reader.ts";
import { beginsEpoch, type Envelope, parseEnvelope } from "./envelope.ts";
import { LIMITS } from "./limits.ts";
import { Stage } from "./stage.ts";
import { BlockWriter, type WrittenBlock } from "./writer.ts";

const bare = defineKind("test.bare", []);
const large = defineKind("test.large", [f.string("text"), f.bytes("bytes")]);
const numbers = defineKind("test.numbers", [f.u64("a"), f.u64("b"), f.u64("c")]);
const named = defineKind("test.named", [f.ref("name", "string", { role: "key" })]);

function createWriter(): BlockWriter {
  return new BlockWriter({ session: newSessionId(1), description: api.SessionDescription.fromPartial({ name: "l" }) });
}

function open(blocks: readonly WrittenBlock[]) {
  let dictionary = new Dictionary();
  return blocks.map((written) => {
    if (beginsEpoch(written.seq)) dictionary = new Dictionary();
    const envelope = unwrap(parseEnvelope(written.bytes));
    return { envelope, dictionary, block: verifyBlock(envelope, dictionary) };
  });
}

const recordsIn = (opened: readonly { readonly envelope: Envelope }[]) =>
  opened.reduce((sum, { envelope }) => sum + envelope.header.recordCount, 0);

describe("a writer keeps the limits", () => {
  test("of records: equal ones fill a block of up to 65,536", () => {
    const writer = createWriter();
    const stage = new Stage();
    const number = writer.dictionary.kind(bare);
    for (let index = 0; index < 70_000; index++) stage.add(number, bare, { lane: 1, time: 5n }, []);
    const opened = open(writer.write(stage));
    expect(recordsIn(opened)).toBe(70_000);
    expect(opened.length).toBeLessThanOrEqual(4);
  });

  test("of bytes: values that do not compress", () => {
    const writer = createWriter();
    const stage = new Stage();
    const number = writer.dictionary.kind(large);
    const noise = Buffer.alloc(60_000);
    for (let index = 0; index < 100; index++) {
      for (let at = 0; at < noise.length; at += 4)
        noise.writeUInt32LE(Math.imul(index * 7919 + at, 2654435761) >>> 0, at);
      stage.add(number, large, { lane: 1, time: BigInt(index) }, [undefined, Buffer.from(noise)]);
    }
    expect(recordsIn(open(writer.write(stage)))).toBe(100);
  });

  test("of bytes: once blocks pack well they take more records, and noise that follows is spread over more blocks", () => {
    const writer = createWriter();
    const stage = new Stage();
    const number = writer.dictionary.kind(numbers);
    const write = (value: (index: number) => bigint) => {
      stage.clear();
      for (let index = 0; index < 40_000; index++) {
        const values = [value(index * 3), value(index * 3 + 1), value(index * 3 + 2)];
        stage.add(number, numbers, { lane: 1, time: BigInt(index) }, values);
      }
      return writer.write(stage);
    };
    const noise = (index: number) =>
      (BigInt(Math.imul(index, 2654435761) >>> 0) << 32n) | BigInt(Math.imul(index + 7, 1597334677) >>> 0);
    const first = write(() => 5n);
    const later = write(() => 5n);
    const spread = write(noise);
    const opened = open([...first, ...later, ...spread]);
    expect([first.length, later.length]).toEqual([3, 1]);
    expect(spread.length).toBeGreaterThan(1);
    expect(recordsIn(opened)).toBe(120_000);
    const columns = opened.slice(-spread.length).map(({ block }) => block.columns.columns(0, numbers).columns[2]!);
    const last = columns.flatMap((column) => (column.shape === "ints" ? [...column.ints.lo] : []));
    expect(last).toEqual(Array.from({ length: 40_000 }, (_, index) => Math.imul(index * 3 + 9, 1597334677) >>> 0));
  });

  test("of a value: what is over 64 KiB is cut at a character and keeps its full length", () => {
    const writer = createWriter();
    const stage = new Stage();
    const text = `a${"€".repeat(40_000)}`;
    stage.add(writer.dictionary.kind(large), large, { lane: 1, time: 0n }, [text, Buffer.alloc(70_000, 7)]);
    const [{ block, dictionary }] = open(writer.write(stage)) as [ReturnType<typeof open>[number]];
    const { columns } = block.columns.columns(0, large);
    const cut = cellAt(columns[0]!, 0, dictionary) as string;
    expect(Buffer.byteLength(cut)).toBe(65_536 - ((65_536 - 1) % 3));
    expect(text.startsWith(cut)).toBe(true);
    expect(columns[0]).toMatchObject({ texts: { cut: new Map([[0, Buffer.byteLength(text)]]) } });
    expect(cellAt(columns[1]!, 0, dictionary)).toHaveLength(65_536);
    expect(columns[1]).toMatchObject({ texts: { cut: new Map([[0, 70_000]]) } });
  });

  test("of definitions: names that are all different are spread over blocks, and nothing is lost", () => {
    const writer = createWriter();
    const stage = new Stage();
    const number = writer.dictionary.kind(named);
    for (let index = 0; index < 8_000; index++) {
      const name = Array.from({ length: 60 }, (_, part) =>
        Math.imul(index * 31 + part + 1, 2654435761).toString(36),
      ).join("");
      stage.add(number, named, { lane: 1, time: BigInt(index) }, [writer.dictionary.string(name)]);
    }
    const opened = open(writer.write(stage));
    expect(recordsIn(opened)).toBe(8_000);
    expect(opened.length).toBeGreaterThan(1);
    for (const { dictionary } of opened) expect([...dictionary.unknown]).toEqual([]);
  });

  test("of definitions: zones that are spread over blocks for their names are paired and counted once", () => {
    const writer = createWriter();
    const stage = new Stage();
    const [begin, end] = [writer.dictionary.kind(zoneBegin), writer.dictionary.kind(zoneEnd)];
    for (let index = 0; index < 7_000; index++) {
      const parts = Array.from({ length: 60 }, (_, part) => Math.imul(index * 31 + part + 1, 2654435761));
      const name = writer.dictionary.string(parts.map((part) => part.toString(36)).join(""));
      stage.add(begin, zoneBegin, { lane: 1, time: BigInt(index * 10) }, [name]);
      if (index >= 10) stage.add(end, zoneEnd, { lane: 1, time: BigInt(index * 10 + 5) }, []);
    }
    const opened = open(writer.write(stage));
    expect(opened.length).toBeGreaterThan(1);
    const rows = opened.flatMap(({ block }) => block.readSummary().get("zone")?.rows ?? []);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(6_990);
    expect(rows.every(({ min, max }) => min === 5 && max === 5)).toBe(true);
    expect(writer.pairing.state(1).zones.length).toBe(10);
  });

  test("of the open set: what is left out is counted", () => {
    const writer = createWriter();
    const stage = new Stage();
    const begin = writer.dictionary.kind(zoneBegin);
    const name = writer.dictionary.string("deep");
    for (let index = 0; index < 5_000; index++) stage.add(begin, zoneBegin, { lane: 1, time: BigInt(index) }, [name]);
    writer.write(stage);
    stage.clear();
    stage.add(writer.dictionary.kind(zoneEnd), zoneEnd, { lane: 1, time: 9_000n }, []);
    const [{ block }] = open(writer.write(stage)) as [ReturnType<typeof open>[number]];
    expect(block.openSet.entries).toHaveLength(LIMITS.openEntries);
    expect(block.openSet.leftOut).toBe(5_000 - LIMITS.openEntries);
  });
});

describe("a drop", () => {
  test("leaves a hole in the lane's numbers, a record of it, and open entries unsure", () => {
    const writer = createWriter();
    const stage = new Stage();
    const note = writer.dictionary.kind(noteText);
    stage.add(writer.dictionary.kind(zoneBegin), zoneBegin, { lane: 1, time: 1n }, [writer.dictionary.string("z")]);
    const first = writer.write(stage);
    stage.clear();
    writer.drop(1, 40, 2n, 9n, "ring-full");
    stage.add(note, noteText, { lane: 1, time: 10n }, ["after"]);
    const opened = open([...first, ...writer.write(stage)]);
    const [, drop, after] = opened as [(typeof opened)[0], (typeof opened)[0], (typeof opened)[0]];
    expect([...drop.block.columns.eventNos()]).toEqual([41]);
    expect([...after.block.columns.eventNos()]).toEqual([42]);
    const { columns } = drop.block.columns.columns(0, dropRecords);
    expect(columns.map((column) => cellAt(column, 0, drop.dictionary))).toEqual([
      "lane#1",
      1n,
      40n,
      2n,
      9n,
      "ring-full",
    ]);
    expect(drop.block.openSet.entries).toMatchObject([{ kind: "zone", unsure: true }]);
  });
});
