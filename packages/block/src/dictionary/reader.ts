import { type Kind, parseKind, TABLES, type Table, WAITS, type Waits } from "@wayward/record";
import { readInts } from "../coding/ints.ts";
import { readTexts, textAt } from "../coding/texts.ts";
import { LIMITS } from "../limits.ts";
import { type Budget, createBudget, refuse, SectionReader } from "../section.ts";
import {
  LANE_KINDS,
  type LaneKind,
  OBJECT_PER_LANE,
  SCOPES,
  type Scope,
  TABLE_COLUMNS,
  waitsInsideOf,
} from "./tables.ts";

export interface Site {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Lane {
  readonly name: string;
  readonly kind: LaneKind;
  readonly parent: number;
  readonly thread: number;
}

export interface ObjectEntry {
  readonly type: string;
  readonly class: string;
  readonly instance: string;
  readonly scope: Scope;
  readonly shared: string;
  /** How a blocked acquirer waits; empty where nobody told. */
  readonly waits: Waits;
  /** The most that a holder may do; empty for the same as `waits`. */
  readonly waitsInside: Waits;
  readonly perLane: boolean;
}

/**
 * What one epoch of a session has defined, gathered from the dictionary
 * sections of its blocks. An id nobody defined reads as `string#17` and is
 * remembered in `unknown`, so that the reader can report a DICTIONARY gap.
 */
export class Dictionary {
  readonly #rows = new Map<Table, Map<number, readonly (number | string)[]>>(TABLES.map((table) => [table, new Map()]));
  readonly #kinds = new Map<number, Kind>();
  /** Names of objects that were asked for: the next question asks for them again. */
  readonly #objectNames = new Map<number, string>();
  readonly unknown: Set<string>;

  /** `unknown` may be that of other epochs too. */
  constructor(unknown = new Set<string>()) {
    this.unknown = unknown;
  }

  /** Adds a block's dictionary section. Throws a refusal if it is damaged; nothing of it counts then. */
  add(section: Uint8Array, budget: Budget = createBudget(LIMITS.unpackedBytes)): void {
    const reader = new SectionReader(section, budget);
    const found: [Table, number, (number | string)[]][] = [];
    while (!reader.done) readTable(reader, found);
    for (const [table, id, row] of found) {
      if (table === "kind") this.#addKind(id, row[0] as string);
      this.#rows.get(table)!.set(id, row);
    }
  }

  string(id: number): string {
    if (id === 0) return "";
    return (this.#row("string", id)?.[0] as string | undefined) ?? `string#${id}`;
  }

  site(id: number): Site | undefined {
    const row = this.#row("site", id);
    if (row === undefined) return undefined;
    const [functionId, file, line, text] = row as number[];
    return { function: this.string(functionId!), file: this.string(file!), line: line!, text: this.string(text!) };
  }

  /** What a zone of this site is called: its text, or its function. */
  siteName(id: number): string {
    const row = this.#row("site", id) as number[] | undefined;
    if (row === undefined) return id === 0 ? "" : `site#${id}`;
    return this.string(row[3]! || row[0]!);
  }

  /** String number of what a zone of this site is called. */
  zoneNameId(site: number): number {
    const row = this.#row("site", site) as number[] | undefined;
    return row === undefined ? 0 : row[3]! || row[0]!;
  }

  /** Kind (its place in LANE_KINDS) and parent of a lane. */
  laneRow(id: number): { readonly kind: number; readonly parent: number } | undefined {
    const row = this.#row("lane", id) as number[] | undefined;
    return row === undefined ? undefined : { kind: row[1]!, parent: row[2]! };
  }

  lane(id: number): Lane | undefined {
    const row = this.#row("lane", id) as number[] | undefined;
    if (row === undefined) return undefined;
    return { name: this.string(row[0]!), kind: LANE_KINDS[row[1]!] ?? "thread", parent: row[2]!, thread: row[3]! };
  }

  object(id: number): ObjectEntry | undefined {
    const row = this.#row("object", id) as number[] | undefined;
    if (row === undefined) return undefined;
    return {
      type: this.string(row[0]!),
      class: this.string(row[1]!),
      instance: this.string(row[2]!),
      scope: SCOPES[row[3]!] ?? "process",
      shared: this.string(row[4]!),
      waits: WAITS[row[5]!] ?? "",
      waitsInside: waitsInsideOf(row[6]!),
      perLane: (row[6]! & OBJECT_PER_LANE) !== 0,
    };
  }

  /** An object as a person reads it: its class, with the instance where there is one. */
  objectName(id: number): string {
    if (id === 0) return "";
    const known = this.#objectNames.get(id);
    if (known !== undefined) return known;
    const row = this.#row("object", id) as number[] | undefined;
    if (row === undefined) return `object#${id}`;
    const [, classId = 0, instanceId = 0] = row;
    const [className, instance] = [this.string(classId), this.string(instanceId)];
    const name = instance === "" ? className : `${className}/${instance}`;
    // What is unknown is told each time.
    if (this.#hasString(classId) && this.#hasString(instanceId)) this.#objectNames.set(id, name);
    return name;
  }

  kind(id: number): Kind | undefined {
    const kind = this.#kinds.get(id);
    if (kind === undefined) this.unknown.add(`kind#${id}`);
    return kind;
  }

  /** All kinds defined so far. */
  kinds(): ReadonlyMap<number, Kind> {
    return this.#kinds;
  }

  /** Ids of the lanes defined so far. */
  lanes(): readonly number[] {
    return [...this.#rows.get("lane")!.keys()];
  }

  /** The frames of a stack, innermost first, as text. */
  stack(id: number): readonly string[] {
    const frames: string[] = [];
    for (let at = id; at !== 0 && frames.length < 512; ) {
      const row = this.#row("stack", at) as number[] | undefined;
      if (row === undefined) return [...frames, `stack#${at}`];
      frames.push(this.#frame(row[1]!));
      at = row[0]!;
    }
    return frames;
  }

  /** Any reference as text: how a field that points into `table` is shown. */
  name(table: Table, id: number): string {
    if (id === 0) return "";
    if (table === "string") return this.string(id);
    if (table === "site") return this.siteName(id);
    if (table === "object") return this.objectName(id);
    if (table === "lane") return this.lane(id)?.name ?? `lane#${id}`;
    if (table === "kind") return this.kind(id)?.name ?? `kind#${id}`;
    if (table === "stack") return this.stack(id).join(" < ");
    return `${table}#${id}`;
  }

  #hasString(id: number): boolean {
    return id === 0 || this.#rows.get("string")!.has(id);
  }

  #frame(id: number): string {
    const row = this.#row("frame", id) as number[] | undefined;
    if (row === undefined) return `frame#${id}`;
    return `${this.string(row[1]!)} (${this.string(row[2]!)}:${row[3]})`;
  }

  #row(table: Table, id: number): readonly (number | string)[] | undefined {
    if (id === 0) return undefined;
    const row = this.#rows.get(table)!.get(id);
    if (row === undefined) this.unknown.add(`${table}#${id}`);
    return row;
  }

  #addKind(id: number, text: string): void {
    const kind = parseKind(text);
    if (kind.error !== undefined) throw refuse("BAD_VALUE", `kind ${id} cannot be read: ${kind.error.message}`);
    this.#kinds.set(id, kind.value);
  }
}

function readTable(reader: SectionReader, found: [Table, number, (number | string)[]][]): void {
  const number = reader.byte();
  const table = TABLES[number - 1];
  if (table === undefined) throw refuse("BAD_VALUE", `dictionary table is ${number}, known are 1 to ${TABLES.length}`);
  const count = reader.varint();
  if (count > MAX_ROWS) throw refuse("TOO_LARGE", `${count} additions to table ${table}, at most ${MAX_ROWS}`);
  const ids = readInts(reader, count);
  const rows: (number | string)[][] = Array.from({ length: count }, () => []);
  for (const { type } of TABLE_COLUMNS[table]) {
    if (type === "text") {
      const texts = readTexts(reader, count);
      for (let row = 0; row < count; row++) rows[row]!.push(textAt(texts, row));
    } else {
      const { lo, hi } = readInts(reader, count);
      for (let row = 0; row < count; row++) rows[row]!.push(lo[row]! + hi[row]! * 0x1_0000_0000);
    }
  }
  for (let row = 0; row < count; row++) found.push([table, ids.lo[row]!, rows[row]!]);
}

/** Additions to one table in one block: every record can bring a few. */
const MAX_ROWS = 1 << 18;
