import type { archive, block } from "@wayward/api";
import { fromBase32 } from "@wayward/base";
import { type ArchivedSession, type PartitionState, RangeSet } from "@wayward/chunk";
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

/** Sessions of log and tail that pass, by id. */
export function viewSessions(
  partition: number,
  state: PartitionState,
  tail: readonly TailBlock[],
  chosen: SessionTest,
): SessionView[] {
  const bySession = Map.groupBy(tail, ({ session }) => session);
  const known = (text: string) => state.sessions.has(text) || bySession.has(text);
  const texts = new Set(chosen.named?.filter(known) ?? [...state.sessions.keys(), ...bySession.keys()]);
  const views: SessionView[] = [];
  for (const text of [...texts].sort()) {
    const archived = state.sessions.get(text);
    const blocks = (bySession.get(text) ?? []).filter(({ header }) => !state.isCommitted(text, header.seq));
    const id = archived?.session ?? fromBase32(text) ?? new Uint8Array(16);
    const description = archived?.description ?? firstDescription(blocks);
    if (chosen(id, description)) views.push(viewOf(id, text, partition, description, archived, blocks));
  }
  return views;
}

function viewOf(
  id: Uint8Array,
  text: string,
  partition: number,
  description: block.SessionDescription | undefined,
  archived: ArchivedSession | undefined,
  blocks: readonly TailBlock[],
): SessionView {
  const tail = new Map<bigint, TailBlock>();
  // The first on the bus wins, as it does in the archive.
  for (const block of blocks) if (!tail.has(block.header.seq)) tail.set(block.header.seq, block);
  const present = RangeSet.from(archived?.committed.toArray() ?? []);
  for (const seq of tail.keys()) present.add(seq);
  const headers = [...tail.values()].map(({ header }) => header);
  const timed = headers.filter(({ recordCount }) => recordCount > 0);
  const firsts = timed.map(({ firstTime }) => firstTime);
  const lasts = timed.map(({ lastTime }) => lastTime);
  if (archived !== undefined && archived.records > 0n) {
    firsts.push(archived.firstTime);
    lasts.push(archived.lastTime);
  }
  return {
    id,
    text,
    partition,
    description,
    end: archived?.end ?? headers.find(({ end }) => end !== undefined)?.end,
    places: [...(archived?.places ?? [])],
    tail,
    present,
    poisoned: [...(archived?.poisoned ?? [])],
    deleted: archived?.deleted ?? false,
    expired: archived?.expired ?? false,
    records: (archived?.records ?? 0n) + headers.reduce((sum, { recordCount }) => sum + BigInt(recordCount), 0n),
    bytes: (archived?.bytes ?? 0n) + [...tail.values()].reduce((sum, { length }) => sum + BigInt(length), 0n),
    blocks: present.size,
    firstTime: least(firsts),
    lastTime: greatest(lasts),
    firstN: archived?.firstN,
    lastN: archived?.lastN,
  };
}

function firstDescription(blocks: readonly TailBlock[]): block.SessionDescription | undefined {
  return blocks.find(({ header }) => header.description !== undefined)?.header.description;
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least), values[0] ?? 0n);
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most), values[0] ?? 0n);
}
