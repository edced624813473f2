import { createHash } from "node:crypto";
import { archive } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";

export type LogAction = NonNullable<archive.LogEntry["action"]>;

/** SHA-256 of an entry's bytes: what the next entry's `previous` must be. */
export function entryHash(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

export function encodeEntry(entry: archive.LogEntry): Buffer {
  return asBuffer(archive.LogEntry.encode(entry).finish());
}

/** Error DATA_LOSS / BAD_LOG if the bytes are no entry, FAILED_PRECONDITION / UNKNOWN_ENTRY if a later release wrote it. */
export function decodeEntry(bytes: Uint8Array): archive.LogEntry {
  let entry: archive.LogEntry;
  try {
    entry = archive.LogEntry.decode(bytes);
  } catch (cause) {
    throw new WaywardError("DATA_LOSS", "BAD_LOG", "log entry: the bytes are no LogEntry", { cause });
  }
  if (entry.action === undefined || entry.action.$case === "split") {
    throw new WaywardError("FAILED_PRECONDITION", "UNKNOWN_ENTRY", `log entry ${entry.n} is of a kind unknown here`);
  }
  return entry;
}
