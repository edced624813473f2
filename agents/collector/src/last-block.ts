import { existsSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, type Envelope, parseEnvelope, Stage } from "@wayward/block";
import { DROP_CAUSES, dropRecords, parseSessionText } from "@wayward/record";
import { readAccepted } from "./spool/accepted.ts";
import { descriptionIn } from "./spool/description.ts";
import { codeOf } from "./spool/folder.ts";
import { ACCEPTED, blockFile, DESCRIPTION, REFUSED, seqOf } from "./spool/layout.ts";
import { type Loss, tellLosses, untoldLosses } from "./spool/losses.ts";
import { claim, isSelf, readOwner } from "./spool/owner.ts";
import { place } from "./spool/place.ts";

/**
 * Tells, in a last block, what was lost of an ended session since its last
 * one; false where nothing was. True as well where another process is at it.
 * Throws what the file system throws.
 */
export function tellRest(folder: string, session: string): boolean {
  if (untoldLosses(folder) === undefined) return false;
  const owner = readOwner(folder)?.owner;
  const isOurs = owner !== undefined && owner.generation > 0 && isSelf(owner);
  // The writer makes no more blocks, but of two pushers only one may.
  if (isOurs || claim(folder, (owner?.generation ?? -1) + 1)) endSession(folder, session);
  return true;
}

/**
 * Appends a last block with the end mark and the losses that nobody told of,
 * unless the writer's own says all. Where the writer died before its first
 * block, this is it. `exit`: how the writer ended, where it is known. Throws what the file
 * system throws; may be called again then.
 */
export function endSession(folder: string, session: string, exit = ""): void {
  const last = lastBlock(folder) ?? noBlock(folder);
  if (last === undefined) return;
  const untold = untoldLosses(folder);
  const said = last.envelope?.header.end;
  if (said !== undefined && !last.isRefused && untold === undefined) return;
  const description = descriptionIn(folder) ?? api.SessionDescription.fromPartial({ name: "unknown" });
  const writer = new BlockWriter({
    session: unwrap(parseSessionText(session)),
    description,
    firstSeq: last.seq + 1n,
  });
  // The session's epoch goes on, but this dictionary has defined nothing in it.
  writer.dictionary.begin(true);
  const stage = new Stage(4096);
  for (const loss of untold?.losses ?? []) {
    addLoss(writer, stage, loss, last.envelope?.header.lastTime ?? description.start);
  }
  const unclean = { cause: api.EndCause.END_CAUSE_UNCLEAN, uncertainMs: description.flushIntervalMs, exit };
  const end = said ?? unclean;
  for (const { seq, bytes } of writer.write(stage, end)) {
    // The writer, woken meanwhile, may have placed a block there: this one follows that.
    if (placeEnd(blockFile(folder, seq), bytes)) continue;
    endSession(folder, session, exit);
    return;
  }
  if (untold === undefined) return;
  try {
    tellLosses(folder, untold.end);
  } catch {
    // Whoever adopts this spool may then tell of them a second time.
  }
}

/** False where a block has that number. Its draft is not the writer's: that may be at it. */
function placeEnd(path: string, bytes: Uint8Array): boolean {
  const draft = `${path}.end.tmp`;
  writeFileSync(draft, bytes, { mode: 0o600 });
  try {
    place(draft, path);
    return true;
  } catch (error) {
    unlinkSync(draft);
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
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
  /** True if no server takes it: what it says, nobody reads. */
  readonly isRefused: boolean;
}

/** The last block that the writer made, wherever it is now: its number must not come again. */
function lastBlock(folder: string): LastBlock | undefined {
  let last: LastBlock | undefined;
  for (const place of [folder, join(folder, REFUSED)]) {
    const seq = highestSeq(place);
    if (seq === undefined || (last !== undefined && seq < last.seq)) continue;
    const parsed = parseEnvelope(readFileSync(blockFile(place, seq)));
    last = { seq, envelope: parsed.error === undefined ? parsed.value : undefined, isRefused: place !== folder };
  }
  const accepted = readAccepted(folder);
  return accepted > (last?.seq ?? -1n) ? { seq: accepted, envelope: undefined, isRefused: false } : last;
}

/** What comes before block 0, where a pusher never had one of this session to bring away. */
function noBlock(folder: string): LastBlock | undefined {
  const mayHaveBeen = existsSync(join(folder, ACCEPTED)) || !existsSync(join(folder, DESCRIPTION));
  return mayHaveBeen ? undefined : { seq: -1n, envelope: undefined, isRefused: false };
}

function highestSeq(folder: string): bigint | undefined {
  if (!existsSync(folder)) return undefined;
  const seqs = readdirSync(folder)
    .map(seqOf)
    .filter((seq) => seq !== undefined);
  return seqs.length === 0 ? undefined : seqs.reduce((most, seq) => (seq > most ? seq : most));
}
