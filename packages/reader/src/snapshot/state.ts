import { offsetOf, type SessionView } from "./session.ts";
import type { BlockSource } from "./source.ts";

/** An open session of which nothing has come for so long is silent. */
const SILENT_AFTER_MS = 60_000;

export type SessionStateName = "open" | "ended" | "silent" | "deleted" | "expired";

/** What has become of a session. Whether it is silent nobody writes down: the reader tells by its clock, in ms since 1970. */
export function stateOf(view: SessionView, nowMs: number): SessionStateName {
  if (view.deleted) return "deleted";
  if (view.expired) return "expired";
  if (view.end !== undefined) return "ended";
  return nowMs - heardMs(view) > SILENT_AFTER_MS ? "silent" : "open";
}

/** When the session last spoke: its last record, or its begin where it has none or its clock was never told. */
function heardMs({ id, description, records, lastTime }: SessionView): number {
  const begunMs = Buffer.from(id).readUIntBE(0, 6);
  if (records === 0n || description?.anchor === undefined) return begunMs;
  return Math.max(begunMs, Number((lastTime + offsetOf(description)) / 1_000_000n));
}

/** Bytes of a deleted or expired session that chunks still hold; they go when the archiver collects or rewrites those. */
export async function bytesPending(view: SessionView, source: BlockSource): Promise<bigint> {
  if (!view.deleted && !view.expired) return 0n;
  let bytes = 0n;
  for (const { chunk } of view.places) {
    if (chunk === undefined) continue;
    bytes += await bytesIn(source.session(chunk, view.text));
  }
  return bytes;
}

async function bytesIn(session: ReturnType<BlockSource["session"]>): Promise<bigint> {
  try {
    return ((await session)?.blocks ?? []).reduce((sum, { length }) => sum + BigInt(length), 0n);
  } catch {
    // A damaged chunk goes with the session that is gone: nobody asks for its size.
    return 0n;
  }
}
