import type { Rows } from "./duck.ts";

/** One byte a row. */
export class ByteColumn {
  readonly values: Uint8Array<ArrayBuffer>;
  readonly present: Uint8Array<ArrayBuffer>;

  constructor(rows: number) {
    this.values = new Uint8Array(rows);
    this.present = new Uint8Array((rows + 7) >> 3);
  }

  set(row: number, value: number): void {
    this.values[row] = value;
    this.present[row >> 3]! |= 1 << (row & 7);
  }
}

/** 32 bits a row. */
export class WordColumn {
  readonly values: Uint32Array<ArrayBuffer>;
  readonly present: Uint8Array<ArrayBuffer>;

  constructor(rows: number) {
    this.values = new Uint32Array(rows);
    this.present = new Uint8Array((rows + 7) >> 3);
  }

  set(row: number, value: number): void {
    this.values[row] = value;
    this.present[row >> 3]! |= 1 << (row & 7);
  }
}

/** 64 bits a row, for whole numbers below 2^53; without a bigint for each. */
export class LongColumn {
  readonly values: BigUint64Array<ArrayBuffer>;
  readonly present: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;

  constructor(rows: number) {
    this.values = new BigUint64Array(rows);
    this.present = new Uint8Array((rows + 7) >> 3);
    this.#words = new Uint32Array(this.values.buffer);
  }

  set(row: number, value: number): void {
    this.#words[row * 2] = value;
    this.#words[row * 2 + 1] = value / 0x1_0000_0000;
    this.present[row >> 3]! |= 1 << (row & 7);
  }
}

type Column = ByteColumn | WordColumn | LongColumn;

/** The first `count` rows of columns; the next call of `clear` makes the columns free again, and these rows invalid. */
export function rowsOf(columns: readonly Column[], count: number): Rows {
  return {
    count,
    columns: columns.map(({ values }) => values),
    present: columns.map(({ present }) => present),
  };
}

/** Copies of the rows in another order. */
export function ordered({ columns, present }: Rows, order: Uint32Array): Rows {
  return {
    count: order.length,
    columns: columns.map((values) => moved(values, order)),
    present: present.map((bits) => movedBits(bits, order)),
  };
}

function moved(values: Column["values"], order: Uint32Array): Column["values"] {
  const { length } = order;
  if (values instanceof BigUint64Array) {
    const made = new BigUint64Array(length);
    for (let place = 0; place < length; place++) made[place] = values[order[place]!]!;
    return made;
  }
  const made = values instanceof Uint8Array ? new Uint8Array(length) : new Uint32Array(length);
  for (let place = 0; place < length; place++) made[place] = values[order[place]!]!;
  return made;
}

function movedBits(bits: Uint8Array, order: Uint32Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array((order.length + 7) >> 3);
  for (let place = 0; place < order.length; place++) {
    const row = order[place]!;
    made[place >> 3]! |= ((bits[row >> 3]! >> (row & 7)) & 1) << (place & 7);
  }
  return made;
}

/** No row has a value. */
export function clear(columns: readonly Column[]): void {
  for (const { present } of columns) present.fill(0);
}
