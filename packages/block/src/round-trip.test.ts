import { describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BUILTIN_KINDS, defineKind, type Field, f, type Kind, newSessionId } from "@wayward/record";
import fc from "fast-check";
import { verifyBlock } from "./block.ts";
import { type Cell, cellAt } from "./cell.ts";
import { Dictionary } from "./dictionary/reader.ts";
import { beginsEpoch, parseEnvelope } from "./envelope.ts";
import { type FieldValue, Stage } from "./stage.ts";
import { BlockWriter, type WrittenBlock } from "./writer.ts";

const MAX_64 = 2n ** 64n - 1n;
const everyType = defineKind("test.every-type", [
  f.bool("bool"),
  f.i64("i64"),
  f.u64("u64"),
  f.f64("f64"),
  f.string("string"),
  f.bytes("bytes"),
  f.time("time"),
  f.duration("duration"),
  f.enum("enum", ["a", "b", "c"]),
  f.ref("object", "object", { role: "object" }),
  f.ref("string_ref", "string"),
  f.values("values"),
]);
const wide = defineKind(
  "test.wide",
  Array.from({ length: 40 }, (_, index) => f.u64(`field_${index}`)),
);
const KINDS: readonly Kind[] = [...BUILTIN_KINDS, everyType, wide];

interface Sample {
  readonly kind: Kind;
  readonly lane: number;
  readonly time: bigint;
  readonly site: number;
  readonly stack: number;
  readonly parent: bigint | undefined;
  readonly trace: Uint8Array | undefined;
  readonly values: FieldValue[];
}

const u64 = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, MAX_64), fc.constantFrom(0n, MAX_64, 2n ** 63n, 2n ** 32n));
const i64 = fc.oneof(fc.bigInt(-300n, 300n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom("", "😀 non-BMP 𝔘", "same"));
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  text,
  fc.uint8Array({ maxLength: 9 }),
  fc.constantFrom(2n ** 53n + 1n, -(2n ** 63n), MAX_64, -0, Number.NaN),
);

function fieldValue(field: Field): fc.Arbitrary<FieldValue> {
  const byType: Record<string, fc.Arbitrary<FieldValue>> = {
    bool: fc.boolean(),
    i64,
    duration: i64,
    u64,
    time: u64,
    f64: fc.double(),
    string: text,
    bytes: fc.uint8Array({ maxLength: 30 }),
    enum: fc.nat((field.labels?.length ?? 1) - 1),
    ref: fc.nat(5),
    values: fc.array(scalar, { maxLength: 4 }),
  };
  return fc.option(byType[field.type] as fc.Arbitrary<FieldValue>, { nil: undefined, freq: 4 });
}

const sample: fc.Arbitrary<Sample> = fc.constantFrom(...KINDS).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    lane: fc.integer({ min: 1, max: 4 }),
    time: fc.oneof({ weight: 5, arbitrary: fc.bigInt(1000n, 100_000n) }, { weight: 1, arbitrary: u64 }),
    site: fc.nat(3),
    stack: fc.nat(2),
    parent: fc.option(fc.bigInt(0n, 2n ** 40n), { nil: undefined }),
    trace: fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined }),
    values: fc.tuple(...kind.fields.map(fieldValue)),
  }),
);

const pieces = fc.array(fc.array(sample, { minLength: 1, maxLength: 9, size: "max" }), {
  minLength: 60,
  maxLength: 90,
  size: "max",
});

function createWriter(pack: boolean, firstSeq = 0n): BlockWriter {
  const description = api.SessionDescription.fromPartial({ name: "sample", start: 1000n });
  const writer = new BlockWriter({ session: newSessionId(1), description, pack, firstSeq });
  for (let id = 1; id <= 5; id++) {
    writer.dictionary.object({ type: "mutex", class: `class ${id}`, instance: String(id) });
    writer.dictionary.lane({ name: `lane ${id}`, kind: "thread" });
    const frame = writer.dictionary.frame(0, `frame ${id}`, "f.ts", id);
    writer.dictionary.stack(id - 1, frame);
    writer.dictionary.site({ function: `function ${id}`, file: "f.ts", line: id, text: `text ${id}` });
  }
  return writer;
}

function stageOf(writer: BlockWriter, samples: readonly Sample[]): Stage {
  const stage = new Stage();
  for (const { kind, values, trace, ...head } of samples) {
    const spanId = trace?.subarray(0, 8);
    stage.add(writer.dictionary.kind(kind), kind, { ...head, traceId: trace, spanId }, values);
  }
  return stage;
}

/** What a reader should see of a value. */
function expected(writer: BlockWriter, field: Field, value: FieldValue): Cell {
  if (value === undefined) return undefined;
  switch (field.type) {
    case "enum":
      return field.labels?.[Number(value)];
    case "ref":
      if (value === 0) return undefined;
      if (field.table === "object") return `class ${value}/${value}`;
      if (field.table === "lane") return `lane ${value}`;
      return writer.dictionary.text(Number(value));
    case "values":
      return (value as readonly Cell[]).map((item) => {
        const small = typeof item === "bigint" && item >= -(2n ** 53n) && item <= 2n ** 53n;
        return small ? Number(item) : item;
      }) as Cell;
    default:
      return value as Cell;
  }
}

function plain(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return [...cell];
  if (Array.isArray(cell)) return cell.map(plain);
  return cell;
}

/** All records of blocks as rows, in block order. */
function readBack(blocks: readonly WrittenBlock[]) {
  const rows: unknown[] = [];
  let dictionary = new Dictionary();
  for (const written of blocks) {
    if (beginsEpoch(written.seq)) dictionary = new Dictionary();
    const { columns } = verifyBlock(unwrap(parseEnvelope(written.bytes)), dictionary);
    const eventNos = columns.eventNos();
    const places = columns.placeOf;
    for (const { lane, from, count } of columns.lanes) {
      for (let index = from; index < from + count; index++) {
        const slot = columns.slots[index]!;
        const kind = dictionary.kind(columns.kinds[slot]!.number)!;
        const own = columns.columns(slot, kind);
        const place = places[index]!;
        const correlated = own.correlations?.present?.[place] ?? -1;
        const trace = own.correlations?.bytes.subarray(correlated * 24, correlated * 24 + 16);
        const parent = own.parents?.[place] ?? 0;
        rows.push({
          kind: kind.name,
          lane,
          eventNo: eventNos[index],
          time: columns.times[index],
          site: own.sites?.[place] ?? 0,
          stack: own.stacks?.[place] ?? 0,
          parent: parent === 0 ? undefined : BigInt(parent - 1),
          trace: correlated < 0 ? undefined : plain(trace),
          values: own.columns.map((column) => plain(cellAt(column, place, dictionary))),
        });
      }
    }
    expect([...dictionary.unknown]).toEqual([]);
  }
  return rows;
}

function expectedRows(writer: BlockWriter, samples: readonly Sample[]) {
  const next = new Map<number, number>();
  const numbered = samples.map((item) => {
    const eventNo = next.get(item.lane) ?? 0;
    next.set(item.lane, eventNo + 1);
    return { ...item, eventNo };
  });
  numbered.sort((a, b) => a.lane - b.lane || a.eventNo - b.eventNo);
  return numbered.map(({ kind, values, trace, ...head }) => ({
    ...head,
    kind: kind.name,
    trace: trace === undefined ? undefined : [...trace],
    values: kind.fields.map((field, index) => plain(expected(writer, field, values[index]))),
  }));
}

describe("a block", () => {
  test.each([true, false])("gives back every record of every kind (packed: %s)", (pack) => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60, size: "max" }), (samples) => {
        const writer = createWriter(pack);
        writer.dictionary.string("one");
        const blocks = writer.write(stageOf(writer, samples));
        expect(readBack(blocks)).toEqual(expectedRows(writer, samples));
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test("reads the same across blocks and epochs", () => {
    fc.assert(
      fc.property(pieces, (pieces) => {
        const writer = createWriter(true, 50n);
        // The writer begins inside an epoch: block 50 cannot, so let it begin at the next.
        while (!beginsEpoch(writer.nextSeq)) writer.write(new Stage(), { cause: 0, uncertainMs: 0, exit: "" });
        const blocks = pieces.flatMap((piece) => writer.write(stageOf(writer, piece)));
        const rows = readBack(blocks) as { lane: number; eventNo: number }[];
        rows.sort((a, b) => a.lane - b.lane || a.eventNo - b.eventNo);
        expect(rows).toEqual(expectedRows(writer, pieces.flat()));
      }),
      { numRuns: 15, seed: 7 },
    );
  });

  test("is written empty as block 0, and never otherwise", () => {
    const writer = createWriter(true);
    expect(writer.write(new Stage()).map(({ seq, recordCount }) => [seq, recordCount])).toEqual([[0n, 0]]);
    expect(writer.write(new Stage())).toEqual([]);
  });
});
