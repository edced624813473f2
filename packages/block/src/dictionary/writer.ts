import { assert } from "@wayward/base";
import { type Kind, TABLES, type Table, WAITS, type Waits } from "@wayward/record";
import { writeInts } from "../coding/ints.ts";
import { TextBuilder } from "../coding/texts.ts";
import type { SectionWriter } from "../section.ts";
import { Words64 } from "../words.ts";
import { LANE_KINDS, type LaneKind, objectFlags, SCOPES, type Scope, TABLE_COLUMNS } from "./tables.ts";

/** A place in the code. Empty text where a part is not known. */
export interface SiteInfo {
  readonly function?: string;
  readonly file?: string;
  readonly line?: number;
  /** A log's format, a zone's name. */
  readonly text?: string;
}

export interface LaneInfo {
  readonly name: string;
  readonly kind: LaneKind;
  /** Number of the lane that started it. */
  readonly parent?: number;
  /** The system's number of the thread. */
  readonly thread?: number;
}

/** A lock, queue, heap or file. */
export interface ObjectInfo {
  /** mutex, rwlock, semaphore, condition, barrier, queue, heap, file … */
  readonly type: string;
  readonly class: string;
  readonly instance?: string;
  readonly scope?: Scope;
  /** The name under which other processes know the same object. */
  readonly shared?: string;
  readonly waits?: Waits;
  /** The most that a holder may do while it holds the lock; else as `waits`. */
  readonly waitsInside?: Waits;
  readonly perLane?: boolean;
}

type Row = readonly (number | string)[];

/**
 * A session's dictionary as its writer keeps it: things get their numbers
 * once, from 1, and each block defines those it uses that its epoch has not
 * defined yet.
 */
export class DictionaryWriter {
  readonly #tables = new Map<Table, TableState>(TABLES.map((table) => [table, new TableState()]));
  readonly #strings = this.#state("string");
  readonly #kinds = this.#state("kind");
  readonly #texts = new TextBuilder();
  readonly #numbers = new Words64();
  #epoch = 0;
  /** Bytes of all definitions: tells a writer when a block of definitions alone could be too large. */
  weight = 0;

  /** Number of a text; 0 for the empty one. Texts over 1 KiB are cut. */
  string(text: string): number {
    if (text === "") return 0;
    const known = this.#strings.byKey.get(text);
    if (known !== undefined) return known;
    return this.#define("string", text, [text.length > STRING_CHARS ? text.slice(0, STRING_CHARS) : text]);
  }

  kind(kind: Kind): number {
    return this.#kinds.byKey.get(kind.text) ?? this.#define("kind", kind.text, [kind.text]);
  }

  site(site: SiteInfo): number {
    const row = [
      this.string(site.function ?? ""),
      this.string(site.file ?? ""),
      site.line ?? 0,
      this.string(site.text ?? ""),
    ];
    return this.#byRow("site", row);
  }

  lane(lane: LaneInfo): number {
    return this.#define("lane", undefined, [
      this.string(lane.name),
      LANE_KINDS.indexOf(lane.kind),
      lane.parent ?? 0,
      lane.thread ?? 0,
    ]);
  }

  /** Gives a lane another name: blocks from the next epoch on, and all that define it anew, carry it. */
  renameLane(id: number, name: string): void {
    const state = this.#state("lane");
    const row = state.rows[id];
    assert(row !== undefined, `lane ${id} is defined`);
    state.rows[id] = [this.string(name), ...row.slice(1)];
    state.epochs[id] = 0;
  }

  /** Forgets a task's lane: it has exited and no later block defines it. Threads and workers stay. */
  forgetTask(id: number): void {
    const { rows } = this.#state("lane");
    if (rows[id]?.[1] === LANE_KINDS.indexOf("task")) rows[id] = undefined;
  }

  /** Number of an object; one is as good as another with the same facts, unless `fresh`. */
  object(object: ObjectInfo, fresh = false): number {
    const row = [
      this.string(object.type),
      this.string(object.class),
      this.string(object.instance ?? ""),
      SCOPES.indexOf(object.scope ?? "process"),
      this.string(object.shared ?? ""),
      WAITS.indexOf(object.waits ?? ""),
      objectFlags(object.perLane ?? false, object.waitsInside ?? ""),
    ];
    return fresh ? this.#define("object", undefined, row) : this.#byRow("object", row);
  }

  module(build: string, path: string, address: number): number {
    return this.#byRow("module", [build, path, address]);
  }

  frame(module: number, functionName: string, file: string, line: number, address = 0): number {
    return this.#byRow("frame", [module, this.string(functionName), this.string(file), line, address]);
  }

  stack(parent: number, frame: number): number {
    return this.#byRow("stack", [parent, frame]);
  }

  /** How many kinds there are; their numbers begin with 1. */
  get kinds(): number {
    return this.#kinds.rows.length - 1;
  }

  /** How many things of a table have a number, those that are forgotten included. */
  size(table: Table): number {
    return this.#state(table).rows.length - 1;
  }

  /** The kind's definition by its number. */
  kindText(id: number): string | undefined {
    return this.#kinds.rows[id]?.[0] as string | undefined;
  }

  /** The text of a string by its number; empty for 0. */
  text(id: number): string {
    return (this.#strings.rows[id]?.[0] as string | undefined) ?? "";
  }

  /** A site's parts by its number: string numbers of function, file and text, and the line. */
  siteRow(id: number): {
    readonly function: number;
    readonly file: number;
    readonly line: number;
    readonly text: number;
  } {
    const [functionId = 0, file = 0, line = 0, text = 0] = (this.#state("site").rows[id] ?? []) as number[];
    return { function: functionId, file, line, text };
  }

  /** Kind and parent of a lane by its number. */
  laneRow(id: number): { readonly kind: number; readonly parent: number } | undefined {
    const row = this.#state("lane").rows[id] as number[] | undefined;
    return row === undefined ? undefined : { kind: row[1]!, parent: row[2]! };
  }

  /** Says that the block in the making refers to this. Ids that nobody defined stay undefined for readers too. */
  use(table: Table, id: number): void {
    this.#use(table, this.#state(table), id);
  }

  /** Says that of the first `count` ids. */
  useAll(table: Table, ids: Uint32Array, count: number): void {
    const state = this.#state(table);
    const epoch = this.#epoch;
    const { epochs } = state;
    for (let at = 0; at < count; at++) if (epochs[ids[at]!] !== epoch) this.#use(table, state, ids[at]!);
  }

  /** Begins a block; with `epoch` nothing counts as defined. */
  begin(epoch: boolean): void {
    if (epoch) this.#epoch++;
    for (const state of this.#tables.values()) state.pending.length = 0;
  }

  /** Takes back that the block in the making defines anything. */
  rollback(): void {
    for (const state of this.#tables.values()) {
      for (const id of state.pending) state.epochs[id] = 0;
      state.pending.length = 0;
    }
  }

  /** Writes the section: for each table with additions its number, their count, ids and columns. */
  write(writer: SectionWriter): void {
    for (const [index, table] of TABLES.entries()) {
      const state = this.#tables.get(table)!;
      if (state.pending.length === 0) continue;
      const ids = state.pending.sort((a, b) => a - b);
      writer.byte(index + 1);
      writer.varint(ids.length);
      this.#numbers.length = 0;
      for (const id of ids) this.#numbers.push(id, 0);
      writeInts(writer, this.#numbers);
      for (const [column, { type }] of TABLE_COLUMNS[table].entries()) {
        if (type === "text") this.#writeTexts(writer, state, ids, column);
        else this.#writeNumbers(writer, state, ids, column);
      }
    }
  }

  #writeTexts(writer: SectionWriter, state: TableState, ids: readonly number[], column: number): void {
    this.#texts.clear();
    for (const id of ids) this.#texts.push(state.rows[id]![column] as string);
    this.#texts.write(writer);
  }

  #writeNumbers(writer: SectionWriter, state: TableState, ids: readonly number[], column: number): void {
    this.#numbers.length = 0;
    for (const id of ids) this.#numbers.pushNumber(state.rows[id]![column] as number);
    writeInts(writer, this.#numbers);
  }

  #use(table: Table, state: TableState, id: number): void {
    if (id === 0 || id >= state.rows.length || state.epochs[id] === this.#epoch) return;
    const row = state.rows[id];
    if (row !== undefined) this.#defineUsed(table, state, id, row);
  }

  #defineUsed(table: Table, state: TableState, id: number, row: Row): void {
    state.epochs[id] = this.#epoch;
    state.pending.push(id);
    for (const [column, { type, table: other }] of TABLE_COLUMNS[table].entries()) {
      if (type === "ref") this.use(other!, row[column] as number);
    }
  }

  #byRow(table: Table, row: Row): number {
    const key = row.join("\u0000");
    return this.#state(table).byKey.get(key) ?? this.#define(table, key, row);
  }

  #define(table: Table, key: string | undefined, row: Row): number {
    const state = this.#state(table);
    const id = state.add(row);
    if (key !== undefined) state.byKey.set(key, id);
    for (const value of row) this.weight += typeof value === "string" ? value.length * 3 : 4;
    return id;
  }

  #state(table: Table): TableState {
    return this.#tables.get(table)!;
  }
}

/** Characters of an interned text: names and formats, not contents. */
const STRING_CHARS = 1024;

class TableState {
  readonly byKey = new Map<string, number>();
  /** By id; place 0 stays empty. */
  readonly rows: (Row | undefined)[] = [undefined];
  /** Epoch in which each id was defined last. */
  epochs = new Uint32Array(64);
  readonly pending: number[] = [];

  add(row: Row): number {
    const id = this.rows.push(row) - 1;
    assert(id < 0xffff_ffff, "a table holds fewer than 2^32 things");
    if (id >= this.epochs.length) {
      const larger = new Uint32Array(this.epochs.length * 2);
      larger.set(this.epochs);
      this.epochs = larger;
    }
    return id;
  }
}
