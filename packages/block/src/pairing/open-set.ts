import { readInts, writeInts } from "../coding/ints.ts";
import type { DictionaryWriter } from "../dictionary/writer.ts";
import { LIMITS } from "../limits.ts";
import { type Budget, createBudget, refuse, SectionReader, type SectionWriter } from "../section.ts";
import { Words64 } from "../words.ts";
import { JOB } from "./jobs.ts";
import { OPEN, type OpenList } from "./open-list.ts";
import { TABLE_COLUMNS } from "./open-table.ts";
import { LOOSE, type Pairing } from "./pairing.ts";

export const OPEN_KINDS = ["zone", "wait", "held", "context", "job"] as const;
export type OpenKind = (typeof OPEN_KINDS)[number];

/** Something open at the block's start. */
export interface OpenEntry {
  readonly kind: OpenKind;
  readonly lane: number;
  /** String number of a zone's or context's name, object number of a lock or queue. */
  readonly subject: number;
  /** Mode of a lock, number of a job, id of a zone; else 0. */
  readonly detail: number;
  /** Nanoseconds since the session's start. */
  readonly start: number;
  readonly eventNo: number;
  /** A drop on its lane may have hidden its end. */
  readonly unsure: boolean;
}

export interface OpenSet {
  readonly entries: readonly OpenEntry[];
  /** Open, but not listed. */
  readonly leftOut: number;
}

/*
 * varint entries, varint left out, then columns: kind, lane, subject, detail,
 * start (zigzag would cost more than it saves: nothing opens before the
 * session's start), event number, unsure.
 */
export function writeOpenSet(writer: SectionWriter, pairing: Pairing, dictionary: DictionaryWriter): void {
  const { entries, leftOut } = listOpen(pairing);
  if (entries.length === 0) return;
  for (const entry of entries) {
    dictionary.use("lane", entry.lane);
    dictionary.use(entry.kind === "zone" || entry.kind === "context" ? "string" : "object", entry.subject);
  }
  writer.varint(entries.length);
  writer.varint(leftOut);
  const column = new Words64();
  const numbers = (value: (entry: OpenEntry) => number) => {
    column.length = 0;
    for (const entry of entries) column.pushNumber(value(entry));
    writeInts(writer, column);
  };
  numbers((entry) => OPEN_KINDS.indexOf(entry.kind));
  numbers((entry) => entry.lane);
  numbers((entry) => entry.subject);
  numbers((entry) => entry.detail);
  numbers((entry) => entry.start);
  numbers((entry) => entry.eventNo);
  numbers((entry) => (entry.unsure ? 1 : 0));
}

/** Reads an open set section; an empty one is an empty set. */
export function readOpenSet(section: Uint8Array, budget: Budget = createBudget(LIMITS.unpackedBytes)): OpenSet {
  if (section.length === 0) return { entries: [], leftOut: 0 };
  const reader = new SectionReader(section, budget);
  const count = reader.varint();
  if (count > LIMITS.openEntries) throw refuse("TOO_LARGE", `${count} open entries, at most ${LIMITS.openEntries}`);
  const leftOut = reader.varint();
  const numbers = () => {
    const { lo, hi } = readInts(reader, count);
    return Float64Array.from(lo, (low, index) => low + hi[index]! * 0x1_0000_0000);
  };
  const [kinds, lanes, subjects, details] = [numbers(), numbers(), numbers(), numbers()];
  const [starts, eventNos, unsures] = [numbers(), numbers(), numbers()];
  reader.end("open set");
  const entries = Array.from(kinds, (number, index): OpenEntry => {
    const kind = OPEN_KINDS[number];
    if (kind === undefined) throw refuse("BAD_VALUE", `open entry of kind ${number}`);
    return {
      kind,
      lane: lanes[index]!,
      subject: subjects[index]!,
      detail: details[index]!,
      start: starts[index]!,
      eventNo: eventNos[index]!,
      unsure: unsures[index]! !== 0,
    };
  });
  return { entries, leftOut };
}

/** A lock that a lane holds or waits for, once for each acquisition. */
export interface OpenLock {
  readonly lane: number;
  readonly lock: number;
  readonly waits: boolean;
}

/** What the records written so far say of locks: those held, in order of acquisition, and those waited for. */
export function openLocks(pairing: Pairing): OpenLock[] {
  const open: OpenLock[] = [];
  for (const { id: lane, held, wait } of pairing.lanes.values()) {
    for (let at = 0; at < held.length; at++) open.push({ lane, lock: held.get(at, OPEN.id), waits: false });
    for (let at = 0; at < wait.length; at++) open.push({ lane, lock: wait.get(at, OPEN.id), waits: true });
  }
  return open;
}

function listOpen(pairing: Pairing): OpenSet {
  const entries: OpenEntry[] = [];
  let leftOut = 0;
  const add = (entry: OpenEntry) => {
    if (entries.length < LIMITS.openEntries) entries.push(entry);
    else leftOut++;
  };
  const addAll = (kind: OpenKind, lane: number, list: OpenList) => {
    for (let index = 0; index < list.length; index++) {
      const [subject, start] = [list.get(index, OPEN.id), list.get(index, OPEN.start)];
      const [detail, eventNo] = [list.get(index, OPEN.detail), list.get(index, OPEN.eventNo)];
      add({ kind, lane, subject, detail, start, eventNo, unsure: list.get(index, OPEN.unsure) !== 0 });
    }
  };
  for (const lane of pairing.lanes.values()) {
    addAll("zone", lane.id, lane.zones);
    addAll("held", lane.id, lane.held);
    addAll("context", lane.id, lane.contexts);
    addAll("wait", lane.id, lane.wait);
  }
  const { loose } = pairing;
  const jobs = pairing.jobs.table;
  loose.each((_, id, place) => {
    const [{ data }, at] = [loose, place * TABLE_COLUMNS];
    const [subject, start] = [data[at + LOOSE.name]!, data[at + LOOSE.start]!];
    const [lane, eventNo] = [data[at + LOOSE.lane]!, data[at + LOOSE.eventNo]!];
    add({ kind: "zone", lane, subject, detail: id, start, eventNo, unsure: false });
  });
  jobs.each((queue, job, place) => {
    const [{ data }, at] = [jobs, place * TABLE_COLUMNS];
    const start = data[at + JOB.started]!;
    if (Number.isNaN(start)) return;
    const [lane, eventNo] = [data[at + JOB.lane]!, data[at + JOB.eventNo]!];
    add({ kind: "job", lane, subject: queue, detail: job, start, eventNo, unsure: false });
  });
  return { entries, leftOut };
}
