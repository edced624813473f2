import { createHash } from "node:crypto";
import { archive } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";
import { type ArchivedSession, PartitionState, restoreSession } from "./state.ts";

/** Ended sessions of one index object. */
const INDEX_SESSIONS = 10_000;

/** A checkpoint and the index objects that must be stored before it. */
export interface EncodedCheckpoint {
  readonly bytes: Buffer;
  readonly indexes: readonly { readonly key: string; readonly bytes: Buffer; readonly sha256: Buffer }[];
}

/** Writes the state down. Index objects are named by their content below `prefix`, so an unchanged one has its old key. */
export function encodeCheckpoint(state: PartitionState, prefix: string): EncodedCheckpoint {
  const all = [...state.sessions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, session]) => session);
  const ended = all.filter(isOver);
  const indexes = [];
  const objects: archive.IndexObject[] = [];
  for (let at = 0; at < ended.length; at += INDEX_SESSIONS) {
    const part = ended.slice(at, at + INDEX_SESSIONS);
    const bytes = asBuffer(archive.EndedSessions.encode({ sessions: part.map(toMessage) }).finish());
    const sha256 = createHash("sha256").update(bytes).digest();
    const key = `${prefix}idx/${sha256.toString("hex")}`;
    indexes.push({ key, bytes, sha256 });
    const [firstSession, lastSession] = [part[0]!.session, part.at(-1)!.session];
    objects.push({ key, bytes: BigInt(bytes.length), sha256, firstSession, lastSession, count: part.length });
  }
  const { n, entryHash, incarnation, busSeq } = state;
  const sessions = all.filter((session) => !isOver(session)).map(toMessage);
  const unreferencedKeys = [...state.unreferenced].sort();
  const message: archive.Checkpoint = { n, entryHash, incarnation, busSeq, sessions, ended: objects, unreferencedKeys };
  return { bytes: asBuffer(archive.Checkpoint.encode(message).finish()), indexes };
}

/** The state again. `readIndex` gives an index object's bytes. Error DATA_LOSS / BAD_INDEX if they are others. */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  readIndex: (key: string) => Promise<Uint8Array | undefined>,
): Promise<PartitionState> {
  const message = archive.Checkpoint.decode(bytes);
  const state = new PartitionState();
  for (const session of message.sessions) restoreSession(state, session);
  for (const { key, sha256 } of message.ended) {
    const index = await readIndex(key);
    if (index === undefined || !createHash("sha256").update(index).digest().equals(sha256)) {
      throw new WaywardError("DATA_LOSS", "BAD_INDEX", `index ${key} is missing or not what the checkpoint names`);
    }
    for (const session of archive.EndedSessions.decode(index).sessions) restoreSession(state, session);
  }
  for (const key of message.unreferencedKeys) state.unreferenced.add(key);
  state.n = message.n;
  state.checkpointed = message.n;
  state.entryHash = message.entryHash;
  state.incarnation = message.incarnation;
  state.busSeq = message.busSeq;
  return state;
}

function isOver(session: ArchivedSession): boolean {
  return session.end !== undefined || session.deleted || session.expired;
}

function toMessage(session: ArchivedSession): archive.SessionState {
  return { ...session, committed: session.committed.toArray() };
}
