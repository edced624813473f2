import type { archive } from "@wayward/api";
import { asBuffer, assert, present } from "@wayward/base";
import { applyEntry, decodeEntry, encodeEntry, entryHash, type LogAction } from "@wayward/chunk";
import { sessionText } from "@wayward/record";
import { commitOf } from "./commit.ts";
import { identity, poisonOf, sort } from "./sort.ts";
import type { ArchiveState, Effect, Event, Incoming, WriteLog } from "./types.ts";

/** Blocks that one entry puts aside: an entry stays small, some 200 bytes a block. */
const ASIDE_AT_ONCE = 1_000;

/**
 * The commit protocol of one partition's log: an entry is made where none of
 * its number is, so that of several archivers one wins. One batch or
 * action is under way at a time; each event answers the effect before it.
 * After every event the blocks are sorted anew against the log as it then
 * is, and the next thing to do follows: nothing is decided twice.
 */
export function step(state: ArchiveState, event: Event): [ArchiveState, Effect[]] {
  switch (event.type) {
    case "batch":
      assert(state.task === undefined, "one batch at a time");
      state.task = { ...event, ...newTask() };
      return next(state);
    case "append":
      assert(state.task === undefined, "one action at a time");
      state.task = { ...event, blocks: [], busSeq: 0n, incarnation: "", ...newTask() };
      return next(state);
    case "digests":
      for (const [key, digest] of event.known) task(state).known.set(key, digest);
      return next(state);
    case "dead-letters-stored":
      for (const block of event.blocks) task(state).stored.add(block);
      return next(state);
    case "unreadable":
      for (const block of event.blocks) task(state).unreadable.add(block);
      return next(state);
    case "chunk-stored":
      task(state).chunk = event.chunk;
      return next(state);
    case "log-entry":
      return afterEntry(state, event.bytes);
    case "failed":
      // Nobody knows whether it happened: the very same effect again finds out.
      return [state, [present(task(state).last, "effect under way")]];
  }
}

/** The entry that now has the number we asked for: ours or another's. */
function afterEntry(state: ArchiveState, bytes: Uint8Array): [ArchiveState, Effect[]] {
  const current = task(state);
  const { last } = current;
  assert(last?.type === "write-log", "an entry was asked for");
  const ours = asBuffer(bytes).equals(last.bytes);
  const entry = decodeEntry(bytes);
  applyEntry(state.log, entry, entryHash(bytes));
  const action = entry.action;
  if (ours && action?.$case === "commit") {
    for (const block of last.commits) {
      current.known.set(identity(block), block.digest);
      current.tally.committed++;
      current.tally.bytes += block.bytes.length;
    }
    current.chunk = undefined;
  }
  if (ours) current.tally.aside.push(...last.aside);
  if (ours) current.action = undefined;
  // Blocks in a chunk that was given up must be stored again, under another key.
  const key = current.chunk?.key;
  if (action?.$case === "collect" && key !== undefined && action.value.keys.includes(key)) current.chunk = undefined;
  return next(state);
}

function next(state: ArchiveState): [ArchiveState, Effect[]] {
  const effect = decide(state);
  if (effect.type === "done") state.task = undefined;
  else task(state).last = effect;
  return [state, [effect]];
}

function decide(state: ArchiveState): Effect {
  const current = task(state);
  const { fresh, unknown, aside, waiting } = sort(state.log, current);
  if (unknown.length > 0) return { type: "read-digests", blocks: unknown };
  if (fresh.length > 0 && current.chunk === undefined) return { type: "store-chunk", blocks: fresh };
  if (fresh.length > 0) {
    const whole = aside.length === 0 && waiting === 0;
    const commit = commitOf(state.log, current, fresh, whole);
    return write(state, { $case: "commit", value: commit }, { commits: fresh });
  }
  const unstored = aside.filter((block) => !current.stored.has(block));
  if (unstored.length > 0) return { type: "store-dead-letters", blocks: unstored };
  if (aside.length > 0) {
    const some = aside.slice(0, ASIDE_AT_ONCE);
    return write(state, { $case: "poison", value: poisonOf(some, current) }, { aside: some });
  }
  const action = stillWanted(state, current.action);
  if (action !== undefined) return write(state, action);
  const readable = current.blocks.filter(({ envelope }) => envelope !== undefined);
  const sessions = Map.groupBy(readable, ({ session }) => session);
  const { busSeq, incarnation, tally } = current;
  return { type: "done", sessions, busSeq, incarnation, tally };
}

function write(
  state: ArchiveState,
  action: LogAction,
  { commits = [], aside = [] }: Partial<Pick<WriteLog, "commits" | "aside">> = {},
): WriteLog {
  const n = state.log.n + 1n;
  const entry: archive.LogEntry = {
    n,
    previous: state.log.entryHash,
    writer: state.writer,
    written: task(state).now,
    action,
  };
  return { type: "write-log", n, bytes: encodeEntry(entry), commits, aside };
}

/** What is left to do of an action when others have written before it. */
function stillWanted({ log }: ArchiveState, action: LogAction | undefined): LogAction | undefined {
  if (action?.$case === "collect") {
    const keys = action.value.keys.filter((key) => log.unreferenced.has(key) || !log.holders.has(key));
    return keys.length === 0 ? undefined : { $case: "collect", value: { keys } };
  }
  if (action?.$case === "expire") {
    const sessions = action.value.sessions.filter((id) => {
      const found = log.sessions.get(sessionText(id));
      return found !== undefined && !found.deleted && !found.expired;
    });
    return sessions.length === 0 ? undefined : { $case: "expire", value: { sessions } };
  }
  return action;
}

function newTask() {
  return {
    known: new Map<string, string>(),
    stored: new Set<Incoming>(),
    unreadable: new Set<Incoming>(),
    tally: { committed: 0, bytes: 0, aside: [] },
    chunk: undefined,
    last: undefined,
  };
}

function task(state: ArchiveState) {
  return present(state.task, "task under way");
}
