import { OP } from "../columns/op.ts";

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
  /** The next record of each kind. */
  next = new Uint32Array(16);
  #kinds = 0;
  /** In arrays of one type each: what a loop reads of a record is then known to be numbers. */
  readonly #firsts: Uint32Array[] = [];
  readonly #seconds: Uint32Array[] = [];
  readonly #firstHighs: Uint32Array[] = [];
  readonly #secondHighs: Uint32Array[] = [];

  clear(): void {
    this.#kinds = 0;
    for (const list of [this.#firsts, this.#seconds, this.#firstHighs, this.#secondHighs]) list.length = 0;
  }

  /** Adds the block's next kind. A zone that names none has its site's name as first. */
  add(op: number, first: Operand, second: Operand): void {
    const slot = this.#kinds++;
    if (slot === this.ops.length) this.#grow();
    this.ops[slot] = specialised(op, first, second);
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

  #grow(): void {
    const ops = new Uint8Array(this.ops.length * 2);
    const next = new Uint32Array(ops.length);
    ops.set(this.ops);
    next.set(this.next);
    this.ops = ops;
    this.next = next;
  }
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
