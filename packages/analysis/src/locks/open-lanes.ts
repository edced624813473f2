import type { Batch } from "../batch.ts";
import { ROW_WORDS, WORD } from "./rows.ts";
import type { Hold, Lane, LockSession } from "./state.ts";

/*
 * What lanes do while a block is read, as numbers. A lane is open while its
 * records are usual ones: what it takes then is a line of numbers, which its
 * lock's row names, and which is gone with the release. Whoever looks at the
 * lane's holds or its chain settles it first: its lines become holds like all
 * others. The block's end settles every lane, so no checkpoint knows of any.
 */

/** Lines of a lane; the last one is never used, so that a place says whose it is. */
const LINES_SHIFT = 3;
export const LINES = 1 << LINES_SHIFT;

/** Places of a lane's numbers. */
export const LANE = {
  /** The line after its last hold; -1 while it is settled. */
  top: 0,
  /** What it holds, as `lane.chain` says it of a settled one. */
  chain: 1,
  id: 2,
  /** 1 if it may wait for a lock. */
  waits: 3,
} as const;
export const LANE_SHIFT = 2;
const LANE_WORDS = 1 << LANE_SHIFT;

/** Places of a line's numbers, behind the time when it was taken, which takes the first two words. */
export const LINE = {
  /** Place in the block of the record that took it. */
  index: 2,
  /** Of the lock. */
  row: 3,
  /** Chain before it, and what the chain after it says of it. */
  before: 4,
  code: 5,
  /** Serial of the record that took it, less that before the block. */
  since: 6,
} as const;
export const LINE_SHIFT = 3;
const LINE_WORDS = 1 << LINE_SHIFT;

/** Of a code: how the lock was taken. */
export const MODE_BITS = 6;

/** Lanes of a block that may be open: its first ones. */
export const LANES_MAX = 1024;

/** Numbers of lanes by their places in a block's runs. The last one stands for all others, which are never open. */
export const lanes = new Int32Array((LANES_MAX + 1) * LANE_WORDS);
/** Lines of all lanes, one lane's behind the other's; the same memory twice: times, and all else. */
export const taken = new Float64Array((LANES_MAX * LINES * LINE_WORDS) / 2);
export const lines = new Int32Array(taken.buffer);

/** The block at hand. One is read at a time. */
export const open = {
  batch: undefined as Batch | undefined,
  /** By their places in its runs. The same array that its reader has: a lane may make way for another one of its number. */
  lanes: [] as readonly Lane[],
  /** Serial before it. */
  serial: 0,
};

/** A block is read from now on; all lanes are settled. */
export function beginBlock({ serial }: LockSession, batch: Batch, all: readonly Lane[]): void {
  open.batch = batch;
  open.lanes = all;
  open.serial = serial;
  lanes.fill(-1);
}

export function endBlock(session: LockSession): void {
  settleAll(session);
  open.batch = undefined;
  open.lanes = [];
}

/** Opens a lane of the block at hand, if it is one of the first. */
export function openLane(lane: Lane, place: number): void {
  if (place >= LANES_MAX) return;
  const at = place * LANE_WORDS;
  lane.place = place;
  lanes[at + LANE.top] = place * LINES;
  lanes[at + LANE.chain] = lane.chain;
  lanes[at + LANE.id] = lane.id;
  lanes[at + LANE.waits] = lane.waits.length > 0 ? 1 : 0;
}

/** True if it is open and has a line left. */
export function hasRoom({ place }: Lane): boolean {
  return place >= 0 && (lanes[place * LANE_WORDS + LANE.top]! & (LINES - 1)) < LINES - 1;
}

/** The chain of what the lane holds. */
export function chainOf({ place, chain }: Lane): number {
  return place < 0 ? chain : lanes[place * LANE_WORDS + LANE.chain]!;
}

/** The lane waits, or does so no more. */
export function noteWaits({ place, waits }: Lane): void {
  if (place >= 0) lanes[place * LANE_WORDS + LANE.waits] = waits.length > 0 ? 1 : 0;
}

/** An open lane with room takes a free lock by this record, which leads to that chain. */
export function takeLine(session: LockSession, { place }: Lane, row: number, by: Taking): void {
  const at = place * LANE_WORDS;
  const top = lanes[at + LANE.top]!;
  const line = top * LINE_WORDS;
  taken[line >> 1] = by.time;
  lines[line + LINE.index] = by.index;
  lines[line + LINE.row] = row;
  lines[line + LINE.before] = lanes[at + LANE.chain]!;
  lines[line + LINE.code] = by.code;
  lines[line + LINE.since] = session.serial - open.serial;
  lanes[at + LANE.top] = top + 1;
  lanes[at + LANE.chain] = by.chain;
  session.rows.words[row * ROW_WORDS + WORD.holder] = wordOf(top);
}

interface Taking {
  readonly index: number;
  readonly time: number;
  readonly chain: number;
  readonly code: number;
}

/** What a lock's row says of a holder that is a line; below MANY. */
function wordOf(line: number): number {
  return -2 - line;
}

/** The lane of a lock's only holder. */
export function laneOfHolder({ holds }: LockSession, word: number): Lane {
  return word > 0 ? holds[word - 1]!.lane : open.lanes[(-2 - word) >> LINES_SHIFT]!;
}

/** Who holds a lock alone: its row has that word. */
export function holderOf({ holds }: LockSession, word: number): Pick<Hold, "lane" | "mode" | "site"> {
  if (word > 0) return holds[word - 1]!;
  const line = (-2 - word) * LINE_WORDS;
  const mode = modeOf(lines[line + LINE.code]!);
  const site = open.batch!.site(lines[line + LINE.index]!);
  return { lane: open.lanes[(-2 - word) >> LINES_SHIFT]!, mode, site };
}

function modeOf(code: number): number {
  return (code & MODE_BITS) >> 1;
}

export function settleAll(session: LockSession): void {
  for (const lane of open.lanes) settle(session, lane);
}

/** What the lane holds stands in `lane.holds`, and its chain in `lane.chain`. */
export function settle(session: LockSession, lane: Lane): void {
  const { place } = lane;
  if (place < 0) return;
  const at = place * LANE_WORDS;
  const top = lanes[at + LANE.top]!;
  lane.place = -1;
  lane.chain = lanes[at + LANE.chain]!;
  lanes[at + LANE.top] = -1;
  for (let line = place * LINES; line < top; line++) lane.holds.push(holdOf(session, lane, line * LINE_WORDS));
}

function holdOf(session: LockSession, lane: Lane, line: number): Hold {
  const { serial, batch } = open;
  const index = lines[line + LINE.index]!;
  const row = lines[line + LINE.row]!;
  const code = lines[line + LINE.code]!;
  const hold = newHold(session, row, lane, code >>> 3);
  hold.mode = modeOf(code);
  hold.level = lane.frames.length;
  hold.unsure = lane.loop;
  hold.since = serial + lines[line + LINE.since]!;
  hold.before = lines[line + LINE.before]!;
  hold.time = taken[line >> 1]!;
  hold.eventNo = batch!.eventNo(index);
  hold.site = batch!.site(index);
  hold.stack = batch!.stack(index);
  session.rows.words[row * ROW_WORDS + WORD.holder] = hold.place + 1;
  return hold;
}

/** A hold with a place in the table of holds, of which nothing is known but whose it is. */
export function newHold(session: LockSession, row: number, lane: Lane, variant: number): Hold {
  const { holds, freeHolds } = session;
  const place = freeHolds.pop() ?? holds.length;
  const made: Hold = {
    place,
    row,
    counted: row,
    lane,
    mode: 0,
    variant,
    level: 0,
    tried: false,
    ticket: 0,
    since: 0,
    depth: 1,
    pins: 0,
    before: 0,
    unsure: false,
    excluded: undefined,
    resumed: 0,
    time: 0,
    eventNo: 0,
    site: 0,
    stack: 0,
  };
  holds[place] = made;
  return made;
}
