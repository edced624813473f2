import { asBuffer, WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";
import type { LogKeys } from "./keys.ts";
import { catchUp, loadPartition, type ObjectReader } from "./load.ts";
import { encodeEntry } from "./log.ts";

/** What deleting needs of a store. */
export interface EntryWriter extends ObjectReader {
  createIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists">;
}

export interface DeleteOptions {
  /** The partition's. */
  readonly keys: LogKeys;
  readonly session: Uint8Array;
  /** Deletes an open session too. */
  readonly force: boolean;
  /** 16 random bytes of this process. */
  readonly writer: Uint8Array;
  /** Nanoseconds since 1970. */
  readonly now: bigint;
  /** True if the bus has blocks of a session that the log does not know yet. */
  readonly knownElsewhere?: boolean;
}

/**
 * Writes the entry from which on nobody sees the session; tells its number.
 * Deleting twice is no error. Errors NOT_FOUND / NO_SESSION,
 * FAILED_PRECONDITION / SESSION_OPEN; what the store throws passes.
 */
export async function deleteSession(store: EntryWriter, options: DeleteOptions): Promise<bigint> {
  const state = await loadPartition(store, options.keys);
  const text = sessionText(options.session);
  for (;;) {
    const found = state.sessions.get(text);
    if (found?.deleted) return found.lastN;
    if (found === undefined && !options.knownElsewhere) {
      throw new WaywardError("NOT_FOUND", "NO_SESSION", `session ${text} is not in the archive`);
    }
    if (found?.end === undefined && !found?.expired && !options.force) {
      throw new WaywardError("FAILED_PRECONDITION", "SESSION_OPEN", `session ${text} is open; force deletes it`);
    }
    const n = state.n + 1n;
    const bytes = encodeEntry({
      n,
      previous: state.entryHash,
      writer: asBuffer(options.writer),
      written: options.now,
      action: { $case: "delete", value: { session: asBuffer(options.session) } },
    });
    await store.createIfAbsent(options.keys.entry(n), bytes);
    // Ours or another's: what is there now decides, and the loop sees it.
    await catchUp(store, options.keys, state);
  }
}
