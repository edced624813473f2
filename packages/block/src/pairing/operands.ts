import { OP } from "../columns/op.ts";
import { familyOf } from "./families.ts";

const TWO_32 = 0x1_0000_0000;

/** Values of no record: what stands beyond an array's end is 0. */
const NONE = new Uint32Array(0);

/** One field of a kind's records as whole numbers, 0 where a record lacks it. */
export interface Operand {
  readonly lo: Uint32Array;
  /** Undefined where all are 0. */
  readonly hi: Uint32Array | undefined;
}

/** What a kind without that field has. */
export const NO_OPERAND: Operand = { lo: NONE, hi: undefined };

/**
 * What pairing reads of a block's records beside their kinds and times: by
 * kind what to do (OP) and the first two fields, whose order is that of
 * packages/record. A record is found by counting those of its kind.
 */
export class Operands {
  ops = new Uint8Array(16);
  /** By kind: its family, and 1 for what begins zones without ids. */
  families = new Uint8Array(16);
  begins = new Uint8Array(16);
  /** The only kind that begins zones, where no record of any kind carries a zone's id; else -1. */
  plainBegin = -1;
  /** The next record of each kind. */
  next = new Uint32Array(16);
  #kinds = 0;
  /** Zones carry ids, or several kinds begin them. */
  #zonesVary = false;
  /** In arrays of one type each: what a loop reads of a record is then known to be numbers. */
  readonly #firsts: Uint32Array[] = [];
  readonly #seconds: Uint32Array[] = [];
  readonly #firstHighs: Uint32Array[] = [];
  readonly #secondHighs: Uint32Array[] = [];

  clear(): void {
    this.#kinds = 0;
    this.plainBegin = -1;
    this.#zonesVary = false;
    for (const list of [this.#firsts, this.#seconds, this.#firstHighs, this.#secondHighs]) list.length = 0;
  }

  /** Adds the block's next kind. A zone that names none has its site's name as first. */
  add(op: number, first: Operand, second: Operand): void {
    const slot = this.#kinds++;
    if (slot === this.ops.length) this.#grow();
    this.ops[slot] = specialised(op, first, second);
    this.#noteFamily(slot);
    this.next[slot] = 0;
    this.#firsts.push(first.lo);
    this.#seconds.push(second.lo);
    this.#firstHighs.push(first.hi ?? NONE);
    this.#secondHighs.push(second.hi ?? NONE);
  }

  /** The first fields of a kind that has one below 2^32 in every record. */
  firsts(slot: number): Uint32Array {
    return this.#firsts[slot]!;
  }

  first(slot: number, place: number): number {
    return valueAt(this.#firsts[slot]!, this.#firstHighs[slot]!, place);
  }

  second(slot: number, place: number): number {
    return valueAt(this.#seconds[slot]!, this.#secondHighs[slot]!, place);
  }

  #noteFamily(slot: number): void {
    const op = this.ops[slot]!;
    this.families[slot] = familyOf(op);
    this.begins[slot] = op === OP.zoneBeginPlain ? 1 : 0;
    const isSecond = op === OP.zoneBeginPlain && this.plainBegin >= 0;
    if (isSecond || op === OP.zoneBegin || op === OP.zoneEnd) this.#zonesVary = true;
    if (op === OP.zoneBeginPlain) this.plainBegin = slot;
    if (this.#zonesVary) this.plainBegin = -1;
  }

  #grow(): void {
    const places = this.ops.length * 2;
    this.ops = grown(this.ops, new Uint8Array(places));
    this.families = grown(this.families, new Uint8Array(places));
    this.begins = grown(this.begins, new Uint8Array(places));
    this.next = grown(this.next, new Uint32Array(places));
  }
}

function grown<T extends Uint8Array | Uint32Array>(old: T, made: T): T {
  made.set(old);
  return made;
}

/** Zones of a kind of which none carries an id need no look at ids. */
function specialised(op: number, first: Operand, second: Operand): number {
  if (op === OP.zoneBegin && second.lo.length === 0 && first.lo.length > 0) return OP.zoneBeginPlain;
  if (op === OP.zoneEnd && first.lo.length === 0) return OP.zoneEndPlain;
  return op <= OP.logMessage ? OP.none : op;
}

function valueAt(lows: Uint32Array, highs: Uint32Array, place: number): number {
  const low = place < lows.length ? lows[place]! : 0;
  return place < highs.length ? low + highs[place]! * TWO_32 : low;
}
