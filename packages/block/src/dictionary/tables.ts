import { type Table, WAITS, type Waits } from "@wayward/record";

/** One column of a dictionary table: number, reference to another table, or text. */
export interface TableColumn {
  readonly name: string;
  readonly type: "number" | "text" | "ref";
  readonly table?: Table;
}

const number = (name: string): TableColumn => ({ name, type: "number" });
const text = (name: string): TableColumn => ({ name, type: "text" });
const ref = (name: string, table: Table): TableColumn => ({ name, type: "ref", table });

/** The columns of every table beside the id, in the order in which they are written. FORMAT.md, "Dictionary". */
export const TABLE_COLUMNS: Readonly<Record<Table, readonly TableColumn[]>> = {
  string: [text("text")],
  module: [text("build"), text("path"), number("address")],
  frame: [ref("module", "module"), ref("function", "string"), ref("file", "string"), number("line"), number("address")],
  stack: [ref("parent", "stack"), ref("frame", "frame")],
  site: [ref("function", "string"), ref("file", "string"), number("line"), ref("text", "string")],
  lane: [ref("name", "string"), number("kind"), ref("parent", "lane"), number("thread")],
  kind: [text("definition")],
  object: [
    ref("type", "string"),
    ref("class", "string"),
    ref("instance", "string"),
    number("scope"),
    ref("shared", "string"),
    number("waits"),
    number("flags"),
  ],
};

/** What a lane is; the number in the dictionary is the position. */
export const LANE_KINDS = ["thread", "worker", "task", "fibre"] as const;
export type LaneKind = (typeof LANE_KINDS)[number];

/** Who may meet at an object. */
export const SCOPES = ["process", "host", "cluster"] as const;
export type Scope = (typeof SCOPES)[number];

/*
 * An object's flags: bit 0 says that each lane has an instance of its own
 * under this name; bits 1 to 3 hold the place in WAITS of the most that a
 * holder may do while it holds the lock, 0 for the lock's own `waits`.
 */
export const OBJECT_PER_LANE = 1;
const INSIDE_SHIFT = 1;
const INSIDE_MASK = 7;

export function objectFlags(perLane: boolean, waitsInside: Waits): number {
  return (perLane ? OBJECT_PER_LANE : 0) | (WAITS.indexOf(waitsInside) << INSIDE_SHIFT);
}

export function waitsInsideOf(flags: number): Waits {
  return WAITS[(flags >>> INSIDE_SHIFT) & INSIDE_MASK] ?? "";
}
