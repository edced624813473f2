import type { archive } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";
import { RangeSet } from "./ranges.ts";

/** All the log says of one session; `committed` as a set. */
export interface ArchivedSession extends Omit<archive.SessionState, "committed"> {
  committed: RangeSet;
}

/** An index object and the sessions in it, by text. */
export interface IndexedSessions {
  readonly object: archive.IndexObject;
  readonly sessions: readonly string[];
}

/** What one partition's log says up to entry `n`; changed only by `applyEntry`. */
export class PartitionState {
  /** Number of the last entry, -1 before the first. */
  n = -1n;
  /** Number of the last checkpoint, -1 without one. */
  checkpointed = -1n;
  /** The index objects that it names, those written later behind. */
  indexes: readonly IndexedSessions[] = [];
  /** Sessions that have changed since, by text. */
  readonly changed = new Set<string>();
  entryHash: Buffer = Buffer.alloc(0);
  incarnation = "";
  busSeq = 0n;
  /** By session text. */
  readonly sessions = new Map<string, ArchivedSession>();
  /** Chunks that no readable session needs any more. */
  readonly unreferenced = new Set<string>();
  /** Which sessions have blocks in a chunk. */
  readonly holders = new Map<string, Set<string>>();

  /** True if history has this block, or the session's blocks are not wanted any more. */
  isCommitted(session: string, seq: bigint): boolean {
    const found = this.sessions.get(session);
    return found !== undefined && (found.deleted || found.expired || found.committed.has(seq));
  }

  /** The chunk that holds the block, if a chunk does. */
  chunkOf(session: string, seq: bigint): archive.Chunk | undefined {
    const places = this.sessions.get(session)?.places ?? [];
    return places.find(({ ranges }) => ranges.some(({ first, last }) => first <= seq && seq <= last))?.chunk;
  }
}

/** Takes the next entry into the state. Error DATA_LOSS / LOG_BROKEN if it is not the next one. */
export function applyEntry(state: PartitionState, entry: archive.LogEntry, hash: Buffer): void {
  if (entry.n !== state.n + 1n) throw broken(`entry ${entry.n} follows entry ${state.n}`);
  if (!state.entryHash.equals(entry.previous)) throw broken(`entry ${entry.n} names another predecessor`);
  const { action } = entry;
  if (action?.$case === "commit") applyCommit(state, action.value, entry.n);
  else if (action?.$case === "collect") for (const key of action.value.keys) collect(state, key);
  else if (action?.$case === "delete") remove(state, action.value.session, entry.n, "deleted");
  else if (action?.$case === "expire") for (const id of action.value.sessions) remove(state, id, entry.n, "expired");
  else if (action?.$case === "poison") session(state, action.value.session, entry.n).poisoned.push(action.value);
  else if (action?.$case === "compact") compact(state, action.value, entry.n);
  else throw new WaywardError("FAILED_PRECONDITION", "UNKNOWN_ENTRY", `log entry ${entry.n} is of a kind unknown here`);
  state.n = entry.n;
  state.entryHash = hash;
}

/** Puts a session from a checkpoint into the state. */
export function restoreSession(state: PartitionState, stored: archive.SessionState): void {
  const key = sessionText(stored.session);
  state.sessions.set(key, { ...stored, committed: RangeSet.from(stored.committed) });
  for (const { chunk } of stored.places) if (chunk !== undefined) hold(state, chunk.key, key);
}

function applyCommit(state: PartitionState, commit: archive.Commit, n: bigint): void {
  if (commit.chunk !== undefined) state.holders.set(commit.chunk.key, state.holders.get(commit.chunk.key) ?? new Set());
  for (const blocks of commit.sessions) {
    const into = session(state, blocks.session, n);
    const first = into.committed.size === 0n;
    for (const range of blocks.ranges) into.committed.add(range.first, range.last);
    into.records += blocks.records;
    into.bytes += blocks.bytes;
    // Blocks without records have no times.
    if (blocks.records > 0n) {
      if (first || into.records === blocks.records || blocks.firstTime < into.firstTime)
        into.firstTime = blocks.firstTime;
      if (blocks.lastTime > into.lastTime) into.lastTime = blocks.lastTime;
    }
    into.description ??= blocks.description;
    into.end ??= blocks.end;
    if (commit.chunk !== undefined) place(state, into, blocks, commit.chunk, n);
  }
  if (commit.chunk !== undefined) releaseIfUnused(state, commit.chunk.key);
  state.incarnation = commit.incarnation;
  state.busSeq = commit.busSeq;
}

function place(
  state: PartitionState,
  into: ArchivedSession,
  blocks: archive.SessionBlocks,
  chunk: archive.Chunk,
  n: bigint,
) {
  into.places.push({ chunk, ranges: blocks.ranges, n, firstTime: blocks.firstTime, lastTime: blocks.lastTime });
  hold(state, chunk.key, sessionText(into.session));
}

function compact(state: PartitionState, { oldKeys, commits }: archive.Compact, n: bigint): void {
  for (const { chunk, sessions } of commits) {
    if (chunk === undefined) continue;
    for (const blocks of sessions) place(state, session(state, blocks.session, n), blocks, chunk, n);
  }
  for (const key of oldKeys) {
    forget(state, key);
    state.unreferenced.add(key);
  }
}

function remove(state: PartitionState, id: Uint8Array, n: bigint, how: "deleted" | "expired"): void {
  const gone = session(state, id, n);
  gone[how] = true;
  for (const { chunk } of gone.places) if (chunk !== undefined) releaseIfUnused(state, chunk.key);
}

function releaseIfUnused(state: PartitionState, key: string): void {
  for (const holder of state.holders.get(key) ?? []) {
    const found = state.sessions.get(holder);
    if (found !== undefined && !found.deleted && !found.expired) return;
  }
  state.unreferenced.add(key);
}

function collect(state: PartitionState, key: string): void {
  forget(state, key);
  state.unreferenced.delete(key);
}

function forget(state: PartitionState, key: string): void {
  for (const holder of state.holders.get(key) ?? []) {
    const found = state.sessions.get(holder);
    if (found === undefined) continue;
    found.places = found.places.filter(({ chunk }) => chunk?.key !== key);
    state.changed.add(holder);
  }
  state.holders.delete(key);
}

function hold(state: PartitionState, key: string, holder: string): void {
  const holders = state.holders.get(key);
  if (holders === undefined) state.holders.set(key, new Set([holder]));
  else holders.add(holder);
}

function session(state: PartitionState, id: Uint8Array, n: bigint): ArchivedSession {
  const key = sessionText(id);
  const found = state.sessions.get(key) ?? emptySession(id, n);
  found.lastN = n;
  state.sessions.set(key, found);
  state.changed.add(key);
  return found;
}

function emptySession(id: Uint8Array, n: bigint): ArchivedSession {
  return {
    session: asBuffer(id),
    description: undefined,
    end: undefined,
    committed: new RangeSet(),
    records: 0n,
    bytes: 0n,
    firstTime: 0n,
    lastTime: 0n,
    places: [],
    poisoned: [],
    deleted: false,
    expired: false,
    firstN: n,
    lastN: n,
  };
}

function broken(message: string): WaywardError {
  return new WaywardError("DATA_LOSS", "LOG_BROKEN", `log: ${message}`);
}
