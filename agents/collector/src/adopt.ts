import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, parseEnvelope, Stage } from "@wayward/block";
import { parseSessionText } from "@wayward/record";
import { blockFile, DESCRIPTION, seqOf } from "./spool/layout.ts";
import { ABANDONED_AFTER_MS, claim, judge, readOwner } from "./spool/owner.ts";

/** What the next look at a spool needs of this one. */
export interface Watched {
  readonly touchedMs: number;
  /** Own monotonic time, in milliseconds, when the file was first seen untouched since. */
  readonly sinceMs: number;
}

/**
 * Ends a session whose writer is proven dead, or has not touched its spool
 * for a minute of this process's own clock: appends the end mark UNCLEAN.
 * Tells whether the spool needs no more looks.
 */
export function adoptIfDead(folder: string, session: string, watched: Map<string, Watched>, nowMs: number): boolean {
  const found = readOwner(folder);
  if (found === undefined) return false;
  if (!isGone(session, found, watched, nowMs)) return false;
  const last = lastBlock(folder);
  if (last === undefined || last.hasEnd) return true;
  // Another process was faster: the end is its to write.
  if (!claim(folder, found.owner.generation + 1)) return true;
  const description = readDescription(folder);
  const writer = new BlockWriter({
    session: unwrap(parseSessionText(session)),
    description,
    firstSeq: last.seq + 1n,
  });
  const end = { cause: api.EndCause.END_CAUSE_UNCLEAN, uncertainMs: description.flushIntervalMs, exit: "" };
  for (const { seq, bytes } of writer.write(new Stage(16), end)) {
    const path = blockFile(folder, seq);
    writeFileSync(`${path}.tmp`, bytes, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }
  return true;
}

function isGone(
  session: string,
  { owner, touchedMs }: NonNullable<ReturnType<typeof readOwner>>,
  watched: Map<string, Watched>,
  nowMs: number,
): boolean {
  const verdict = judge(owner);
  if (verdict !== "unknown") return verdict === "dead";
  const before = watched.get(session);
  if (before === undefined || before.touchedMs !== touchedMs) {
    watched.set(session, { touchedMs, sinceMs: nowMs });
    return false;
  }
  return nowMs - before.sinceMs > ABANDONED_AFTER_MS;
}

function lastBlock(folder: string): { readonly seq: bigint; readonly hasEnd: boolean } | undefined {
  const seqs = readdirSync(folder)
    .map(seqOf)
    .filter((seq) => seq !== undefined) as bigint[];
  const seq = seqs.reduce((most, value) => (value > most ? value : most), -1n);
  if (seq < 0n) return undefined;
  const parsed = parseEnvelope(readFileSync(blockFile(folder, seq)));
  return { seq, hasEnd: parsed.error === undefined && parsed.value.header.end !== undefined };
}

/** What the writer said about its session when it began. */
export function readDescription(folder: string): api.SessionDescription {
  try {
    return api.SessionDescription.decode(readFileSync(join(folder, DESCRIPTION)));
  } catch {
    return api.SessionDescription.fromPartial({ name: "unknown" });
  }
}
