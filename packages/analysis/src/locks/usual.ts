import * as batch from "../batch.ts";
import * as facts from "../facts.ts";
import { OP } from "../ops.ts";
import * as openLanes from "./open-lanes.ts";
import * as chain from "./order/chains.ts";
import * as rows from "./rows.ts";
import { type LockSession, MODE } from "./state.ts";

/*
 * What other files define as this one's own: the compiler knows the value of
 * a constant of this file, and asks for that of another one each time.
 */
const { order, times, facts: all } = batch;
const { first: FIRST, second: SECOND, rest: REST } = facts.FACT;
const { FACTS_SHIFT, HAS_ONLY_TWO, OP_BITS, RUN_SHIFT } = facts;
const { lanes, lines, taken, LANES_MAX, LANE_SHIFT, LINES, LINE_SHIFT, MODE_BITS } = openLanes;
const { top: TOP, chain: LANE_CHAIN, id: ID, waits: WAITS } = openLanes.LANE;
const { index: INDEX, row: LINE_ROW, before: BEFORE, code: LINE_CODE, since: SINCE } = openLanes.LINE;
const { HASH_PARENT, HASH_CODE, CHAIN_SHIFT, PARENT, CODE, FLAGS, COUNT } = chain;
const { judged: JUDGED } = chain.CHAIN;
const { KNOWN_SINCE, ROW_SHIFT, WRITERS_AT } = rows;
const { code: ROW_CODE, holder: HOLDER, lastLane: LAST_LANE } = rows.WORD;
const { bounces: BOUNCES, holds: HOLDS, sum: SUM, least: LEAST, most: MOST } = rows.HELD;
const { exclusive: EXCLUSIVE, sharedRecursive: MODE_MAX } = MODE;

const ACQUIRED = OP.acquired | HAS_ONLY_TWO;
const RELEASED = OP.released | HAS_ONLY_TWO;

/**
 * The records that programs are full of: a lane takes a free lock by a chain
 * that was judged before, and releases what it took last. Takes those of the
 * block at hand in order of time, up to the first that is not such a one or
 * to `until`, and returns its place. What it leaves goes through quick.ts or
 * the rest of step.ts, which say the same of usual records.
 *
 * One function, as nearly all time of the analyses goes here, and all that it
 * reads and writes are arrays of numbers. Shifts and `| 0` say to the
 * compiler that places are whole numbers of 32 bits, which saves it a check
 * at each of them.
 */
export function stepUsual(session: LockSession, from: number, until: number): number {
  const { slots, rows: chains } = session.chains;
  const { rowOfObject } = session;
  const { words, floats } = session.rows;
  const reads = rows.readsAt(session.rows) | 0;
  const mask = (slots.length - 1) | 0;
  const objects = rowOfObject.length;
  /** Serial of the record at 0, and the same since the block began. */
  const serial = session.serial + 1 - from;
  const serialHere = (serial - openLanes.open.serial) | 0;
  let at = from | 0;
  for (; at < until; at = (at + 1) | 0) {
    const index = order[at]! | 0;
    const fact = index << FACTS_SHIFT;
    const object = all[fact | FIRST]!;
    const mode = all[fact | SECOND]! | 0;
    const rest = all[fact | REST]! | 0;
    const place = rest >>> RUN_SHIFT;
    const lane = (place < LANES_MAX ? place : LANES_MAX) << LANE_SHIFT;
    const top = lanes[lane | TOP]! | 0;
    const row = object < objects ? (rowOfObject[object]! - 1) | 0 : -1;
    if (row < 0 || top < 0) break;
    const word = row << (ROW_SHIFT + 1);
    const isWriter = mode === EXCLUSIVE;
    const counts = ((row << ROW_SHIFT) + (isWriter ? WRITERS_AT : reads)) | 0;
    const op = rest & (OP_BITS | HAS_ONLY_TWO);
    if (op === RELEASED) {
      const line = (top - 1) << LINE_SHIFT;
      if ((top & (LINES - 1)) === 0 || lines[line | LINE_ROW] !== row) break;
      if (((lines[line | LINE_CODE]! & MODE_BITS) === 0) !== isWriter) break;
      words[word | HOLDER] = 0;
      lanes[lane | TOP] = (top - 1) | 0;
      lanes[lane | LANE_CHAIN] = lines[line | BEFORE]!;
      const held = times[index]! - taken[line >> 1]!;
      floats[(counts + HOLDS) | 0]! += 1;
      floats[(counts + SUM) | 0]! += held;
      if (held < floats[(counts + LEAST) | 0]!) floats[(counts + LEAST) | 0] = held;
      if (held > floats[(counts + MOST) | 0]!) floats[(counts + MOST) | 0] = held;
    } else if (op === ACQUIRED) {
      const base = words[word | ROW_CODE]! | 0;
      if (base < 0 || words[word | HOLDER] !== 0 || mode >>> 0 > MODE_MAX) break;
      if (lanes[lane | WAITS] !== 0 || (top & (LINES - 1)) === LINES - 1) break;
      const code = base | (mode << 1);
      const before = lanes[lane | LANE_CHAIN]! | 0;
      const mixed = Math.imul(before, HASH_PARENT) ^ Math.imul(code, HASH_CODE);
      const slot = (mixed ^ (mixed >>> 15)) & mask;
      let child = (slots[slot]! - 1) | 0;
      if (child < 0) break;
      let known = child << CHAIN_SHIFT;
      if (chains[known | CODE] !== code || chains[known | PARENT] !== before) {
        child = (slots[(slot + 1) & mask]! - 1) | 0;
        if (child < 0) break;
        known = child << CHAIN_SHIFT;
        if (chains[known | CODE] !== code || chains[known | PARENT] !== before) break;
      }
      if (chains[known | FLAGS] !== JUDGED) break;
      chains[known | COUNT] = (chains[known | COUNT]! + 1) | 0;
      const line = top << LINE_SHIFT;
      taken[line >> 1] = times[index]!;
      lines[line | INDEX] = index;
      lines[line | LINE_ROW] = row;
      lines[line | BEFORE] = before;
      lines[line | LINE_CODE] = code;
      lines[line | SINCE] = (serialHere + at) | 0;
      lanes[lane | TOP] = (top + 1) | 0;
      lanes[lane | LANE_CHAIN] = child;
      words[word | HOLDER] = (-2 - top) | 0;
      const last = words[word | LAST_LANE]! | 0;
      const id = lanes[lane | ID]! | 0;
      if (last !== id) {
        if (last !== 0) floats[(counts + BOUNCES) | 0]! += 1;
        words[word | LAST_LANE] = id;
      }
    } else break;
    if (isWriter) floats[((row << ROW_SHIFT) + KNOWN_SINCE) | 0] = serial + at;
  }
  session.serial += at - from;
  return at;
}
