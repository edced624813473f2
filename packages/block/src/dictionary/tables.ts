import type { Table } from "@wayward/record";

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

/** How a blocked acquirer of a lock waits; position 0 says that nobody told. */
export const WAITS = ["", "free", "raw", "spin", "sleep"] as const;
export type Waits = (typeof WAITS)[number];

/** Each lane has an instance of its own under this name. */
export const OBJECT_PER_LANE = 1;
