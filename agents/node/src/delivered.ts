import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { delay, WaywardError } from "@wayward/base";
import { collectCommand, type Spool } from "@wayward/collector";
import type { Recorder } from "./recorder.ts";
import { tell } from "./tell.ts";

const LOOK_FIRST_MS = 5;
const LOOK_MOST_MS = 50;

/** Resolves when a server has accepted everything flushed so far, by what the pusher, whoever it is, leaves in the spool. */
export async function delivered(recorder: Recorder, spool: Spool | undefined, withinMs: number): Promise<void> {
  if (spool === undefined) throw new WaywardError("FAILED_PRECONDITION", "NOT_RECORDING", "nothing is recorded");
  const until = performance.now() + withinMs;
  const lastSeq = await appended(recorder, spool, until);
  for (let waitMs = LOOK_FIRST_MS; lastSeq === undefined || spool.accepted < lastSeq; waitMs *= 1.5) {
    if (spool.lost !== undefined) throw spool.lost;
    if (lastSeq === undefined || performance.now() > until) {
      const waiting = recorder.lastSeq - spool.accepted;
      const what = waiting === 1n ? `1 block of ${spool.folder} was` : `${waiting} blocks of ${spool.folder} were`;
      const message = `${what} not accepted within ${withinMs} ms`;
      throw new WaywardError("UNAVAILABLE", "NOT_DELIVERED", message);
    }
    await delay(Math.min(waitMs, LOOK_MOST_MS));
  }
  const refused = spool.refused(lastSeq);
  if (refused > 0) throw new WaywardError("DATA_LOSS", "REFUSED", `the server refused ${refused} records for ever`);
}

/** Says at the process's end what no server has of the blocks up to `lastSeq`. */
export function tellWaiting(spool: Spool, lastSeq: bigint, server: string): void {
  const waiting = lastSeq - spool.accepted;
  // The folder goes once all of it is archived.
  if (waiting <= 0n || !existsSync(spool.folder)) return;
  const what = waiting === 1n ? "1 block waits" : `${waiting} blocks wait`;
  tell(`${what} in ${spool.folder}; push with \`${collectCommand(dirname(spool.folder), server)}\``);
}

/** The same of blocks that worker threads have left below the root of spools. */
export function tellWaitingOfThreads(root: string, waiting: number, server: string): void {
  if (waiting === 0) return;
  const what = waiting === 1 ? "1 block of a worker thread waits" : `${waiting} blocks of worker threads wait`;
  tell(`${what} in ${root}; push with \`${collectCommand(root, server)}\``);
}

/** Number of the block that holds the last record so far; undefined if the spool did not take it in time. */
async function appended(recorder: Recorder, spool: Spool, until: number): Promise<bigint | undefined> {
  while (recorder.isRefused) {
    if (spool.lost !== undefined || performance.now() > until) return undefined;
    await delay(LOOK_MOST_MS);
  }
  return recorder.lastSeq;
}
