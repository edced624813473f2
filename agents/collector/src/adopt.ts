import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, type Envelope, parseEnvelope, Stage } from "@wayward/block";
import { DROP_CAUSES, dropRecords, parseSessionText } from "@wayward/record";
import { readAccepted } from "./spool/accepted.ts";
import { descriptionIn } from "./spool/description.ts";
import { blockFile, REFUSED, seqOf } from "./spool/layout.ts";
import { type Loss, tellLosses, untoldLosses } from "./spool/losses.ts";
import { ABANDONED_AFTER_MS, claim, isSelf, judge, readOwner } from "./spool/owner.ts";

/** Whose a spool is, from where this process stands. */
export type Standing =
  /** Written by a session of this process. */
  | { readonly type: "own" }
  /** Its writer is gone; this process has it now, as that generation of owners. */
  | { readonly type: "adopted"; readonly generation: number }
  /** Somebody else's, as far as can be told by now. */
  | { readonly type: "others" };

/** A program that the caller has started. */
export interface Child {
  /** 0 as long as it has not started. */
  pid: number;
  /** Its exit code or signal; undefined while it runs. */
  exit: string | undefined;
}

/** What the next look at a spool needs of this one. */
export interface Watched {
  readonly touchedMs: number;
  /** Own monotonic time, in milliseconds, when the file was first seen untouched since. */
  readonly sinceMs: number;
}

/**
 * Looks whose a spool is. If its owner is proven dead, or has not touched it
 * for a minute of this process's own clock, takes it over and ends the
 * session with a last block: losses nobody told of, and the end mark UNCLEAN.
 */
export function adoptIfDead(
  folder: string,
  session: string,
  watched: Map<string, Watched>,
  nowMs: number,
  child?: Child,
): Standing {
  const found = readOwner(folder);
  if (found === undefined) return { type: "others" };
  const { generation } = found.owner;
  if (isSelf(found.owner)) return generation === 0 ? { type: "own" } : { type: "adopted", generation };
  const isChild = child !== undefined && found.owner.pid === child.pid;
  // Soon its parent knows how it ended.
  if (isChild && child.exit === undefined) return { type: "others" };
  if (!isGone(session, found, watched, nowMs)) return { type: "others" };
  // Another process may be faster: then it is the one to look at.
  if (!claim(folder, generation + 1)) return { type: "others" };
  endSession(folder, session, isChild ? child.exit : "");
  return { type: "adopted", generation: generation + 1 };
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

/** Appends the last block, unless the writer did. A spool without any block has nothing to end. `exit`: code or signal, where it is known. */
function endSession(folder: string, session: string, exit = ""): void {
  const last = lastBlock(folder);
  if (last === undefined || last.envelope?.header.end !== undefined) return;
  const description = descriptionIn(folder) ?? api.SessionDescription.fromPartial({ name: "unknown" });
  const writer = new BlockWriter({
    session: unwrap(parseSessionText(session)),
    description,
    firstSeq: last.seq + 1n,
  });
  // The session's epoch goes on, but this dictionary has defined nothing in it.
  writer.dictionary.begin(true);
  const untold = untoldLosses(folder);
  const stage = new Stage(4096);
  for (const loss of untold?.losses ?? []) {
    addLoss(writer, stage, loss, last.envelope?.header.lastTime ?? description.start);
  }
  const end = { cause: api.EndCause.END_CAUSE_UNCLEAN, uncertainMs: description.flushIntervalMs, exit };
  for (const { seq, bytes } of writer.write(stage, end)) {
    const path = blockFile(folder, seq);
    writeFileSync(`${path}.tmp`, bytes, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }
  if (untold !== undefined) tellLosses(folder, untold.end);
}

/** A loss as the values of a `drop.records` record: of any lane, for only the block's reader could know which. */
export function lossValues({ records, from, until }: Loss): readonly (number | bigint)[] {
  return [0, 0n, BigInt(records), from, until, DROP_CAUSES.indexOf("refused")];
}

/**
 * The kind gets number 1, as the dead writer's own dictionary gave it: ids
 * are the session's, and nobody knows here which others are taken.
 */
function addLoss(writer: BlockWriter, stage: Stage, loss: Loss, time: bigint): void {
  const kind = writer.dictionary.kind(dropRecords);
  stage.add(kind, dropRecords, { lane: 0, time }, lossValues(loss));
}

interface LastBlock {
  readonly seq: bigint;
  /** Undefined where the block has left the spool or is damaged. */
  readonly envelope: Envelope | undefined;
}

/** The last block that the writer made, wherever it is now: its number must not come again. */
function lastBlock(folder: string): LastBlock | undefined {
  let last: LastBlock | undefined;
  for (const place of [folder, join(folder, REFUSED)]) {
    const seq = highestSeq(place);
    if (seq === undefined || (last !== undefined && seq < last.seq)) continue;
    const parsed = parseEnvelope(readFileSync(blockFile(place, seq)));
    last = { seq, envelope: parsed.error === undefined ? parsed.value : undefined };
  }
  const accepted = readAccepted(folder);
  return accepted > (last?.seq ?? -1n) ? { seq: accepted, envelope: undefined } : last;
}

function highestSeq(folder: string): bigint | undefined {
  if (!existsSync(folder)) return undefined;
  const seqs = readdirSync(folder)
    .map(seqOf)
    .filter((seq) => seq !== undefined);
  return seqs.length === 0 ? undefined : seqs.reduce((most, seq) => (seq > most ? seq : most));
}
