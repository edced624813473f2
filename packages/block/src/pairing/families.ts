import { OP } from "../columns/op.ts";

/** What a record is paired with: records of one family never change what is open of another. One bit each. */
const FAMILY = {
  none: 0,
  zone: 1,
  lock: 2,
  /** Jobs and contexts. */
  rest: 4,
  /** Ends all that is open on its lane. */
  exit: 8,
} as const;

export function familyOf(op: number): number {
  if (op === OP.zoneBegin || op === OP.zoneEnd || op === OP.zoneBeginPlain || op === OP.zoneEndPlain)
    return FAMILY.zone;
  if (op >= OP.lockWait && op <= OP.lockHandedOver) return FAMILY.lock;
  if (op === OP.threadExit) return FAMILY.exit;
  return op <= OP.logMessage ? FAMILY.none : FAMILY.rest;
}

/**
 * A lane's records by family, each in their order. What a program does next
 * is hard to tell, what it does next with locks is not: a loop over one family
 * takes half the time, as the processor guesses its branches right.
 */
export class FamilySplit {
  zones = new Uint32Array(1024);
  locks = new Uint32Array(1024);
  rest = new Uint32Array(1024);
  zoneCount = 0;
  lockCount = 0;
  restCount = 0;

  /** Splits the records from place `from` on; says where it ends, which is `until` or the lane's exit. `families` by slot. */
  take(slots: Uint32Array, families: Uint8Array, from: number, until: number): number {
    this.#reserve(until - from);
    const { zones, locks, rest } = this;
    let zoneCount = 0;
    let lockCount = 0;
    let restCount = 0;
    let index = from;
    for (; index < until; index++) {
      const family = families[slots[index]!]!;
      if (family === FAMILY.exit) break;
      // Written for every record and kept for those of the family: no branch.
      zones[zoneCount] = index;
      locks[lockCount] = index;
      rest[restCount] = index;
      zoneCount += family & 1;
      lockCount += (family >>> 1) & 1;
      restCount += (family >>> 2) & 1;
    }
    this.zoneCount = zoneCount;
    this.lockCount = lockCount;
    this.restCount = restCount;
    return index;
  }

  #reserve(records: number): void {
    if (records <= this.zones.length) return;
    const places = Math.max(records, this.zones.length * 2);
    this.zones = new Uint32Array(places);
    this.locks = new Uint32Array(places);
    this.rest = new Uint32Array(places);
  }
}
