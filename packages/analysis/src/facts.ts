import { type Column, type Columns, isObject } from "@wayward/block";
import { briefOnes, type KindFields } from "./kind-fields.ts";
import { LOCK_OPS_LAST, OP } from "./ops.ts";

/** Places of a record's facts: what nearly every record is read for, side by side. */
export const FACT = {
  /** Its first two fields; what it lacks is 0. */
  first: 0,
  second: 1,
  /** Where the code is that takes the lock or waits for it; 0 for none, and for records of other kinds. */
  site: 2,
  /** Its op in the bits of OP_BITS, HAS_ONLY_TWO, HAS_STACK, and from RUN_SHIFT on the place of its lane in `runs`. */
  rest: 3,
} as const;

/** Facts of a record. */
export const FACTS_SHIFT = 2;
export const FACTS = 1 << FACTS_SHIFT;
export const OP_BITS = 63;
/** It has no field beyond the first two. */
export const HAS_ONLY_TWO = 64;
export const HAS_STACK = 128;
export const RUN_SHIFT = 8;

/** Where facts go: by place in the block, and the places of the records that the lock analyses read, rising. */
export interface FactsInto {
  readonly facts: Uint32Array;
  /** Places of records among those of their kind. */
  readonly places: Uint32Array;
  readonly order: Uint32Array;
}

/** Blocks hold at most so many records. */
const RECORDS_MAX = 65_536;

/** Columns of all kinds end to end, so that a loop over all records reads one array instead of one of each kind. */
const firsts = new Uint32Array(RECORDS_MAX);
const seconds = new Uint32Array(RECORDS_MAX);
const sites = new Uint32Array(RECORDS_MAX);

/** What the loop over a block's records needs of its kinds, by slot, and how far it is. */
interface Gathering extends FactsInto {
  readonly slots: Uint32Array;
  /** Ids of all object fields, in order of records. */
  readonly ids: Uint32Array;
  /** Objects of each record of the kind. */
  readonly objects: Uint8Array;
  /** 1 where the first field is an object. */
  readonly isFirstObject: Uint8Array;
  /** 1 for kinds that the lock analyses read. */
  readonly isOfLocks: Uint8Array;
  /** What all records of the kind have in the last fact. */
  readonly rest: Uint32Array;
  /** Where the kind's records begin in columns end to end, and its next one. */
  readonly begins: Uint32Array;
  readonly next: Uint32Array;
  /** 1 for kinds of which some records have what others lack: then `brief` or `stacks` of the kind is there. */
  readonly isMixed: Uint8Array;
  readonly brief: readonly (Uint8Array | undefined)[];
  readonly stacks: readonly (Uint32Array | undefined)[];
  /** How many ids and places are behind. */
  idsRead: number;
  count: number;
}

/** Gathers the facts of a block's records; says how many of them the lock analyses read. */
export function gatherFacts(columns: Columns, kinds: readonly KindFields[], into: FactsInto): number {
  const begins = new Uint32Array(kinds.length);
  for (let slot = 1; slot < kinds.length; slot++) begins[slot] = begins[slot - 1]! + columns.kinds[slot - 1]!.count;
  const brief = kinds.map(({ own }) => own && briefOnes(own));
  const stacks = kinds.map((kind) => kind.stacks);
  const isFirstObject = Uint8Array.from(kinds, ({ own }) => (own?.kind.fields.slice(0, 1).some(isObject) ? 1 : 0));
  for (const [slot, { op, own }] of kinds.entries()) {
    if (own === undefined) continue;
    const [from, until] = [begins[slot]!, begins[slot]! + own.count];
    if (isFirstObject[slot] === 0) copyNumbers(own.columns[0], firsts.subarray(from, until));
    copyNumbers(own.columns[1], seconds.subarray(from, until));
    const taken = op === OP.acquired || op === OP.wait ? own.sites : undefined;
    if (taken === undefined) sites.fill(0, from, until);
    else sites.set(taken, from);
  }
  const gathering: Gathering = {
    ...into,
    slots: columns.slots,
    ids: columns.objectIds,
    objects: Uint8Array.from(columns.kinds, ({ objects }) => objects),
    isFirstObject,
    isOfLocks: Uint8Array.from(kinds, ({ op }) => (op !== OP.none && op <= LOCK_OPS_LAST ? 1 : 0)),
    rest: Uint32Array.from(kinds, ({ op }, slot) => op | (brief[slot] === undefined ? HAS_ONLY_TWO : 0)),
    begins,
    next: begins.slice(),
    isMixed: Uint8Array.from(kinds, (_, slot) => (brief[slot] === undefined && stacks[slot] === undefined ? 0 : 1)),
    brief,
    stacks,
    idsRead: 0,
    count: 0,
  };
  for (const [run, { from, count }] of columns.lanes.entries()) gatherRun(gathering, run, from, from + count);
  return gathering.count;
}

/** A function that every lane calls stays compiled. */
function gatherRun(gathering: Gathering, run: number, from: number, until: number): void {
  const { slots, ids, objects, isFirstObject, isOfLocks, isMixed, rest, begins, next, facts, places, order } =
    gathering;
  let { idsRead, count } = gathering;
  for (let index = from; index < until; index++) {
    const slot = slots[index]!;
    const place = next[slot]!;
    next[slot] = place + 1;
    places[index] = place - begins[slot]!;
    const at = index * FACTS;
    facts[at + FACT.first] = isFirstObject[slot] === 1 ? ids[idsRead]! : firsts[place]!;
    facts[at + FACT.second] = seconds[place]!;
    facts[at + FACT.site] = sites[place]!;
    facts[at + FACT.rest] = rest[slot]! | (run << RUN_SHIFT);
    if (isMixed[slot] === 1) facts[at + FACT.rest]! |= bitsOf(gathering, slot, place - begins[slot]!);
    idsRead += objects[slot]!;
    order[count] = index;
    count += isOfLocks[slot]!;
  }
  gathering.idsRead = idsRead;
  gathering.count = count;
}

/** What this record of a kind has in the last fact that not all have. */
function bitsOf({ brief, stacks }: Gathering, slot: number, place: number): number {
  return (brief[slot]?.[place] === 1 ? HAS_ONLY_TWO : 0) | (stacks[slot]?.[place] ? HAS_STACK : 0);
}

/** One number a record, 0 where it has none. */
function copyNumbers(column: Column | undefined, into: Uint32Array): void {
  if (column?.shape !== "ints") into.fill(0);
  else if (column.present === undefined) into.set(column.ints.lo);
  else if (column.ints.lo.length === 0) into.fill(0);
  else copyPresent(column.present, column.ints.lo, into);
}

function copyPresent(present: Int32Array, numbers: Uint32Array, into: Uint32Array): void {
  for (let record = 0; record < into.length; record++) {
    const at = present[record]!;
    into[record] = at < 0 ? 0 : numbers[at]!;
  }
}
