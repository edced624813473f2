import type { archive } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";
import type { EndedSessions } from "./ended-sessions.ts";
import { PoisonedBlocks } from "./poisoned.ts";
import { RangeSet } from "./ranges.ts";
import { revived } from "./revived.ts";
import { type ArchivedSession, SessionTable } from "./session-table.ts";

/** What one partition's log says up to entry `n`; changed only by `applyEntry`. */
export class PartitionState {
  /** Number of the last entry, -1 before the first. */
  n = -1n;
  /** Number of the last checkpoint, -1 without one. */
  checkpointed = -1n;
  /** The index objects that it names, those written later behind. */
  indexes: readonly EndedSessions[] = [];
  /** Sessions that have changed since, by text. */
  readonly changed = new Set<string>();
  entryHash: Buffer = Buffer.alloc(0);
  incarnation = "";
  busSeq = 0n;
  /** No committed block came behind this bus sequence; undefined while the log does not tell. */
  through: bigint | undefined = 0n;
  readonly sessions = new SessionTable();
  /** Chunks that no readable session needs any more. */
  readonly unreferenced = new Set<string>();
  #holders: Map<string, Set<string>> | undefined;
  #keptBytes: bigint | undefined;

  /** Which sessions have blocks in a chunk, by text. Looked up in all sessions the first time that somebody asks. */
  get holders(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#allHolders();
  }

  /** True if history has this block or had it, or the session was deleted: its blocks are not wanted any more. */
  isCommitted(session: string, seq: bigint): boolean {
    const found = this.sessions.get(session);
    return found !== undefined && (found.deleted || found.committed.has(seq));
  }

  /** The chunk that holds the block, if a chunk does. */
  chunkOf(session: string, seq: bigint): archive.Chunk | undefined {
    const places = this.sessions.get(session)?.places ?? [];
    return places.find(({ ranges }) => ranges.some(({ first, last }) => first <= seq && seq <= last))?.chunk;
  }

  /** Bytes of the blocks of all sessions that are not gone; summed up the first time that somebody asks. */
  get keptBytes(): bigint {
    if (this.#keptBytes !== undefined) return this.#keptBytes;
    let sum = 0n;
    for (const [, session] of this.sessions) if (!isGone(session)) sum += session.bytes;
    this.#keptBytes = sum;
    return sum;
  }

  /** A session that is not gone has so many bytes more. */
  keep(bytes: bigint): void {
    if (this.#keptBytes !== undefined) this.#keptBytes += bytes;
  }

  /** Notes that the session has blocks in the chunk, or without one that the chunk is there. */
  hold(chunk: string, session?: string): void {
    // Whoever asks first finds it in the session.
    if (this.#holders !== undefined) addHolder(this.#holders, chunk, session);
  }

  /** The session does not need its blocks in the chunk any more. */
  release(chunk: string, session: string): void {
    this.#holders?.get(chunk)?.delete(session);
  }

  /** The chunk is gone, or is no place of a session any more. */
  letGo(chunk: string): void {
    this.#holders?.delete(chunk);
  }

  #allHolders(): Map<string, Set<string>> {
    if (this.#holders !== undefined) return this.#holders;
    const all = new Map<string, Set<string>>();
    for (const [text, { places }] of this.sessions) {
      for (const { chunk } of places) if (chunk !== undefined) addHolder(all, chunk.key, text);
    }
    this.#holders = all;
    return all;
  }
}

function addHolder(all: Map<string, Set<string>>, chunk: string, session: string | undefined): void {
  const holders = all.get(chunk) ?? new Set();
  if (session !== undefined) holders.add(session);
  all.set(chunk, holders);
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
  else if (action?.$case === "poison") putAside(state, action.value, entry.n);
  else if (action?.$case === "compact") compact(state, action.value, entry.n);
  else throw new WaywardError("FAILED_PRECONDITION", "UNKNOWN_ENTRY", `log entry ${entry.n} is of a kind unknown here`);
  state.n = entry.n;
  state.entryHash = hash;
}

function applyCommit(state: PartitionState, commit: archive.Commit, n: bigint): void {
  if (commit.chunk !== undefined) state.hold(commit.chunk.key);
  for (const blocks of commit.sessions) {
    const into = session(state, blocks.session, n);
    if (into.expired && !into.deleted) revive(state, into);
    const first = into.committed.size === 0n;
    for (const range of blocks.ranges) into.committed.add(range.first, range.last);
    into.records += blocks.records;
    into.bytes += blocks.bytes;
    if (!isGone(into)) state.keep(blocks.bytes);
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
  const isWanted = commit.sessions.some(({ session }) => !isGone(state.sessions.get(sessionText(session))));
  if (commit.chunk !== undefined && !isWanted) releaseIfUnused(state, commit.chunk.key);
  state.through = throughOf(state, commit);
  state.incarnation = commit.incarnation;
  state.busSeq = commit.busSeq;
}

/**
 * Earlier releases said nothing of a commit that left some of its batch to
 * do: it names no higher bus sequence than the one before. Another
 * incarnation counts anew.
 */
function throughOf(state: PartitionState, { incarnation, busSeq, through }: archive.Commit): bigint | undefined {
  const isSame = incarnation === state.incarnation;
  const known = through > 0n || busSeq > (isSame ? state.busSeq : 0n);
  if (!known) return undefined;
  return [through, busSeq, (isSame && state.through) || 0n].reduce((a, b) => (a > b ? a : b));
}

function place(
  state: PartitionState,
  into: ArchivedSession,
  blocks: archive.SessionBlocks,
  chunk: archive.Chunk,
  n: bigint,
) {
  into.places.push({ chunk, ranges: blocks.ranges, n, firstTime: blocks.firstTime, lastTime: blocks.lastTime });
  state.hold(chunk.key, sessionText(into.session));
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
  if (!isGone(gone)) state.keep(-gone.bytes);
  gone[how] = true;
  for (const { chunk } of gone.places) if (chunk !== undefined) releaseIfUnused(state, chunk.key);
}

function revive(state: PartitionState, expired: ArchivedSession): void {
  const key = sessionText(expired.session);
  for (const { chunk } of expired.places) if (chunk !== undefined) state.release(chunk.key, key);
  state.sessions.set(key, Object.assign(expired, revived(expired)));
}

function putAside(state: PartitionState, poison: archive.Poison, n: bigint): void {
  for (const one of [poison, ...poison.others]) {
    session(state, one.session, n).poisoned.add({ ...one, others: [] });
  }
}

function releaseIfUnused(state: PartitionState, key: string): void {
  for (const holder of state.holders.get(key) ?? []) {
    if (!isGone(state.sessions.get(holder))) return;
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
    state.sessions.set(holder, found);
    state.changed.add(holder);
  }
  state.letGo(key);
}

function isGone(session: ArchivedSession | undefined): boolean {
  return session === undefined || session.deleted || session.expired;
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
    poisoned: new PoisonedBlocks(),
    deleted: false,
    expired: false,
    firstN: n,
    lastN: n,
    letGo: [],
  };
}

function broken(message: string): WaywardError {
  return new WaywardError("DATA_LOSS", "LOG_BROKEN", `log: ${message}`);
}
