import { assert } from "@wayward/base";
import type { FieldType, Kind } from "@wayward/record";

/*
 * A record in the stage, in 32-bit words:
 *
 *   0  kind number (bits 0-15), words in all (bits 16-23), flags (bits 24-31)
 *   1  lane number
 *   2  time, low half          3  time, high half
 *   .  site number             if FLAG.site
 *   .  stack number            if FLAG.stack
 *   .  parent, low and high    if FLAG.parent: event_no of the enclosing zone's begin
 *   .  trace id, 4 words, then span id, 2 words; bytes in order, if FLAG.correlation
 *   .  presence mask, 1 or 2 words (2 for kinds of more than 32 fields), if FLAG.absent
 *   .  the kind's fields in order, those present only:
 *        bool, enum, ref: 1 word                 (a ref of 0 is absent)
 *        i64, u64, f64, time, duration: 2 words, low half first
 *        string, bytes: 1 word, index in `texts`
 *        values: 1 word, index in `args` of how many there are; they follow there
 */
export const FLAG = { site: 1, stack: 2, parent: 4, correlation: 8, absent: 16 } as const;

/** Words before the optional ones. */
export const HEAD_WORDS = 4;

/** By a record's flags: words from its begin to its fields, or to its presence mask. */
export const FIELDS_AT = Uint8Array.from({ length: 32 }, (_, flags) => {
  const { site, stack, parent, correlation } = FLAG;
  const words = (flag: number, count: number) => (flags & flag ? count : 0);
  return HEAD_WORDS + words(site, 1) + words(stack, 1) + words(parent, 2) + words(correlation, 6);
});

/** How many words a field of this type takes. */
export function wordsOf(type: FieldType): 1 | 2 {
  return type === "i64" || type === "u64" || type === "f64" || type === "time" || type === "duration" ? 2 : 1;
}

/** True for types whose value is no number. */
export function isText(type: FieldType): boolean {
  return type === "string" || type === "bytes" || type === "values";
}

/** What a record holds beside kind and fields. */
export interface RecordHead {
  readonly lane: number;
  readonly time: bigint;
  readonly site?: number | undefined;
  readonly stack?: number | undefined;
  readonly parent?: bigint | undefined;
  /** 16 bytes, with `spanId` or not at all. */
  readonly traceId?: Uint8Array | undefined;
  /** 8 bytes. */
  readonly spanId?: Uint8Array | undefined;
}

/** What a record is part of. */
export interface Link {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  /** 8 bytes. */
  readonly spanId: Uint8Array;
}

const NO_SPAN = new Uint8Array(8);

/** A value of a field; undefined where the record does not have it. */
export type FieldValue = boolean | number | bigint | string | Uint8Array | readonly Scalar[] | undefined;

/** One argument of a log format. */
export type Scalar = null | boolean | number | bigint | string | Uint8Array;

/**
 * Records on their way into a block, as fixed stores into one array. The
 * agent's hot path writes the words itself; everyone else calls `add`.
 */
export class Stage {
  words: Uint32Array;
  /** Words in use. */
  used = 0;
  /** Records in it. */
  count = 0;
  /** Strings and byte arrays that records point to. */
  readonly texts: unknown[] = [];
  /** Argument lists that records point to, end to end, each behind its length. Taken out of their arrays, these are garbage at once. */
  readonly args: unknown[] = [];
  /** Places of `args` in use: it keeps its room. */
  argsUsed = 0;
  readonly #layouts: (Layout | undefined)[] = [];

  constructor(words = 4096) {
    this.words = new Uint32Array(words);
  }

  clear(): void {
    this.used = 0;
    this.count = 0;
    this.texts.length = 0;
    this.args.fill(undefined, 0, this.argsUsed);
    this.argsUsed = 0;
  }

  /** Makes room for `words` more. */
  reserve(words: number): void {
    if (this.used + words <= this.words.length) return;
    const larger = new Uint32Array(Math.max(this.words.length * 2, this.used + words));
    larger.set(this.words.subarray(0, this.used));
    this.words = larger;
  }

  /** Adds one record. `kindNumber` is the kind's number in the session's dictionary; refs are dictionary numbers. */
  add(kindNumber: number, kind: Kind, head: RecordHead, values: readonly FieldValue[]): void {
    const { lane, time, site = 0, stack = 0, parent, traceId, spanId } = head;
    const known = this.#layouts[kindNumber];
    const layout = known?.kind === kind ? known : new Layout(kindNumber, kind);
    this.#layouts[kindNumber] = layout;
    SCRATCH_U64[0] = time;
    const [lo, hi] = [SCRATCH_U32[0]!, SCRATCH_U32[1]!];
    const link = traceId === undefined ? undefined : { traceId, spanId: spanId ?? NO_SPAN };
    this.put(layout, lane, lo, hi, values, site, link, stack, parent);
  }

  /** Adds one record, its time as halves. The agent's way in: it makes no object. */
  put(
    layout: Layout,
    lane: number,
    timeLo: number,
    timeHi: number,
    values: readonly FieldValue[],
    site = 0,
    link?: Link,
    stack = 0,
    parent?: bigint,
  ): void {
    const { codes } = layout;
    this.reserve(HEAD_WORDS + 12 + 2 + codes.length * 2);
    const start = this.used;
    const { words } = this;
    let flags = 0;
    let at = start + HEAD_WORDS;
    words[start + 1] = lane;
    words[start + 2] = timeLo;
    words[start + 3] = timeHi;
    if (site !== 0) {
      flags |= FLAG.site;
      words[at++] = site;
    }
    if (stack !== 0) {
      flags |= FLAG.stack;
      words[at++] = stack;
    }
    if (parent !== undefined) {
      flags |= FLAG.parent;
      words[at++] = Number(parent & 0xffffffffn);
      words[at++] = Number(parent >> 32n);
    }
    if (link !== undefined) {
      flags |= FLAG.correlation;
      at = this.#bytes(at, link.traceId, 16);
      at = this.#bytes(at, link.spanId, 8);
    }
    const maskAt = at;
    if (lacksAny(codes, values)) {
      flags |= FLAG.absent;
      at += codes.length > 32 ? 2 : 1;
      words[maskAt] = 0;
      if (codes.length > 32) words[maskAt + 1] = 0;
    }
    for (let index = 0; index < codes.length; index++) {
      const value = values[index];
      const code = codes[index]!;
      if (value === undefined) {
        if (code !== CODE.ref) continue;
        words[at++] = 0;
      } else at = this.#value(at, code, value);
      if (flags & FLAG.absent) words[maskAt + (index >>> 5)]! |= 1 << (index & 31);
    }
    const length = at - start;
    assert(length < 256, "a record fits 255 words");
    words[start] = layout.number | (length << 16) | (flags << 24);
    this.used = at;
    this.count++;
  }

  /** Adds a record that has only its first two fields, of one word each; without the second where that is below 0. */
  putBrief(
    layout: Layout,
    lane: number,
    timeLo: number,
    timeHi: number,
    first: number,
    second: number,
    site: number,
    stack: number,
  ): void {
    this.reserve(HEAD_WORDS + 5);
    const start = this.used;
    const { words } = this;
    let flags = 0;
    let at = start + HEAD_WORDS;
    words[start + 1] = lane;
    words[start + 2] = timeLo;
    words[start + 3] = timeHi;
    if (site !== 0) {
      flags |= FLAG.site;
      words[at++] = site;
    }
    if (stack !== 0) {
      flags |= FLAG.stack;
      words[at++] = stack;
    }
    if (layout.codes.length > 2 || second < 0) {
      flags |= FLAG.absent;
      words[at++] = second < 0 ? 1 : 3;
    }
    words[at++] = first;
    if (second >= 0) words[at++] = second;
    words[start] = layout.number | ((at - start) << 16) | (flags << 24);
    this.used = at;
    this.count++;
  }

  #bytes(at: number, bytes: Uint8Array, length: number): number {
    assert(bytes.length === length, `${length} bytes of correlation`);
    new Uint8Array(this.words.buffer, at * 4, length).set(bytes);
    return at + length / 4;
  }

  /** Keeps a list of arguments; says where in `args` it stands. */
  list(values: readonly unknown[]): number {
    const { args } = this;
    const from = this.argsUsed;
    args[from] = values.length;
    for (let index = 0; index < values.length; index++) args[from + 1 + index] = values[index];
    this.argsUsed = from + 1 + values.length;
    return from;
  }

  #value(at: number, code: number, value: Exclude<FieldValue, undefined>): number {
    const { words } = this;
    if (code === CODE.text) {
      words[at] = this.texts.push(value) - 1;
      return at + 1;
    }
    if (code === CODE.values) {
      words[at] = this.list(Array.isArray(value) ? value : [value]);
      return at + 1;
    }
    if (code === CODE.whole) {
      if (typeof value === "number") {
        words[at] = value;
        words[at + 1] = Math.floor(value / 0x1_0000_0000);
      } else {
        SCRATCH_U64[0] = value as bigint;
        words[at] = SCRATCH_U32[0]!;
        words[at + 1] = SCRATCH_U32[1]!;
      }
      return at + 2;
    }
    if (code === CODE.float) {
      SCRATCH_F64[0] = Number(value);
      words[at] = SCRATCH_U32[0]!;
      words[at + 1] = SCRATCH_U32[1]!;
      return at + 2;
    }
    words[at] = Number(value);
    return at + 1;
  }
}

/** How a field's value is stored. */
const CODE = { word: 0, ref: 1, whole: 2, float: 3, text: 4, values: 5 } as const;

/** What a stage has to know of one kind of a session. */
export class Layout {
  readonly number: number;
  readonly kind: Kind;
  /** One of CODE for each field. */
  readonly codes: Uint8Array;

  /** `number` is the kind's in the session's dictionary. */
  constructor(number: number, kind: Kind) {
    this.number = number;
    this.kind = kind;
    this.codes = Uint8Array.from(kind.fields, ({ type }) => {
      if (type === "values") return CODE.values;
      if (isText(type)) return CODE.text;
      if (type === "ref") return CODE.ref;
      if (type === "f64") return CODE.float;
      return wordsOf(type) === 2 ? CODE.whole : CODE.word;
    });
  }
}

/** A ref of 0 says absence by itself and takes its word. */
function lacksAny(codes: Uint8Array, values: readonly FieldValue[]): boolean {
  for (let index = 0; index < codes.length; index++) {
    if (values[index] === undefined && codes[index] !== CODE.ref) return true;
  }
  return false;
}

/** Takes numbers of 64 bits apart: arithmetic on bigints makes an object for each step. */
const SCRATCH_F64 = new Float64Array(1);
const SCRATCH_U64 = new BigUint64Array(SCRATCH_F64.buffer);
const SCRATCH_U32 = new Uint32Array(SCRATCH_F64.buffer);
