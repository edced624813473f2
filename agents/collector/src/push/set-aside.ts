import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { parseEnvelope } from "@wayward/block";
import { ifThere } from "../spool/folder.ts";
import { blockFile, REFUSED } from "../spool/layout.ts";
import { type Loss, noteLoss } from "../spool/losses.ts";

/**
 * Puts a block where nobody sends it, and notes the loss; another pusher of
 * this spool may have done so. Throws what the file system throws: then
 * nothing has changed.
 */
export async function setAside(folder: string, seq: bigint, reason: string): Promise<void> {
  const loss = await lossOf(folder, seq, reason);
  const aside = blockFile(join(folder, REFUSED), seq);
  try {
    // Not with those above it: the session may have been discarded.
    if (!existsSync(join(folder, REFUSED))) await mkdir(join(folder, REFUSED), { mode: 0o700 });
    await rename(blockFile(folder, seq), aside);
  } catch (error) {
    return ifThere(error);
  }
  try {
    noteLoss(folder, loss);
  } catch (error) {
    await rename(aside, blockFile(folder, seq));
    throw error;
  }
}

/** What is lost with a block; how many records, only where its header can be read. */
async function lossOf(folder: string, seq: bigint, cause: string): Promise<Loss> {
  const range = { firstSeq: seq, lastSeq: seq, cause };
  const bytes = await readFile(blockFile(folder, seq)).catch(ifThere);
  const parsed = bytes === undefined ? undefined : parseEnvelope(bytes);
  if (parsed === undefined || parsed.error !== undefined) return { ...range, records: 0, from: 0n, until: 0n };
  const { recordCount, firstTime, lastTime } = parsed.value.header;
  return { ...range, records: recordCount, from: firstTime, until: lastTime };
}
