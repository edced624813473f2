import type { archive, block } from "@wayward/api";
import { fromBase32 } from "@wayward/base";
import { type ArchivedSession, type PartitionState, RangeSet, revived } from "@wayward/chunk";
import type { SessionTest } from "../selector.ts";
import type { TailBlock } from "./tail.ts";

/** One session as it was when the snapshot was taken. */
export interface SessionView {
  readonly id: Uint8Array;
  readonly text: string;
  readonly partition: number;
  readonly description: block.SessionDescription | undefined;
  readonly end: block.EndMark | undefined;
  /** Chunks with its blocks, in order of commit. */
  readonly places: readonly archive.Place[];
  /** Blocks that only the bus has, by seq. */
  readonly tail: ReadonlyMap<bigint, TailBlock>;
  /** Seqs that archive or bus have. */
  readonly present: RangeSet;
  /** Seqs that the archive had before the session expired, where it has spoken again since. */
  readonly letGo: readonly archive.Range[];
  readonly poisoned: readonly archive.Poison[];
  readonly deleted: boolean;
  readonly expired: boolean;
  readonly records: bigint;
  readonly bytes: bigint;
  readonly blocks: bigint;
  /** Raw times of the first and last record; both 0 without records. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** Log entries that first and last spoke of it; undefined where only the bus knows it. */
  readonly firstN: bigint | undefined;
  readonly lastN: bigint | undefined;
}

/** What turns the session's raw times into nanoseconds since 1970. */
export function offsetOf(description: block.SessionDescription | undefined): bigint {
  const anchor = description?.anchor;
  return anchor === undefined ? 0n : anchor.wall - anchor.clock;
}

/** The newest sessions of each partition: no others are looked at, since an archive may have millions. */
export interface Newest {
  /** Only sessions whose id as text is before this one; all if it is empty. */
  readonly before: string;
  readonly count: number;
  passes(view: SessionView): boolean;
}

/** Sessions of log and tail that pass, by id; with `newest` the newest first. */
export function viewSessions(
  partition: number,
  state: PartitionState,
  tail: readonly TailBlock[],
  chosen: SessionTest,
  newest?: Newest,
): SessionView[] {
  const bySession = Map.groupBy(tail, ({ session }) => session);
  const known = (text: string) => state.sessions.has(text) || bySession.has(text);
  const texts = new Set(chosen.named?.filter(known) ?? [...state.sessions.keys(), ...bySession.keys()]);
  const view = (text: string) => {
    const blocks = bySession.get(text)?.filter(({ header }) => !state.isCommitted(text, header.seq)) ?? [];
    const id = fromBase32(text) ?? new Uint8Array(16);
    const description = state.sessions.description(text) ?? firstDescription(blocks);
    if (!chosen(id, description)) return undefined;
    return viewOf(id, text, partition, description, state.sessions.get(text), blocks);
  };
  const sorted = [...texts].sort();
  if (newest === undefined) return sorted.map(view).filter((one) => one !== undefined);
  return newestOf(sorted, view, newest);
}

function newestOf(
  sorted: readonly string[],
  view: (text: string) => SessionView | undefined,
  { before, count, passes }: Newest,
): SessionView[] {
  const views: SessionView[] = [];
  for (let at = sorted.length - 1; at >= 0 && views.length < count; at--) {
    const text = sorted[at]!;
    if (before !== "" && text >= before) continue;
    const one = view(text);
    if (one !== undefined && passes(one)) views.push(one);
  }
  return views;
}

/** Copies what the state goes on changing. An archive has many sessions of which the bus has nothing: those take least. */
function viewOf(
  id: Uint8Array,
  text: string,
  partition: number,
  description: block.SessionDescription | undefined,
  logged: ArchivedSession | undefined,
  blocks: readonly TailBlock[],
): SessionView {
  const tail = blocks.length === 0 ? NO_TAIL : firstOfEach(blocks);
  const archived = speaksAgain(logged, tail) ? revived(logged) : logged;
  const present = archived === undefined ? new RangeSet() : kept(archived);
  const sums = { records: 0n, bytes: 0n, firstTime: 0n, lastTime: 0n };
  if (archived !== undefined) takeArchived(sums, archived);
  for (const [seq, block] of tail) {
    present.add(seq);
    takeBlock(sums, block);
  }
  return {
    id,
    text,
    partition,
    description,
    end: archived?.end ?? blocks.find(({ header: { end } }) => end !== undefined)?.header.end,
    places: archived?.places.slice() ?? [],
    tail,
    present,
    letGo: archived?.letGo ?? [],
    poisoned: archived?.poisoned.toArray() ?? [],
    deleted: archived?.deleted ?? false,
    expired: archived?.expired ?? false,
    ...sums,
    blocks: present.size,
    firstN: archived?.firstN,
    lastN: archived?.lastN,
  };
}

/** True if the bus has what the log will take it up again for. */
function speaksAgain(logged: ArchivedSession | undefined, tail: SessionView["tail"]): logged is ArchivedSession {
  return logged?.expired === true && !logged.deleted && tail.size > 0;
}

function kept({ committed, letGo }: ArchivedSession): RangeSet {
  return letGo.length === 0 ? committed.copy() : committed.minus(RangeSet.from(letGo));
}

const NO_TAIL: ReadonlyMap<bigint, TailBlock> = new Map();

/** By seq. The first on the bus wins, as it does in the archive. */
function firstOfEach(blocks: readonly TailBlock[]): ReadonlyMap<bigint, TailBlock> {
  const tail = new Map<bigint, TailBlock>();
  for (const block of blocks) if (!tail.has(block.header.seq)) tail.set(block.header.seq, block);
  return tail;
}

type Sums = { -readonly [name in "records" | "bytes" | "firstTime" | "lastTime"]: bigint };

function takeArchived(sums: Sums, { records, bytes, firstTime, lastTime }: ArchivedSession): void {
  sums.records = records;
  sums.bytes = bytes;
  if (records > 0n) [sums.firstTime, sums.lastTime] = [firstTime, lastTime];
}

/** Blocks without records have no times. */
function takeBlock(sums: Sums, { length, header: { recordCount, firstTime, lastTime } }: TailBlock): void {
  sums.bytes += BigInt(length);
  if (recordCount === 0) return;
  if (sums.records === 0n || firstTime < sums.firstTime) sums.firstTime = firstTime;
  if (sums.records === 0n || lastTime > sums.lastTime) sums.lastTime = lastTime;
  sums.records += BigInt(recordCount);
}

function firstDescription(blocks: readonly TailBlock[]): block.SessionDescription | undefined {
  return blocks.find(({ header }) => header.description !== undefined)?.header.description;
}
