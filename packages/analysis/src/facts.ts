import { type Column, type Columns, isObject } from "@wayward/block";
import { briefOnes, type KindFields } from "./kind-fields.ts";
import { LOCK_OPS_LAST, OP } from "./ops.ts";

/** Places of a record's facts: what nearly every record is read for, side by side. */
export const FACT = {
  /** Its first two fields; what it lacks is 0. */
  first: 0,
  second: 1,
  /** Its op in the bits of OP_BITS, HAS_ONLY_TWO, HAS_STACK, and from RUN_SHIFT on the place of its lane in `runs`. */
  rest: 2,
} as const;

/** The same as constants of this file alone: the compiler knows their values, and asks for those of an export each time. */
const { first: FIRST, second: SECOND, rest: REST } = FACT;
const SHIFT = 2;
const LANE_SHIFT = 8;

/** Room for a record's facts. */
export const FACTS_SHIFT = SHIFT;
export const FACTS = 1 << SHIFT;
export const OP_BITS = 63;
/** It has no field beyond the first two. */
export const HAS_ONLY_TWO = 64;
export const HAS_STACK = 128;
export const RUN_SHIFT = LANE_SHIFT;

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

const TRAIT = {
  /** The lock analyses read it. */
  isOfLocks: 1,
  isFirstObject: 2,
  /** Some records have what others lack: then `brief` or `stacks` of the kind is there. */
  isMixed: 4,
} as const;
const OBJECTS_SHIFT = 3;

/** What the loop over a block's records needs of its kinds, by slot, and how far it is. */
interface Gathering extends FactsInto {
  readonly slots: Uint32Array;
  /** Ids of all object fields, in order of records. */
  readonly ids: Uint32Array;
  /** Of the kind: bits of TRAIT, and from OBJECTS_SHIFT on how many objects each record has. */
  readonly traits: Uint16Array;
  /** What all records of the kind have in the last fact. */
  readonly rest: Uint32Array;
  /** Where the kind's records begin in columns end to end, and its next one. */
  readonly begins: Uint32Array;
  readonly next: Uint32Array;
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
  const traits = Uint16Array.from(kinds, ({ op, own }, slot) => {
    const isOfLocks = op !== OP.none && op <= LOCK_OPS_LAST ? TRAIT.isOfLocks : 0;
    const isFirstObject = own?.kind.fields.slice(0, 1).some(isObject) ? TRAIT.isFirstObject : 0;
    const isMixed = brief[slot] === undefined && stacks[slot] === undefined ? 0 : TRAIT.isMixed;
    return isOfLocks | isFirstObject | isMixed | (columns.kinds[slot]!.objects << OBJECTS_SHIFT);
  });
  for (const [slot, { own }] of kinds.entries()) {
    if (own === undefined) continue;
    const [from, until] = [begins[slot]!, begins[slot]! + own.count];
    if ((traits[slot]! & TRAIT.isFirstObject) === 0) copyNumbers(own.columns[0], firsts.subarray(from, until));
    copyNumbers(own.columns[1], seconds.subarray(from, until));
  }
  const gathering: Gathering = {
    ...into,
    slots: columns.slots,
    ids: columns.objectIds,
    traits,
    rest: Uint32Array.from(kinds, ({ op }, slot) => op | (brief[slot] === undefined ? HAS_ONLY_TWO : 0)),
    begins,
    next: begins.slice(),
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
  const { slots, ids, traits, rest, begins, next, facts, places, order } = gathering;
  const bits = run << LANE_SHIFT;
  let { idsRead, count } = gathering;
  for (let index = from; index < until; index++) {
    const slot = slots[index]!;
    const kind = traits[slot]!;
    const place = next[slot]!;
    next[slot] = place + 1;
    places[index] = place - begins[slot]!;
    const at = index << SHIFT;
    facts[at | FIRST] = (kind & TRAIT.isFirstObject) === 0 ? firsts[place]! : ids[idsRead]!;
    facts[at | SECOND] = seconds[place]!;
    facts[at | REST] = rest[slot]! | bits;
    if ((kind & TRAIT.isMixed) !== 0) facts[at | REST]! |= bitsOf(gathering, slot, place - begins[slot]!);
    idsRead += kind >>> OBJECTS_SHIFT;
    order[count] = index;
    count += kind & TRAIT.isOfLocks;
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
