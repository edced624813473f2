import { facts, order, times } from "../batch.ts";
import { FACT, FACTS_SHIFT, HAS_ONLY_TWO, OP_BITS, RUN_SHIFT } from "../facts.ts";
import { OP } from "../ops.ts";
import {
  LANE,
  LANE_SHIFT,
  LANES_MAX,
  LINE,
  LINE_SHIFT,
  LINES,
  lanes,
  lines,
  MODE_BITS,
  open,
  taken,
  wordOf,
} from "./open-lanes.ts";
import { CHAIN, CHAIN_SHIFT, CODE, COUNT, FLAGS, PARENT, placeOf } from "./order/chains.ts";
import { HELD, KNOWN_SINCE, ROW_SHIFT, readsAt, WORD, WRITERS_AT } from "./rows.ts";
import { type LockSession, MODE } from "./state.ts";

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
  const reads = readsAt(session.rows) | 0;
  const mask = (slots.length - 1) | 0;
  const objects = rowOfObject.length;
  /** Serial of the record at 0, and the same since the block began. */
  const serial = session.serial + 1 - from;
  const serialHere = (serial - open.serial) | 0;
  let at = from | 0;
  for (; at < until; at = (at + 1) | 0) {
    const index = order[at]! | 0;
    const fact = index << FACTS_SHIFT;
    const object = facts[fact | FACT.first]!;
    const mode = facts[fact | FACT.second]! | 0;
    const rest = facts[fact | FACT.rest]! | 0;
    const place = rest >>> RUN_SHIFT;
    const lane = (place < LANES_MAX ? place : LANES_MAX) << LANE_SHIFT;
    const top = lanes[lane | LANE.top]! | 0;
    const row = object < objects ? (rowOfObject[object]! - 1) | 0 : -1;
    if (row < 0 || top < 0) break;
    const word = row << (ROW_SHIFT + 1);
    const isWriter = mode === MODE.exclusive;
    const counts = ((row << ROW_SHIFT) + (isWriter ? WRITERS_AT : reads)) | 0;
    const op = rest & (OP_BITS | HAS_ONLY_TWO);
    if (op === RELEASED) {
      const line = (top - 1) << LINE_SHIFT;
      if ((top & (LINES - 1)) === 0 || lines[line | LINE.row] !== row) break;
      if (((lines[line | LINE.code]! & MODE_BITS) === 0) !== isWriter) break;
      words[word | WORD.holder] = 0;
      lanes[lane | LANE.top] = (top - 1) | 0;
      lanes[lane | LANE.chain] = lines[line | LINE.before]!;
      const held = times[index]! - taken[line >> 1]!;
      floats[(counts + HELD.holds) | 0]! += 1;
      floats[(counts + HELD.sum) | 0]! += held;
      if (held < floats[(counts + HELD.least) | 0]!) floats[(counts + HELD.least) | 0] = held;
      if (held > floats[(counts + HELD.most) | 0]!) floats[(counts + HELD.most) | 0] = held;
    } else if (op === ACQUIRED) {
      const base = words[word | WORD.code]! | 0;
      if (base < 0 || words[word | WORD.holder] !== 0 || mode >>> 0 > MODE.sharedRecursive) break;
      if (lanes[lane | LANE.waits] !== 0 || (top & (LINES - 1)) === LINES - 1) break;
      const code = base | (mode << 1);
      const before = lanes[lane | LANE.chain]! | 0;
      let slot = placeOf(before, code) & mask;
      let found = slots[slot]! | 0;
      let known = 0;
      for (; found !== 0; found = slots[slot]! | 0) {
        known = (found - 1) << CHAIN_SHIFT;
        if (chains[known | CODE] === code && chains[known | PARENT] === before) break;
        slot = (slot + 1) & mask;
      }
      if (found === 0 || chains[known | FLAGS] !== CHAIN.judged) break;
      chains[known | COUNT] = (chains[known | COUNT]! + 1) | 0;
      const line = top << LINE_SHIFT;
      taken[line >> 1] = times[index]!;
      lines[line | LINE.index] = index;
      lines[line | LINE.row] = row;
      lines[line | LINE.before] = before;
      lines[line | LINE.code] = code;
      lines[line | LINE.since] = (serialHere + at) | 0;
      lanes[lane | LANE.top] = (top + 1) | 0;
      lanes[lane | LANE.chain] = (found - 1) | 0;
      words[word | WORD.holder] = wordOf(top) | 0;
      const last = words[word | WORD.lastLane]! | 0;
      const id = lanes[lane | LANE.id]! | 0;
      if (last !== id) {
        if (last !== 0) floats[(counts + HELD.bounces) | 0]! += 1;
        words[word | WORD.lastLane] = id;
      }
    } else break;
    if (isWriter) floats[((row << ROW_SHIFT) + KNOWN_SINCE) | 0] = serial + at;
  }
  session.serial += at - from;
  return at;
}
