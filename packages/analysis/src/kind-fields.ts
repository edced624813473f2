import { type Column, type Columns, type Dictionary, isNothing, type KindColumns } from "@wayward/block";
import { OP, opOf } from "./ops.ts";

/** What the records of one kind say. */
export interface KindFields {
  readonly op: number;
  readonly name: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** Undefined where no record has one; decoded when it is first looked at. */
  readonly sites: Uint32Array | undefined;
  readonly stacks: Uint32Array | undefined;
  /** What else the records have. */
  readonly own: KindColumns | undefined;
}

const NO_FIELDS: KindFields = {
  op: OP.none,
  name: "",
  columns: new Map(),
  sites: undefined,
  stacks: undefined,
  own: undefined,
};

export function fieldsOf(columns: Columns, slot: number, dictionary: Dictionary): KindFields {
  const kind = dictionary.kind(columns.kinds[slot]!.number);
  const op = kind === undefined ? OP.none : opOf(kind.name);
  if (op === OP.none || kind === undefined) return NO_FIELDS;
  const own = columns.columns(slot, kind);
  return {
    op,
    name: kind.name,
    columns: new Map(own.columns.map((column) => [column.field.name, column])),
    get sites() {
      return own.sites;
    },
    get stacks() {
      return own.stacks;
    },
    own,
  };
}

/** 1 for each record that has no field beyond the first two; undefined where that is so of all. */
export function briefOnes({ columns, count }: KindColumns): Uint8Array | undefined {
  const used = columns.slice(2).filter((column) => !isEmpty(column));
  if (used.length === 0) return undefined;
  const brief = new Uint8Array(count).fill(1);
  for (const column of used) {
    // A reference to nothing stands for none.
    const isRef = column.shape === "ints" && column.field.type === "ref";
    const { present } = column;
    if (isRef) markLonger(brief, column.ints.lo, 0);
    else if (present === undefined) brief.fill(0);
    else markLonger(brief, present, -1);
  }
  return brief;
}

/** Marks the records whose number is not the one that stands for none. */
function markLonger(brief: Uint8Array, numbers: Uint32Array | Int32Array, none: number): void {
  for (let record = 0; record < brief.length; record++) if (numbers[record] !== none) brief[record] = 0;
}

/** True if no record has the field. */
function isEmpty(column: Column): boolean {
  if (column.shape !== "ints") return false;
  if (column.field.type === "ref") return isNothing(column.ints.lo);
  return column.present !== undefined && column.ints.lo.length === 0;
}
