import { createHash } from "node:crypto";
import { archive } from "@wayward/api";
import { asBuffer, present, WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";
import { EndedSessions } from "./ended-sessions.ts";
import type { LogKeys } from "./keys.ts";
import { type ArchivedSession, archivedSession } from "./session-table.ts";
import { PartitionState } from "./state.ts";

/** Ended sessions of one index object, at most. */
const INDEX_SESSIONS = 10_000;

/** A checkpoint and the index objects that must be stored before it. */
export interface EncodedCheckpoint {
  readonly bytes: Buffer;
  /** Those that the last checkpoint did not name. */
  readonly fresh: readonly { readonly key: string; readonly bytes: Buffer; readonly sha256: Buffer }[];
  /** All that it names. */
  readonly indexes: readonly EndedSessions[];
}

/**
 * Writes the state down. Sessions that are over and have changed since the
 * last checkpoint go into new index objects, named by their
 * content; the others stay in the objects they are in. The latest objects are
 * written again with the new ones while they are no larger, so that there are
 * few small ones and each session is written a few times in all.
 */
export function encodeCheckpoint(state: PartitionState, keys: Pick<LogKeys, "index">): EncodedCheckpoint {
  const over = (key: string) => isOver(present(state.sessions.get(key), key));
  const fresh = new Set([...state.changed].filter(over));
  const kept = [...state.indexes];
  for (let last = kept.at(-1); last !== undefined && isMerged(last, fresh.size); last = kept.at(-1)) {
    for (const key of last.texts()) fresh.add(key);
    kept.pop();
  }
  const written = inParts([...fresh].sort(), INDEX_SESSIONS).map((texts) => encodeIndex(state, keys, texts));
  const indexes = [...kept, ...written.map(({ index }) => index)];
  const { n, entryHash, incarnation, busSeq, through } = state;
  // What is in index objects is over.
  const open = [...state.sessions.objects].filter(([, session]) => !isOver(session));
  const message: archive.Checkpoint = {
    n,
    entryHash,
    incarnation,
    busSeq,
    sessions: open.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, session]) => toMessage(session)),
    ended: indexes.map(({ object }) => object),
    unreferencedKeys: [...state.unreferenced].sort(),
    through: through ?? 0n,
  };
  const bytes = asBuffer(archive.Checkpoint.encode(message).finish());
  return { bytes, fresh: written.map(({ stored }) => stored), indexes };
}

/** Notes that the checkpoint of the state as it is stands in the store. */
export function noteCheckpoint(state: PartitionState, { indexes }: EncodedCheckpoint): void {
  state.checkpointed = state.n;
  state.indexes = indexes;
  state.sessions.keepIn(indexes);
  state.changed.clear();
}

/** Lets the next checkpoint write all sessions anew: another writer's stands in the store, and names other objects. */
export function forgetCheckpoint(state: PartitionState): void {
  state.indexes = [];
  for (const key of state.sessions.keys()) state.changed.add(key);
}

/** The state again. `readIndex` gives an index object's bytes. Error DATA_LOSS / BAD_INDEX if they are others. */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  readIndex: (key: string) => Promise<Uint8Array | undefined>,
): Promise<PartitionState> {
  const message = archive.Checkpoint.decode(bytes);
  const state = new PartitionState();
  const indexes: EndedSessions[] = [];
  for (const object of message.ended) {
    const { key, sha256 } = object;
    const index = await readIndex(key);
    if (index === undefined || !createHash("sha256").update(index).digest().equals(sha256)) {
      throw new WaywardError("DATA_LOSS", "BAD_INDEX", `index ${key} is missing or not what the checkpoint names`);
    }
    indexes.push(new EndedSessions(object, index));
  }
  for (const stored of indexes) state.sessions.add(stored);
  // One that had expired and speaks again still stands in an index object.
  for (const session of message.sessions) {
    state.sessions.set(sessionText(session.session), archivedSession(session));
  }
  for (const key of message.unreferencedKeys) state.unreferenced.add(key);
  state.n = message.n;
  state.checkpointed = message.n;
  state.indexes = indexes;
  state.entryHash = message.entryHash;
  state.incarnation = message.incarnation;
  state.busSeq = message.busSeq;
  // Without a commit there is no incarnation, and nothing to know.
  state.through = message.through > 0n || message.incarnation === "" ? message.through : undefined;
  return state;
}

function encodeIndex(state: PartitionState, keys: Pick<LogKeys, "index">, texts: readonly string[]) {
  const sessions = texts.map((text) => toMessage(present(state.sessions.get(text), text)));
  const bytes = asBuffer(archive.EndedSessions.encode({ sessions }).finish());
  const sha256 = createHash("sha256").update(bytes).digest();
  const key = keys.index(sha256);
  const [firstSession, lastSession] = [sessions[0]!.session, sessions.at(-1)!.session];
  const object = { key, bytes: BigInt(bytes.length), sha256, firstSession, lastSession, count: texts.length };
  return { stored: { key, bytes, sha256 }, index: new EndedSessions(object, bytes) };
}

/** Whether an object is written again with so many new sessions. */
function isMerged({ object }: EndedSessions, fresh: number): boolean {
  return object.count <= fresh && object.count + fresh <= INDEX_SESSIONS;
}

function inParts<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size));
}

function isOver(session: ArchivedSession): boolean {
  return session.end !== undefined || session.deleted || session.expired;
}

function toMessage(session: ArchivedSession): archive.SessionState {
  return { ...session, committed: session.committed.toArray(), poisoned: session.poisoned.toArray() };
}
