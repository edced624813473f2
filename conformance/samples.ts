import { block as api } from "@wayward/api";
import { BlockWriter, type BlockWriterOptions, type FieldValue, Stage } from "@wayward/block";
import { BUILTIN_KINDS, defineKind, type Field, f, type Kind, noteText, zoneBegin, zoneEnd } from "@wayward/record";

/** A block that every reader takes, by name. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const SESSION = Uint8Array.from({ length: 16 }, (_, index) => index * 16 + (index === 6 ? 0x10 : 0));
const START = 1_000_000n;

class Maker {
  readonly writer: BlockWriter;
  readonly stage = new Stage();
  #time = START;

  constructor(options: Partial<BlockWriterOptions> = {}) {
    const description = api.SessionDescription.fromPartial({ name: "sample", host: "host", pid: 7, start: START });
    this.writer = new BlockWriter({ session: SESSION, description, pack: false, ...options });
    this.writer.dictionary.lane({ name: "main", kind: "thread", thread: 4711 });
    this.writer.dictionary.lane({ name: "task", kind: "task", parent: 1 });
  }

  record(kind: Kind, values: readonly FieldValue[], extra: { lane?: number; time?: bigint; site?: number } = {}): void {
    this.#time = extra.time ?? this.#time + 1_234n;
    const head = { lane: extra.lane ?? 1, time: this.#time, site: extra.site };
    this.stage.add(this.writer.dictionary.kind(kind), kind, head, values);
  }

  /** The one block that the staged records make. */
  block(): Uint8Array {
    const blocks = this.writer.write(this.stage);
    if (blocks.length !== 1) throw new Error(`${blocks.length} blocks where one is wanted`);
    return blocks[0]!.bytes;
  }
}

/** A plausible value of a field, another one for each `turn`. */
function valueFor(field: Field, turn: number, maker: Maker): FieldValue {
  const { dictionary } = maker.writer;
  switch (field.type) {
    case "bool":
      return turn % 2 === 0;
    case "i64":
    case "duration":
      return BigInt(turn) * (turn % 2 === 0 ? 1_000_003n : -77n);
    case "u64":
    case "time":
      return BigInt(turn) ** 9n;
    case "f64":
      return turn / 3;
    case "string":
      return `${field.name} ${turn}`;
    case "bytes":
      return Uint8Array.of(turn, 0, 255);
    case "enum":
      return turn % (field.labels?.length ?? 1);
    case "values":
      return [null, true, false, turn, -turn, turn + 0.5, "text", Uint8Array.of(turn), 2n ** 63n, -(2n ** 63n)];
    case "ref":
      if (field.table === "object") return dictionary.object({ type: "any", class: "thing", instance: `${turn % 3}` });
      return field.table === "lane" ? 2 : dictionary.string(`${field.name} ${turn % 2}`);
  }
}

function ofKind(kind: Kind): Sample {
  const maker = new Maker();
  for (let turn = 0; turn < 7; turn++) {
    // Every third record lacks every second value.
    const values = kind.fields.map((field, index) => {
      return turn % 3 === 2 && index % 2 === 1 ? undefined : valueFor(field, turn, maker);
    });
    maker.record(kind, values, { lane: 1 + (turn % 2) });
  }
  return { name: `kind-${kind.name}`, bytes: maker.block() };
}

const codings = defineKind("sample.codings", [
  f.u64("empty"),
  f.u64("constant"),
  f.u64("byte"),
  f.u64("delta"),
  f.u64("class"),
  f.u64("index"),
  f.u64("index_wide"),
  f.i64("signed"),
  f.f64("float"),
]);

/** A number that looks random, from `seed`, below 2^bits. */
function noise(seed: number, bits: number): bigint {
  const low = BigInt(Math.imul(seed + 1, 2654435761) >>> 0);
  const high = BigInt(Math.imul(seed + 7, 2246822519) >>> 0);
  return ((high << 32n) | low) & ((1n << BigInt(bits)) - 1n);
}

function ofCodings(pack: boolean): Sample {
  const maker = new Maker({ pack });
  for (let turn = 0; turn < 3_000; turn++) {
    maker.record(codings, [
      0,
      2n ** 64n - 1n,
      turn % 200,
      BigInt(turn) * 1_000_000_007n,
      noise(turn, 1 + (turn % 64)),
      noise(turn % 40, 30),
      noise(turn % 900, 30),
      turn % 2 === 0 ? -noise(turn, 60) : noise(turn, 20),
      [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1 / 3][turn % 6],
    ]);
  }
  return { name: `codings-${pack ? "packed" : "stored"}`, bytes: maker.block() };
}

function ofTexts(): Sample {
  const kind = defineKind("sample.texts", [f.string("text"), f.bytes("bytes"), f.values("values")]);
  const maker = new Maker();
  const texts = ["", "plain", "Ünïcödé", "😀 𝔘𝔫𝔦 \u{10FFFF}", "a\u0000b", "line\nbreak"];
  for (const text of texts) maker.record(kind, [text, Buffer.from(text).reverse(), [text, Buffer.from(text)]]);
  return { name: "texts", bytes: maker.block() };
}

function ofCutTexts(): Sample {
  const kind = defineKind("sample.long-texts", [f.string("text"), f.bytes("bytes"), f.values("values")]);
  const maker = new Maker({ pack: true });
  const long = `z${"€".repeat(30_000)}`;
  maker.record(kind, [long, Buffer.alloc(70_000, 9), [long]]);
  return { name: "texts-cut", bytes: maker.block() };
}

function ofObjects(): Sample {
  const kind = defineKind("sample.objects", [
    f.ref("first", "object", { role: "object" }),
    f.ref("plain", "object"),
    f.ref("second", "object", { role: "object" }),
  ]);
  const maker = new Maker();
  const objects = Array.from({ length: 100 }, (_, index) => {
    return maker.writer.dictionary.object({ type: "mutex", class: "pool", instance: `${index}`, scope: "host" });
  });
  for (let turn = 0; turn < 150; turn++) {
    const values = [objects[turn % 100], objects[turn % 7], turn % 5 === 0 ? undefined : objects[(turn * 3) % 9]];
    maker.record(kind, values, { lane: 1 + (turn % 2) });
  }
  return { name: "objects", bytes: maker.block() };
}

function ofCommonColumns(): Sample {
  const maker = new Maker();
  const { dictionary } = maker.writer;
  const frame = dictionary.frame(dictionary.module("build", "/bin/x", 4096), "run", "x.ts", 3, 77);
  const stack = dictionary.stack(dictionary.stack(0, frame), dictionary.frame(0, "inner", "y.ts", 4));
  const site = dictionary.site({ function: "run", file: "x.ts", line: 3, text: "zone text" });
  const number = dictionary.kind(noteText);
  for (let turn = 0; turn < 9; turn++) {
    const head = {
      lane: 1,
      time: START + BigInt(turn),
      site: turn % 2 === 0 ? site : undefined,
      stack: turn % 3 === 0 ? stack : undefined,
      parent: turn % 4 === 0 ? BigInt(turn) : undefined,
      traceId: turn % 5 === 0 ? Uint8Array.from({ length: 16 }, (_, at) => at + turn) : undefined,
      spanId: turn % 5 === 0 ? Uint8Array.from({ length: 8 }, (_, at) => 100 + at) : undefined,
    };
    maker.stage.add(number, noteText, head, [`note ${turn}`]);
  }
  return { name: "common-columns", bytes: maker.block() };
}

function ofOpenSet(): Sample {
  const maker = new Maker();
  const name = maker.writer.dictionary.string("outer");
  maker.record(zoneBegin, [name]);
  maker.record(zoneBegin, [name, 99n]);
  maker.block();
  maker.stage.clear();
  maker.writer.drop(1, 3, START, START + 9n, "ring-full");
  maker.record(zoneEnd, []);
  return { name: "open-set-after-drop", bytes: maker.writer.write(maker.stage)[1]!.bytes };
}

function ofMany(): Sample {
  const bare = defineKind("sample.bare", []);
  const maker = new Maker({ pack: true });
  const number = maker.writer.dictionary.kind(bare);
  for (let turn = 0; turn < 65_536; turn++) maker.stage.add(number, bare, { lane: 1, time: START }, []);
  return { name: "records-65536-equal-times", bytes: maker.writer.write(maker.stage)[0]!.bytes };
}

function ofTimes(): Sample {
  const maker = new Maker();
  for (const time of [0n, 2n ** 64n - 1n, 5n, 5n, 2n ** 63n]) maker.record(noteText, ["t"], { time });
  return { name: "times-to-the-limit", bytes: maker.block() };
}

function ofWide(): Sample {
  const wide = defineKind(
    "sample.wide",
    Array.from({ length: 64 }, (_, index) => f.u64(`field_${index}`)),
  );
  const maker = new Maker();
  for (let turn = 0; turn < 3; turn++) {
    const values = wide.fields.map((_, index) => ((index + turn) % 3 === 0 ? undefined : index));
    maker.record(wide, values);
  }
  return { name: "kind-of-64-fields", bytes: maker.block() };
}

/** A later block of its epoch alone: what earlier ones defined is unknown. */
function ofUnknown(): Sample {
  const maker = new Maker();
  const { dictionary } = maker.writer;
  const site = dictionary.site({ function: "known", file: "k.ts", line: 1 });
  maker.record(noteText, ["defines"], { site });
  maker.record(zoneBegin, [dictionary.string("zone")], { site });
  maker.block();
  maker.stage.clear();
  const later = defineKind("sample.later", [f.ref("name", "string"), f.ref("object", "object", { role: "object" })]);
  maker.record(noteText, ["kind defined before"], { site });
  maker.record(later, [dictionary.string("zone"), dictionary.object({ type: "t", class: "new" })], { site });
  return { name: "unknown-ids-and-kind", bytes: maker.block() };
}

function ofEdges(): Sample[] {
  const empty = new Maker();
  const one = new Maker();
  one.record(noteText, ["only"]);
  const ending = new Maker();
  const end = ending.writer.write(ending.stage, { cause: 1, uncertainMs: 100, exit: "SIGKILL" });
  return [
    { name: "empty", bytes: empty.block() },
    { name: "one-record", bytes: one.block() },
    { name: "end-mark", bytes: end[0]!.bytes },
  ];
}

/** All good samples, the same bytes at every call. */
export function goodSamples(): Sample[] {
  return [
    ...ofEdges(),
    ...BUILTIN_KINDS.map(ofKind),
    ofCodings(false),
    ofCodings(true),
    ofTexts(),
    ofCutTexts(),
    ofObjects(),
    ofCommonColumns(),
    ofOpenSet(),
    ofTimes(),
    ofWide(),
    ofUnknown(),
    ofMany(),
  ];
}
