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
 *        string, bytes, values: 1 word, index in `texts`
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

/** True for types whose value stands in `texts`. */
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
  /** Strings, byte arrays and argument lists that records point to. */
  readonly texts: unknown[] = [];

  constructor(words = 4096) {
    this.words = new Uint32Array(words);
  }

  clear(): void {
    this.used = 0;
    this.count = 0;
    this.texts.length = 0;
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
    this.reserve(HEAD_WORDS + 12 + 2 + kind.fields.length * 2);
    const start = this.used;
    const { words } = this;
    let flags = 0;
    let at = start + HEAD_WORDS;
    words[start + 1] = head.lane;
    words[start + 2] = Number(head.time & 0xffffffffn);
    words[start + 3] = Number((head.time >> 32n) & 0xffffffffn);
    if (head.site) {
      flags |= FLAG.site;
      words[at++] = head.site;
    }
    if (head.stack) {
      flags |= FLAG.stack;
      words[at++] = head.stack;
    }
    if (head.parent !== undefined) {
      flags |= FLAG.parent;
      words[at++] = Number(head.parent & 0xffffffffn);
      words[at++] = Number(head.parent >> 32n);
    }
    if (head.traceId !== undefined) {
      flags |= FLAG.correlation;
      at = this.#bytes(at, head.traceId, 16);
      at = this.#bytes(at, head.spanId ?? new Uint8Array(8), 8);
    }
    if (kind.fields.some((field, index) => isAbsent(field.type, values[index]))) {
      flags |= FLAG.absent;
      at = this.#mask(at, kind, values);
    }
    for (let index = 0; index < kind.fields.length; index++) {
      const value = values[index];
      if (value !== undefined) at = this.#value(at, kind.fields[index]!.type, value);
      else if (kind.fields[index]!.type === "ref") words[at++] = 0;
    }
    const length = at - start;
    assert(length < 256, "a record fits 255 words");
    words[start] = kindNumber | (length << 16) | (flags << 24);
    this.used = at;
    this.count++;
  }

  #bytes(at: number, bytes: Uint8Array, length: number): number {
    assert(bytes.length === length, `${length} bytes of correlation`);
    new Uint8Array(this.words.buffer, at * 4, length).set(bytes);
    return at + length / 4;
  }

  #mask(at: number, kind: Kind, values: readonly FieldValue[]): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < kind.fields.length; index++) {
      if (isAbsent(kind.fields[index]!.type, values[index])) continue;
      if (index < 32) low |= 1 << index;
      else high |= 1 << (index - 32);
    }
    this.words[at++] = low;
    if (kind.fields.length > 32) this.words[at++] = high;
    return at;
  }

  #value(at: number, type: FieldType, value: Exclude<FieldValue, undefined>): number {
    const { words } = this;
    if (isText(type)) {
      words[at] = this.texts.push(value) - 1;
      return at + 1;
    }
    if (type === "f64") {
      SCRATCH_F64[0] = Number(value);
      words[at] = SCRATCH_U32[0]!;
      words[at + 1] = SCRATCH_U32[1]!;
      return at + 2;
    }
    if (wordsOf(type) === 2) {
      const bits = BigInt.asUintN(64, BigInt(value as number | bigint));
      words[at] = Number(bits & 0xffffffffn);
      words[at + 1] = Number(bits >> 32n);
      return at + 2;
    }
    words[at] = Number(value);
    return at + 1;
  }
}

/** A ref of 0 says absence by itself and takes its word. */
function isAbsent(type: FieldType, value: FieldValue): boolean {
  return value === undefined && type !== "ref";
}

const SCRATCH_F64 = new Float64Array(1);
const SCRATCH_U32 = new Uint32Array(SCRATCH_F64.buffer);
